from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from annotation.management.edges import task_named
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome, Refused
from curation.models import Dataset


class Command(BenchCommand):
    help = (
        "Push a task's responses to Label Studio, blinded, and pull its annotations as ratings; what is there already is "
        "left alone. The server is the one of connect_labelstudio, else of LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--task", metavar="T", required=True)
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, write nothing")

    def act(self, *, actor: Actor, dataset: Dataset, task: str, dry_run: bool, **_: Any) -> Outcome:
        from annotation.actions.partner import sync
        from annotation.actions.partner_server import partner_of

        found = task_named(dataset, task)
        with partner_of(dataset) as partner:
            done = sync(actor, found, partner, dry_run=dry_run)
        told = done.as_dict()
        would = "would be " if dry_run else ""
        return Outcome(
            sentence=(
                f"{done.pushed} responses {would}pushed, {told['taken']} annotations {would}pulled, "
                f"{told['known']} known, {done.waiting} conflicts wait for a decision."
            ),
            payload={
                "task": task,
                "project": done.projects[0] if done.projects else None,
                "pushed": done.pushed,
                "pulled": told["taken"],
                "unchanged": told["known"],
                "dry_run": dry_run,
                "projects": done.projects,
                "skipped": told["skipped"],
                "left": told["left"],
                "foreign": told["foreign"],
                "conflicts": told["conflicts"],
                "waiting": done.waiting,
            },
            quarantined=_waiting(found.pk),
        )


def _waiting(task: int) -> list[Refused]:
    """Conflicts that nobody has decided."""
    from annotation.models import PartnerConflict

    rows = PartnerConflict.objects.filter(exchange__task=task, decision="").order_by("pk")
    return [
        Refused(
            row=f"annotation {one.annotation.annotation_id}"
            if one.annotation
            else f"user {one.who.user_id if one.who else '?'}",
            reason=f"{PartnerConflict.Kind(one.kind).label}; decide it on the task's page.",
        )
        for one in rows.select_related("annotation", "who")
    ]
