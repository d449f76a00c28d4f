"""The quality of a task's ratings as one object: people among themselves, each against the rest, checks, pace. Pure.

Every estimate comes from the engine of the studies (`curation.stats.human`): a task has the same agreement here and there.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any

from annotation.axes import Axis
from curation.stats import StudyData, StudyRating, StudyResponse, StudyRubric
from curation.stats.data import HARM_TYPE_DEPTH, PATH_SEPARATOR, Score
from curation.stats.estimate import Estimate, not_estimable
from curation.stats.pace import APART, paces

ALL, TOLD = "all", "told"
ARMS = {False: "without", True: "with"}
STRETCH = 100  # ratings in one stretch of a rater's work, where somebody has given three times as many
SHORT_STRETCH = 20
UNNAMED = "none"  # a skip without a code


def scale_of(axis: Axis) -> dict[str, Score]:
    """The points of an axis as ratings store them -> as the engine takes them."""
    return {point: float(point) if axis.kind == "ordinal" else point for point in axis.points}


def study_rubric(axis: Axis) -> StudyRubric:
    return StudyRubric(
        "nominal" if axis.kind == "nominal" else "ordinal",
        tuple(scale_of(axis).values()),
        axis.violation_at_most,
        axis.acceptable_at_least,
    )


@dataclass(frozen=True, slots=True)
class Given:
    """A standing rating of a rater. `seconds` is the active time, on the main axis's row alone."""

    response: int
    rater: str
    axis: str
    score: str
    with_reference: bool
    seconds: float | None
    at: datetime

    def for_engine(self, scale: dict[str, Score]) -> StudyRating:
        return StudyRating(self.response, self.rater, scale.get(self.score), not self.score)


@dataclass(frozen=True)
class TaskRows:
    """All that the quality of a task's ratings is read from.

    finals: {axis: {response: point}}; checks: (rater, response, whether right) of silent checks; skips: (rater, response,
    code); floors: {(response, arm): seconds}; complete and open: numbers of responses that are fully rated, and of those
    among them whose raters disagree and that have no final value; back: (rater, response) of what numbers about a single
    rater do not tell yet.
    """

    name: str
    axes: tuple[Axis, ...]
    responses: tuple[StudyResponse, ...]
    ratings: tuple[Given, ...]
    finals: dict[str, dict[int, str]] = field(default_factory=dict)
    checks: tuple[tuple[str, int, bool], ...] = ()
    skips: tuple[tuple[str, int, str], ...] = ()
    floors: dict[tuple[int, bool], float] = field(default_factory=dict)
    complete: int = 0
    open: int = 0
    back: frozenset[tuple[str, int]] = frozenset()

    def on(self, axis: str) -> Iterable[Given]:
        return (one for one in self.ratings if one.axis == axis)

    def told(self, axis: str) -> list[Given]:
        """What numbers about a single rater are read from."""
        return [one for one in self.on(axis) if (one.rater, one.response) not in self.back]


def quality(rows: TaskRows, *, seed: int = 0, resamples: int = 10_000) -> dict[str, Any]:
    """The object that `quality --json` prints, but for its head. Raises ValueError where rows contradict each other."""
    main = rows.axes[0].name
    return {
        "counts": _counts(rows, main),
        "axes": {axis.name: _axis(rows, axis, seed=seed, resamples=resamples) for axis in rows.axes},
        "gold": _gold(rows),
        "pace": _pace(rows, main),
        "cannot_decide": _undecided(rows, main),
        "skips": _skips(rows),
    }


def _counts(rows: TaskRows, main: str) -> dict[str, int]:
    ratings = list(rows.on(main))
    finals = {response for points in rows.finals.values() for response in points}
    return {
        "responses": len(rows.responses),
        "rated": len({one.response for one in ratings}),
        "complete": rows.complete,
        "ratings": len(ratings),
        "raters": len({one.rater for one in ratings}),
        "cannot_decide": sum(not one.score for one in ratings),
        "to_adjudicate": rows.open,
        "adjudicated": len(finals),
    }


