from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from annotation.management.edges import release_named
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome
from curation.models import Dataset
from judging import benchmarks
from judging.actions.leaderboards import RESAMPLES, leaderboard_of
from judging.management.edges import judge_named
from judging.models import Mode


class Command(BenchCommand):
    help = (
        "Every judged model of a release's test questions: three shares, paired differences, rank probabilities. "
        "Models that were asked, judged or covered differently stand in groups of their own."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--release", metavar="N", required=True)
        parser.add_argument("--judge", metavar="J", help="all judges where left out")
        parser.add_argument("--mode", choices=Mode.values, default="", help="both where left out")
        names = [one.name for one in benchmarks.shipped()]
        parser.add_argument("--benchmark", choices=names, help="the judges of its prompts alone")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--resamples", type=int, default=RESAMPLES)

    def act(
        self, *, actor: Actor, dataset: Dataset, release: str, judge: str | None, **options: Any
    ) -> Outcome:
        found = leaderboard_of(
            actor,
            release_named(dataset, release),
            judge=judge_named(dataset, judge) if judge else None,
            mode=options["mode"],
            benchmark=benchmarks.named(options["benchmark"]) if options["benchmark"] else None,
            seed=options["seed"],
            resamples=options["resamples"],
        )
        return Outcome(sentence=readable(found), payload=found)


def readable(found: dict[str, Any]) -> str:
    lines = [f"{found['release']}: {found['questions']} test questions"]
    if not found["boards"]:
        lines.append("No judge has verdicts on answers to them.")
    for board in found["boards"]:
        who = f"{board['judge']} ({board['mode']})" + (f", {board['profile']}" if board["profile"] else "")
        lines += ["", who + _apart(board)]
        for group in board["groups"]:
            lines.append(
                f"  {group['questions']} questions, generation {group['generation']}" + _apart(group)
            )
            for name in group["order"]:
                model, first = group["models"][name], group["ranks"][name][0]
                lines.append(f"    {name:28} {_share(model, group['ranked_by'])}  first in {first:.0%}")
    for judge in found["scale_unknown"]:
        on = ", ".join(judge["rubrics"]) or "no rubric"
        lines += [
            "",
            f"Not ranked: {judge['judge']}, whose verdicts came in on {on}; its scale is not known.",
        ]
    if found["not_judged"]:
        lines += ["", f"Not judged: {', '.join(found['not_judged'])}"]
    return "\n".join(lines)


def _apart(part: dict[str, Any]) -> str:
    return f"  [not comparable with the first: other {', '.join(part['differs'])}]" if part["differs"] else ""


def _share(model: dict[str, Any], by: str) -> str:
    leaf = model["shares"][by] if by != "mean" else model["mean"]
    if leaf["value"] is None:
        return f"{by} - {leaf.get('note', '')}"
    between = f"[{leaf['low']:.4f}, {leaf['high']:.4f}]" if leaf["low"] is not None else ""
    return f"{by} {leaf['value']:.4f} {between} n={leaf['n']}"
