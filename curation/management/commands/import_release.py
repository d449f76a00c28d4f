from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from curation.actions.published import import_release
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome, Refused
from curation.models import Dataset, Release


class Command(BenchCommand):
    help = "Register an already published version, as a frozen release that leak checks know about."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", metavar="PATH", help="a file, or a folder of dev and test files")
        parser.add_argument("--name", required=True, metavar="N")
        parser.add_argument(
            "--rights",
            metavar="R",
            help="the terms it came in under: their name, or a JSON file; without, it must not be passed on",
        )

    def act(
        self, *, actor: Actor, dataset: Dataset, path: str, name: str, rights: str | None, **options: Any
    ) -> Outcome:
        release, quarantined = import_release(actor, dataset, path, name=name, rights=rights)
        told = release.snapshot
        return Outcome(
            sentence="\n".join(_sentences(release)),
            payload={
                "release": name,
                "counts": release.counts,
                "root_hash": release.root_hash,
                "files": told["files"],
                "notices": told["notices"],
                "unknown_labels": told["unknown_labels"],
                "rights": release.rights,
            },
            quarantined=[
                Refused(
                    row=f"{q.file}:{q.row or '-'}" if len(told["files"]) > 1 else q.row or "-",
                    reason=q.reason,
                    field=q.field,
                )
                for q in quarantined
            ],
        )


def _sentences(release: Release) -> list[str]:
    counts, rights = release.counts, release.rights
    passed_on = "may be passed on" if rights["redistributable"] else "must not be passed on"
    said = [
        f"{release.name} registered: {counts['items']} items ({counts['dev']} dev, {counts['test']} test).",
        f"Terms: {rights['name']}; its texts {passed_on}.",
        *release.snapshot["notices"],
    ]
    if counts["unknown_labels"]:
        said.append(
            f"{counts['unknown_labels']} items have labels that the dataset's taxonomy does not know."
        )
    if counts["unlabelled"]:
        said.append(f"{counts['unlabelled']} items have no labels.")
    return said
