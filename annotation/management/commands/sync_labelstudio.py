from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

from annotation.actions.partner import sync
from annotation.label_studio import Partner
from annotation.management.edges import task_named
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome, Refused
from curation.models import Dataset


class Command(BenchCommand):
    help = (
        "Push a task's responses to Label Studio, blinded, and pull its annotations as ratings. "
        "The server is named by LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--task", metavar="T", required=True)
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, write nothing")

    def act(self, *, actor: Actor, dataset: Dataset, task: str, dry_run: bool, **_: Any) -> Outcome:
        found = task_named(dataset, task)
        url, key = os.environ.get("LABEL_STUDIO_URL", ""), os.environ.get("LABEL_STUDIO_API_KEY", "")
        done = sync(actor, found, Partner(url=url.rstrip("/"), key=key), dry_run=dry_run)
        would = "would be " if dry_run else ""
        return Outcome(
            sentence=(
                f"{done.pushed} responses {would}pushed, {done.pulled} annotations {would}pulled, "
                f"{done.known} known, {len(done.refused)} not usable."
            ),
            payload={
                "task": task,
                "project": done.project,
                "pushed": done.pushed,
                "pulled": done.pulled,
                "unchanged": done.known,
                "dry_run": dry_run,
            },
            quarantined=[Refused(row=f"annotation {pk}", reason=reason) for pk, reason in done.refused],
        )