def _axis(rows: TaskRows, axis: Axis, *, seed: int, resamples: int) -> dict[str, Any]:
    # scipy: who only reads what is kept need not wait for it
    from curation.stats.human import over_time, people
    from curation.stats.pairs import pairs

    ratings, told = list(rows.on(axis.name)), rows.told(axis.name)
    parts = dict(_parts(rows, axis, ratings))
    single = ALL
    if len(told) < len(ratings):
        parts[single := TOLD] = study_part(axis, rows.responses, told)
    found = people(parts, singly=(single,), seed=seed, resamples=resamples)
    step = stretch_length(told)
    stretches = stretches_of(told, step)
    responses = {rater: [[one.response for one in part] for part in own] for rater, own in stretches.items()}
    moving = over_time(parts[single], responses, seed=seed, resamples=resamples)
    return {
        "kind": axis.kind,
        "human_human": found[ALL]["human_human"],
        **{
            f"by_{kind}": {key[1]: found[key]["human_human"] for key in parts if key[0] == kind}
            for kind in ("category", "model", "arm")
        },
        "raters": found[single]["raters"],
        "stretch": step,
        "over_time": {
            rater: [_stretch(part, moving[rater][at]) for at, part in enumerate(own)]
            for rater, own in sorted(stretches.items())
            if rater in moving
        },
        "pairs": pairs(parts[single], seed=seed, resamples=resamples),
    }


def _parts(rows: TaskRows, axis: Axis, ratings: list[Given]) -> Iterator[tuple[Any, StudyData]]:
    """The whole axis, and each harm type, model and arm that has ratings; arms only where there are two."""
    yield ALL, study_part(axis, rows.responses, ratings)
    rated = {one.response for one in ratings}
    groups: dict[tuple[str, str], set[Hashable]] = defaultdict(set)
    for response in rows.responses:
        if response.id in rated:
            groups["model", response.model].add(response.id)
            if path := category_of(response):
                groups["category", path].add(response.id)
    for key in sorted(groups):
        here = groups[key]
        members = [response for response in rows.responses if response.id in here]
        yield key, study_part(axis, members, [one for one in ratings if one.response in here])
    if len({one.with_reference for one in ratings}) == 2:
        for arm, name in ARMS.items():
            mine = [one for one in ratings if one.with_reference == arm]
            yield ("arm", name), study_part(axis, rows.responses, mine)


def category_of(response: StudyResponse) -> str:
    """The harm type that a response belongs to, by its path; "" where it has no category."""
    return PATH_SEPARATOR.join(response.category[:HARM_TYPE_DEPTH])


def study_part(axis: Axis, responses: Iterable[StudyResponse], ratings: Iterable[Given]) -> StudyData:
    """Some ratings of an axis, as the engine takes them: a study without verdicts."""
    scale = scale_of(axis)
    given = tuple(one.for_engine(scale) for one in ratings)
    return StudyData(study_rubric(axis), tuple(responses), given, ())


def stretch_length(ratings: Iterable[Given]) -> int:
    """A hundred ratings, or twenty where nobody has given three hundred yet."""
    most = max(Counter(one.rater for one in ratings).values(), default=0)
    return STRETCH if most >= 3 * STRETCH else SHORT_STRETCH


def stretches_of(ratings: Iterable[Given], step: int) -> dict[str, list[list[Given]]]:
    """Each rater's ratings in the order given, cut every `step` of them."""
    own: dict[str, list[Given]] = defaultdict(list)
    for one in ratings:
        own[one.rater].append(one)
    return {
        rater: [given[start : start + step] for start in range(0, len(given), step)]
        for rater, given in own.items()
    }


def _stretch(part: list[Given], estimates: dict[str, Any]) -> dict[str, Any]:
    timed = [one.seconds for one in part if one.seconds is not None]
    return {
        "first": _told(part[0].at),
        "last": _told(part[-1].at),
        "ratings": len(part),
        **estimates,
        "median_seconds": median(timed) if timed else None,
    }


