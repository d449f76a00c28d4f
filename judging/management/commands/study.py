from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from annotation.management.edges import task_named
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome, Unusable
from curation.models import Dataset
from curation.stats import StudyOptions
from judging.actions.studies import DEFAULTS, RESAMPLES, TARGETS, study_of
from judging.management.edges import judge_named, only_judge
from judging.models import Mode, Study
from judging.printed import readable
from judging.report import LANGUAGES, html


class Command(BenchCommand):
    help = (
        "Every statistic about one judge and a task's ratings, each with its interval and what it rests on."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--task", metavar="T", required=True)
        parser.add_argument("--judge", metavar="J", help="may be left out where only one has verdicts")
        parser.add_argument("--mode", choices=Mode.values, default=Mode.REF)
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--resamples", type=int, default=RESAMPLES)
        parser.add_argument("--epsilon", type=float, default=DEFAULTS.epsilon, help="of the alt-test")
        parser.add_argument(
            "--majority",
            metavar="K[/N]",
            default=str(DEFAULTS.at_least),
            help="at least K raters agree, of at least N",
        )
        parser.add_argument(
            "--target", choices=TARGETS, default=DEFAULTS.target, help="what the combined rates speak about"
        )

        parser.add_argument("--report", metavar="FILE", help="write the whole study there as one HTML file")
        parser.add_argument("--language", choices=LANGUAGES, default="ja", help="of the report")

    def act(
        self, *, actor: Actor, dataset: Dataset, task: str, judge: str | None, mode: str, **options: Any
    ) -> Outcome:
        found = task_named(dataset, task)
        chosen = judge_named(dataset, judge) if judge else only_judge(found, mode)
        given = StudyOptions(options["epsilon"], *majority(options["majority"]), options["target"])
        made = study_of(
            actor, found, chosen, mode, seed=options["seed"], resamples=options["resamples"], options=given
        )
        if options["report"]:
            write_report(made, options["report"], options["language"])
        return Outcome(sentence=readable(made.result), payload=made.result)


def write_report(study: Study, path: str, language: str) -> None:
    """The report as a file. Unusable where it cannot be written."""
    try:
        Path(path).write_text(html(study, language), encoding="utf-8")
    except OSError as error:
        raise Unusable(
            f"The report could not be written to {path}: {error.strerror}.", field="report"
        ) from None


def majority(given: str) -> tuple[int, int | None]:
    """K or K/N as written on the command line."""
    numbers = given.split("/")
    if len(numbers) > 2 or not all(n.isdecimal() and len(n) < 9 for n in numbers):
        raise Unusable("The majority is K or K/N, two whole numbers.", field="majority")
    return int(numbers[0]), int(numbers[1]) if len(numbers) == 2 else None
