from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

from curation.actions.endpoints import create_endpoint
from curation.formats.objects import read_object
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome, Unusable
from curation.models import Dataset


class Command(BenchCommand):
    help = (
        'Name a model endpoint from JSON: {"name", "url", "model", "snapshot"?, "settings"?, "key" or "key_env"?}. '
        "key_env names an environment variable that holds the key, so that the file holds no secret."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE")

    def act(self, *, actor: Actor, dataset: Dataset, file: str, **_: Any) -> Outcome:
        spec = read_object(file)
        variable = spec.pop("key_env", None)
        if variable:
            if not os.environ.get(str(variable)):
                raise Unusable(f"The environment variable {variable} is empty.", field="key_env")
            spec["key"] = os.environ[str(variable)]
        made = create_endpoint(actor, dataset, spec)
        return Outcome(
            sentence=f"Endpoint {made.name}: {made.model} at {made.url}.",
            payload={
                "endpoint": made.name,
                "url": made.url,
                "model": made.model,
                "has_key": bool(made.encrypted_key),
            },
        )
