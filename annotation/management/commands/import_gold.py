from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.db import transaction
from django.db.models import Count

from annotation.actions.gold import import_cases, read_cases
from annotation.actions.rubrics import rubric_named
from annotation.management.edges import refused
from annotation.models import GoldCase
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome
from curation.models import Dataset


class Command(BenchCommand):
    help = (
        "Bring in cases whose right scores are known, for a rubric's version: to practise on, or to check raters "
        "with unseen."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--rubric", metavar="R", required=True, help="a name, or name@version")
        parser.add_argument(
            "--use",
            choices=GoldCase.Use.values,
            default=GoldCase.Use.GOLD,
            help="of rows that do not say it themselves",
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, keep nothing")

    def act(self, *, actor: Actor, dataset: Dataset | None, **options: Any) -> Outcome:
        assert dataset is not None
        with transaction.atomic():
            rubric = rubric_named(actor, dataset, options["rubric"])
            rows, apart = read_cases(options["file"], rubric, options["use"])
            done = import_cases(actor, rubric, rows)
            counts = dict(rubric.gold_cases.order_by().values_list("use").annotate(n=Count("pk")))
            if options["dry_run"]:
                transaction.set_rollback(True)
        apart = sorted([*apart, *done.quarantined], key=lambda row: row.row or 0)
        tense = "would be" if options["dry_run"] else "were"
        return Outcome(
            sentence=(
                f"{done.new} cases {tense} added to {rubric}, {done.completed} completed, "
                f"{done.known} unchanged, {len(apart)} quarantined."
            ),
            payload={
                "rubric": f"{rubric.name}@{rubric.version}",
                "imported": done.new,
                "unchanged": done.known,
                "completed": done.completed,
                "practice": counts.get(GoldCase.Use.PRACTICE, 0),
                "gold": counts.get(GoldCase.Use.GOLD, 0),
                "dry_run": options["dry_run"],
            },
            quarantined=refused(apart),
        )
