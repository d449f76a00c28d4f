from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from annotation.actions.rubrics import load_rubric, shipped_rubrics
from annotation.actions.tasks import PLANS, create_task
from annotation.management.edges import release_named
from annotation.models import RatingTask
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome
from curation.models import Dataset


class Command(BenchCommand):
    help = "Start a rating campaign over the responses to a release; all members with the role of rater take part."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("task", metavar="T")
        parser.add_argument("--release", metavar="N", required=True)
        parser.add_argument(
            "--models", metavar="A,B", default="", help="all that have responses where left out"
        )
        parser.add_argument("--plan", default="all", help=f"{' or '.join(PLANS)}")
        parser.add_argument("--overlap", type=int, default=3, help="raters per response")
        parser.add_argument(
            "--rubric", metavar="R", default="safety5", help=f"{', '.join(shipped_rubrics())}, or a JSON file"
        )
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument(
            "--arms",
            default="without",
            choices=RatingTask.Arms.values,
            help="whether raters see the reference",
        )

    def act(
        self, *, actor: Actor, dataset: Dataset, task: str, release: str, models: str, **options: Any
    ) -> Outcome:
        made = create_task(
            actor,
            dataset,
            name=task,
            release=release_named(dataset, release),
            rubric=load_rubric(actor, dataset, options["rubric"]),
            models=[name.strip() for name in models.split(",") if name.strip()],
            plan=options["plan"],
            overlap=options["overlap"],
            seed=options["seed"],
            arms=options["arms"],
        )
        responses, raters = made.population.count(), made.raters.count()
        return Outcome(
            sentence=f"Task {made.name}: {responses} responses, {raters} raters, {made.overlap} ratings each.",
            payload={"task": made.name, "responses": responses, "raters": raters, "overlap": made.overlap},
        )
