from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from curation.actions.imports import dataset_for, import_items
from curation.formats.faults import Quarantined
from curation.formats.item_mapping import columns_from
from curation.formats.objects import read_object
from curation.formats.reading import FORMATS
from curation.log import OPERATOR, Actor
from curation.management.base import BenchCommand, Outcome, Refused
from curation.models import Dataset

OWN_TAXONOMY = ("xsafety", "dna")


def _where(fault: Quarantined) -> str:
    place = fault.file and f"{fault.file}:{fault.line or ''}".rstrip(":")
    return f"{place} {fault.row if fault.row is not None else '-'}".strip()


class Command(BenchCommand):
    help = "Bring items in from a file, or from a folder where the format is one."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--format", choices=FORMATS, help="found from the content where left out")
        parser.add_argument("--split", choices=["dev", "test"], help="for questions whose row names none")
        parser.add_argument("--as", dest="as_state", choices=["approved", "draft"])
        parser.add_argument(
            "--rights", metavar="R", help="terms the items come under: a name, or a JSON file"
        )
        parser.add_argument(
            "--map",
            metavar="FILE",
            help="what the columns and the words for categories mean: a JSON file; guessed where left out",
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, write nothing")

    def find_dataset(self, slug: str | None) -> Dataset:
        """Formats with a taxonomy of their own go to a dataset of that name, made on the way."""
        if slug is None and self.own_taxonomy:
            return dataset_for(self.actor, self.own_taxonomy)
        return super().find_dataset(slug)

    def handle(self, *args: Any, **options: Any) -> None:
        self.actor: Actor = OPERATOR
        self.own_taxonomy = options["format"] if options["format"] in OWN_TAXONOMY else None
        super().handle(*args, **options)

    def act(self, *, actor: Actor, dataset: Dataset, file: str, **options: Any) -> Outcome:
        named = options.pop("map")
        columns = columns_from(read_object(Path(named)), Path(named).name) if named else None
        done = import_items(actor, dataset, file, columns=columns, **options)
        for warning in done.warnings:
            self.stderr.write(warning)
        states = ", ".join(f"{n} {state}" for state, n in done.states.items()) or "none new"
        verb = "would be imported" if options["dry_run"] else "imported"
        return Outcome(
            sentence=(
                f"{done.created} items {verb} into {dataset.slug} ({states}), "
                f"{done.translations} translations, {done.unchanged} unchanged, {len(done.refused)} quarantined."
            ),
            payload={
                "dataset": dataset.slug,
                "imported": done.created,
                "states": done.states,
                "translations": done.translations,
                "unchanged": done.unchanged,
                "dry_run": options["dry_run"],
                "columns": done.columns.as_dict() if done.columns else None,
                "unknown": done.unknown,
            },
            quarantined=[
                Refused(row=_where(one), reason=one.reason, field=one.field) for one in done.refused
            ],
        )
