from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from curation.actions.translation_files import export_translations
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome
from curation.models import Dataset


class Command(BenchCommand):
    help = "Write the newest translations of a locale as CSV or JSONL, by the file's ending."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--locale", required=True)
        parser.add_argument("--out", metavar="FILE", help="translations_LOCALE.jsonl where left out")

    def act(self, *, actor: Actor, dataset: Dataset, locale: str, out: str | None, **options: Any) -> Outcome:
        path = out or f"translations_{locale}.jsonl"
        written = export_translations(dataset, path, locale=locale)
        return Outcome(
            sentence=f"{written} translations written to {path}.",
            payload={"file": path, "locale": locale, "translations": written},
        )