def _told(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def share(right: int, asked: int) -> dict[str, Any]:
    """A share with Wilson's interval as a leaf; every answer counts as one of its own."""
    from curation.stats.intervals import wilson

    if not asked:
        return not_estimable("There is nothing to count yet.").as_dict()
    return Estimate(right / asked, *wilson(right, asked), n=asked, n_clusters=asked).as_dict()


def _gold(rows: TaskRows) -> dict[str, Any]:
    answers: dict[str, list[bool]] = defaultdict(list)
    for rater, _response, right in rows.checks:
        answers[rater].append(right)
    return {
        rater: {"right": sum(given), "asked": len(given), "accuracy": share(sum(given), len(given))}
        for rater, given in sorted(answers.items())
    }


def timed_of(rows: TaskRows, main: str) -> list[tuple[Given, float, float, float]]:
    """(rating, seconds, floor, robust z) of every rating with a known time and known texts."""
    found = [
        (one, one.seconds, floor)
        for one in rows.on(main)
        if one.seconds is not None and (floor := rows.floors.get((one.response, one.with_reference)))
    ]
    distances = paces(
        [seconds for _one, seconds, _floor in found], [floor for _one, _seconds, floor in found]
    )
    return [(*row, z) for row, z in zip(found, distances, strict=True)]


def _pace(rows: TaskRows, main: str) -> dict[str, Any]:
    """Per rater and in all: the median of active seconds, and how many lie below the floor or far from everybody's."""
    timed = timed_of(rows, main)
    by_rater: dict[str, list[tuple[Given, float, float, float]]] = defaultdict(list)
    for row in timed:
        if (row[0].rater, row[0].response) not in rows.back:
            by_rater[row[0].rater].append(row)
    return {
        "all": _pace_of(timed),
        "raters": {rater: _pace_of(own) for rater, own in sorted(by_rater.items())},
    }


def _pace_of(timed: list[tuple[Given, float, float, float]]) -> dict[str, Any]:
    below = sum(seconds < floor for _one, seconds, floor, _z in timed)
    return {
        "timed": len(timed),
        "median_seconds": median(seconds for _one, seconds, _floor, _z in timed) if timed else None,
        "below_floor": below,
        "below_floor_share": share(below, len(timed)),
        "quick": sum(z < -APART for *_row, z in timed),
        "slow": sum(z > APART for *_row, z in timed),
    }


def _undecided(rows: TaskRows, main: str) -> dict[str, int]:
    """How often each rater could not decide; all raters are listed."""
    found = Counter({one.rater: 0 for one in rows.on(main)})
    found.update(one.rater for one in rows.told(main) if not one.score)
    return dict(sorted(found.items()))


def _skips(rows: TaskRows) -> dict[str, dict[str, int]]:
    """By rater and code."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for rater, response, code in rows.skips:
        if (rater, response) not in rows.back:
            found[rater][code or UNNAMED] += 1
    return {rater: dict(sorted(codes.items())) for rater, codes in sorted(found.items())}


def own_part(rows: TaskRows, rater: str, *, seed: int = 0, resamples: int = 10_000) -> dict[str, Any]:
    """What a rater is shown of their own work: `ratings`, `gold`, `same`, `pace`, `cannot_decide`, `skips`; nothing of
    anybody else, but the median time of `all`.

    `same` is the rater's `same_as_rest`, the estimate that those who lead the task see; None where no point of theirs is
    told yet.
    """
    from curation.stats.human import same_as_rest

    main = rows.axes[0]
    gold, pace = _gold(rows), _pace(rows, main.name)
    told = study_part(main, rows.responses, rows.told(main.name))
    return {
        "ratings": sum(one.rater == rater for one in rows.told(main.name)),
        "gold": gold.get(rater),
        "same": same_as_rest(told, rater, seed=seed, resamples=resamples),
        "pace": pace["raters"].get(rater),
        "all": pace["all"],
        "cannot_decide": _undecided(rows, main.name).get(rater, 0),
        "skips": _skips(rows).get(rater, {}),
    }
