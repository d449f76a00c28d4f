from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import transaction

from annotation.actions.population import Handed, Plan, population_of, responses_to
from annotation.actions.rubrics import rubric_named, shipped_rubrics
from annotation.actions.tasks import PLANS, check_campaign, create_task, raters_named
from annotation.campaign import forecast_of, notes_on
from annotation.drawn_files import matched, read_drawn, unusable
from annotation.management.edges import release_named
from annotation.models import RatingTask, Rubric
from annotation.planner import Forecast
from annotation.rules import blinded_in
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome, Unusable, whole
from curation.models import Dataset, Person, Release
from curation.rules import require


class Command(BenchCommand):
    help = (
        "Plan a rating campaign over the responses to a release: which of them, by which rubric, by whom. With "
        "--plan-only nothing is made: it says what the plan would buy."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("task", metavar="T")
        parser.add_argument("--release", metavar="N", required=True)
        parser.add_argument("--split", choices=RatingTask.Split.values, default=RatingTask.Split.ALL)
        parser.add_argument(
            "--models", metavar="A,B", default="", help="all that have responses where left out"
        )
        parser.add_argument(
            "--plan", metavar="P", help=f"{', '.join(PLANS)}; all, unless another option says which"
        )
        parser.add_argument("--per-cell", type=whole(1, 10**6), help="stratified: of each leaf and model")
        parser.add_argument("--total", type=whole(1, 10**6), help="stratified: in all, spread evenly")
        parser.add_argument("--drawn", metavar="FILE", help="drawn: item, model, inclusion_probability")
        parser.add_argument(
            "--raters", metavar="A,B", default="", help="all members with the role where left out"
        )
        parser.add_argument("--overlap", type=int, default=3, help="raters per response (in each arm)")
        parser.add_argument(
            "--rubric",
            metavar="R",
            default="safety5",
            help=f"a name, name@version, a shipped one ({', '.join(shipped_rubrics())}), or a JSON file",
        )
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--arms", default="without", choices=RatingTask.Arms.values)
        parser.add_argument("--gold-share", type=share(0.5), default=0.0, help="silent checks, 0 to 0.5")
        parser.add_argument("--qualify-at", type=share(1.0), help="share of the practice set to get right")
        parser.add_argument("--plan-only", action="store_true", help="say what it buys, make nothing")

    def act(self, *, actor: Actor, dataset: Dataset | None, **options: Any) -> Outcome:
        assert dataset is not None
        with transaction.atomic():
            outcome = _act(actor, dataset, options)
            if options["plan_only"]:  # a rubric that was brought in for the answer goes again
                transaction.set_rollback(True)
        return outcome


def _act(actor: Actor, dataset: Dataset, options: dict[str, Any]) -> Outcome:
    release = release_named(dataset, options["release"])
    require(actor, "create_task", dataset)
    models, names = listed(options["models"]), listed(options["raters"])
    plan = Plan(
        name=options["plan"] or _implied(options),
        split=options["split"],
        models=models,
        per_cell=options["per_cell"],
        total=options["total"],
        drawn=_drawn(options["drawn"], release, options["split"]),
        seed=options["seed"],
    )
    rubric = rubric_named(actor, dataset, options["rubric"], files=True)
    rest = {key: options[key] for key in ("overlap", "arms", "gold_share", "qualify_at")}
    if options["plan_only"]:
        return _forecast(actor, dataset, options["task"], release, rubric, plan, names, rest)
    made = create_task(
        actor,
        dataset,
        name=options["task"],
        release=release,
        rubric=rubric,
        models=models,
        split=plan.split,
        plan=plan.name,
        per_cell=plan.per_cell,
        total=plan.total,
        drawn=plan.drawn,
        raters=names,
        seed=plan.seed,
        **rest,
    )
    return _made(made)


def _made(made: RatingTask) -> Outcome:
    responses, raters = made.population.count(), made.raters.count()
    return Outcome(
        sentence=f"Task {made.name}: {responses} responses, {raters} raters, {made.overlap} ratings each.",
        payload={
            "task": made.name,
            "responses": responses,
            "raters": raters,
            "overlap": made.overlap,
            "release": made.release.name if made.release else None,
            "split": made.split,
            "rubric": f"{made.rubric.name}@{made.rubric.version}",
            "plan": made.plan,
            "arms": made.arms,
            "gold_share": made.gold_share,
            "qualify_at": made.qualify_at,
        },
    )


def share(most: float) -> Callable[[str], float]:
    """The type of an option that takes a share from 0 to `most`."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if not 0 <= value <= most:
            raise ArgumentTypeError(f"must be a number from 0 to {most:g}, not {text[:40]!r}")
        return value

    return read


def listed(words: str) -> list[str]:
    return [word.strip() for word in words.split(",") if word.strip()]


def _implied(options: dict[str, Any]) -> str:
    if options["drawn"]:
        return "drawn"
    return "stratified" if options["per_cell"] or options["total"] else "all"


def _drawn(file: str | None, release: Release, split: str) -> Handed:
    """The list that a file hands down; unusable as a whole where a row is: a sample with a gap is another sample."""
    if file is None:
        return ()
    rows, apart = read_drawn(file)
    drawn, unknown = matched(rows, responses_to(release, split))
    apart = sorted([*apart, *unknown], key=lambda row: row.row or 0)
    if apart:
        sentence = f"{len(apart)} rows of {Path(file).name} cannot be drawn, so no task was made."
        raise Unusable(f"{sentence} {unusable(apart)}", field=apart[0].field or "drawn")
    return drawn


def _forecast(
    actor: Actor,
    dataset: Dataset,
    name: str,
    release: Release,
    rubric: Rubric,
    plan: Plan,
    names: list[str],
    rest: dict[str, Any],
) -> Outcome:
    check_campaign(dataset, rubric, **rest)
    drawn = population_of(dataset, release, plan, rubric)
    blind = isinstance(actor, Person) and blinded_in(actor, dataset)
    found = forecast_of(dataset, rubric, drawn, raters=len(raters_named(dataset, names)), blind=blind, **rest)
    notes = notes_on(found, rubric, rest["arms"])
    return Outcome(
        sentence="\n".join([_told(name, found), *notes]),
        payload={
            "task": name,
            "responses": found.responses,
            "raters": found.raters,
            "overlap": rest["overlap"],
            "release": release.name,
            "split": plan.split,
            "rubric": f"{rubric.name}@{rubric.version}",
            "plan": plan.told(),
            "arms": rest["arms"],
            "gold_share": rest["gold_share"],
            "qualify_at": rest["qualify_at"],
            "forecast": {**found.as_json(), "notes": notes},
        },
    )


def _told(name: str, found: Forecast) -> str:
    first = (
        f"Task {name} would have {found.responses} responses to {found.questions} questions: {found.ratings} "
        f"ratings, about {found.hours:.1f} hours. Nothing was made."
    )
    lines = [first]
    for line in [*found.models, found.overall]:
        width = "" if line.width is None else f", 95 % interval of the violation rate {line.width:.3f} wide"
        lines.append(f"{line.model or 'all'}: {line.responses} responses{width}")
    return "\n".join(lines)
