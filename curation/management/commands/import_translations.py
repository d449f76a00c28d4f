from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from curation.actions.translation_files import import_translations
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome, Refused
from curation.models import Dataset


class Command(BenchCommand):
    help = "Bring translations in from CSV or JSONL; each waits for a bilingual reviewer."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--locale", help="for files without a locale column")

    def act(
        self, *, actor: Actor, dataset: Dataset, file: str, locale: str | None, **options: Any
    ) -> Outcome:
        done = import_translations(actor, dataset, file, locale=locale)
        return Outcome(
            sentence=(
                f"{done.translations} translations handed in, {done.unchanged} unchanged, "
                f"{len(done.refused)} quarantined."
            ),
            payload={"translations": done.translations, "unchanged": done.unchanged},
            quarantined=[Refused(row=r.row or "-", reason=r.reason, field=r.field) for r in done.refused],
        )
