from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from curation.log import Actor
from curation.management.base import BenchCommand, Outcome, Unusable
from curation.models import Dataset
from judging.actions.judges import create_judge


class Command(BenchCommand):
    help = "Make a judge from a JSON file: model endpoint, prompt, scale and sampling. A judge never changes."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE")

    def act(self, *, actor: Actor, dataset: Dataset, file: str, **options: Any) -> Outcome:  # type: ignore[override]
        judge = create_judge(actor, dataset, read_spec(file))
        where = f"endpoint {judge.endpoint.name}" if judge.endpoint else "no endpoint, imports only"
        return Outcome(
            sentence=f"Judge {judge.name} ({where}), {judge.hash[:12]}.",
            payload={"judge": judge.name, "hash": judge.hash, "endpoint": judge.spec["endpoint"]},
        )


def read_spec(file: str) -> dict[str, Any]:
    try:
        given = json.loads(Path(file).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise Unusable(f"{file} cannot be read: {error.strerror or error}.", field="file") from None
    except (ValueError, RecursionError):
        raise Unusable(f"{file} is not sound JSON.", field="file") from None
    if not isinstance(given, dict):
        raise Unusable(f"{file} must hold one object with keys and values.", field="file")
    return given
