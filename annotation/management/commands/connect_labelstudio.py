from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

from curation.log import Actor
from curation.management.base import BenchCommand, Outcome, Unusable
from curation.models import Dataset


class Command(BenchCommand):
    help = (
        'Name the Label Studio of a dataset from JSON: {"url", "key" or "key_env"}; the key is tried, then kept encrypted. '
        "Without FILE, test the connection there is: which kind of token, who, which version."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", nargs="?")

    def act(self, *, actor: Actor, dataset: Dataset, file: str | None, **_: Any) -> Outcome:
        from annotation.actions.partner_server import connect, test_of

        found = connect(actor, dataset, _spec(file)) if file else test_of(dataset)
        return Outcome(
            sentence=f"{found.url}: Label Studio {found.version}, {found.kind} token of {found.mail}.",
            payload={
                "url": found.url,
                "kind": found.kind,
                "mail": found.mail,
                "version": found.version,
                "kept": bool(file),
            },
        )


def _spec(file: str) -> dict[str, Any]:
    from curation.formats.objects import read_object

    spec = read_object(file)
    variable = spec.pop("key_env", None)
    if variable:
        if not os.environ.get(str(variable)):
            raise Unusable(f"The environment variable {variable} is empty.", field="key_env")
        spec["key"] = os.environ[str(variable)]
    return spec
