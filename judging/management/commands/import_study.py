from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from curation.formats.mapping import KINDS, Look, guess, look, named
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome, Unusable
from curation.management.base import Refused as Row
from curation.models import Dataset
from judging.actions.bring import FOUND, Source, import_study, source


class Command(BenchCommand):
    help = (
        "Make a study from files of ratings and verdicts (CSV, TSV, JSON lines) whose columns are named as their "
        "owner named them; --dry-run shows what would be taken."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--ratings", metavar="FILE", help="people's ratings; may be left out for a known task"
        )
        parser.add_argument("--verdicts", metavar="FILE", help="judges' verdicts; may be the same file")
        parser.add_argument("--task", metavar="T", required=True)
        parser.add_argument(
            "--rubric",
            metavar="R",
            default="",
            help=f"a shipped rubric, a JSON file, or “{FOUND}” for the scale that the files use",
        )
        parser.add_argument(
            "--map",
            metavar="FIELD=COLUMN",
            action="append",
            default=[],
            help="what a column means, where the guess is wrong: item=質問ID, raters=Sato,Mori, model==gpt-x for one "
            "value in every row; ratings.FIELD or verdicts.FIELD for one file only",
        )
        parser.add_argument("--dry-run", action="store_true", help="show what would be taken, write nothing")

    def act(
        self,
        *,
        actor: Actor,
        dataset: Dataset,
        ratings: str | None,
        verdicts: str | None,
        task: str,
        rubric: str,
        dry_run: bool,
        **options: Any,
    ) -> Outcome:
        if not (ratings or verdicts):
            raise Unusable("Give --ratings FILE, --verdicts FILE, or both.", field="ratings")
        done = import_study(
            actor,
            dataset,
            task=task,
            **_sources({"ratings": ratings, "verdicts": verdicts}, options["map"]),
            rubric=rubric,
            dry_run=dry_run,
        )
        told = done.as_dict()
        apart = [
            Row(row=f"{one['row']} of {kind}", field=one["field"], reason=one["reason"])
            for kind in done.sides.by_name()
            for one in told[kind].pop("quarantined")
        ]
        return Outcome(sentence=_sentence(told, len(apart)), payload=told, quarantined=apart)


def _sources(paths: dict[str, str | None], given: list[str]) -> dict[str, Source]:
    """The files with their columns: guessed, then as the words given say."""
    seen: dict[str, Look] = {kind: look(path) for kind, path in paths.items() if path}
    headings = {heading for each in seen.values() for heading in each.headings}
    shared = paths["ratings"] == paths["verdicts"]
    found: dict[str, Source] = {}
    for kind in KINDS:
        if kind in seen:
            columns = guess(seen[kind], kind, shared=shared)
            found[kind] = source(str(paths[kind]), named(columns, given, seen[kind], elsewhere=headings))
    return found


def _sentence(told: dict[str, Any], apart: int) -> str:
    verb = "would be imported" if told["dry_run"] else "imported"
    parts = [
        f"{told[kind]['imported']} {kind} of {len(told[kind][who])} {who} {verb} "
        f"({told[kind]['corrected']} corrected, {told[kind]['unchanged']} unchanged)"
        for kind, who in (("ratings", "raters"), ("verdicts", "judges"))
        if kind in told
    ]
    both = told["responses"]["both"]
    return (
        f"{told['task']}: {'; '.join(parts)}; {both} responses with both; rubric {told['rubric']}; "
        f"{apart} quarantined."
    )
