"""The rows behind a study's numbers: what people and the judge said about each response. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from curation.stats import StudyOptions
from curation.stats.data import HARM_TYPE_DEPTH, PATH_SEPARATOR, Score, StudyData, StudyResponse

RATES = ("violation", "acceptable")
MOVED = 2.0  # points between the mean verdicts of the two modes


@dataclass(slots=True)
class ResponseRow:
    """One response with its ratings and verdicts; a failure is a name in `failures`, never a score."""

    response: StudyResponse
    ratings: list[Score] = field(default_factory=list)
    raters: list[str] = field(default_factory=list)
    verdicts: list[Score] = field(default_factory=list)
    others: list[Score] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    unparsed: int = 0

    @property
    def human_mean(self) -> float | None:
        return _mean(self.ratings)

    @property
    def judge_mean(self) -> float | None:
        return _mean(self.verdicts)


def _mean(scores: list[Score]) -> float | None:
    numbers = [float(score) for score in scores if not isinstance(score, str)]
    return sum(numbers) / len(numbers) if numbers and len(numbers) == len(scores) else None


def rows_of(data: StudyData) -> list[ResponseRow]:
    """One row for each response of the population, in its order."""
    scale = set(data.rubric.scale)
    found = {response.id: ResponseRow(response) for response in data.responses}
    for rating in data.ratings:
        row = found.get(rating.response)
        if row is None or rating.role == "final":
            continue
        if rating.cannot_decide or rating.score is None:
            row.failures.append("cannot_decide")
        elif rating.score not in scale:
            row.failures.append("out_of_range")
        else:
            row.ratings.append(rating.score)
            row.raters.append(rating.rater)
    for verdict in data.verdicts:
        row = found.get(verdict.response)
        if row is None:
            continue
        if verdict.status == "ok" and verdict.score in scale and verdict.score is not None:
            row.verdicts.append(verdict.score)
        else:
            row.failures.append(verdict.status if verdict.status != "ok" else "out_of_range")
            row.unparsed += 1
    for verdict in data.other_verdicts:
        row = found.get(verdict.response)
        if row and verdict.status == "ok" and verdict.score in scale and verdict.score is not None:
            row.others.append(verdict.score)
    return list(found.values())


def inside(data: StudyData, rate: str, score: Score) -> bool:
    """Whether a score lies at or beyond the rubric's cut."""
    cut = data.rubric.violation_at_most if rate == "violation" else data.rubric.acceptable_at_least
    if cut is None or isinstance(score, str):
        return False
    return score <= cut if rate == "violation" else score >= cut


def people_say(data: StudyData, row: ResponseRow, rate: str, options: StudyOptions) -> bool | None:
    """What most raters say; None without a majority (more than half, `at_least` of them, among `of`)."""
    votes, total = sum(inside(data, rate, score) for score in row.ratings), len(row.ratings)
    larger = max(votes, total - votes)
    if 2 * larger <= total or larger < options.at_least or total < (options.of or 0):
        return None
    return 2 * votes > total


def decision(data: StudyData, row: ResponseRow, rate: str, options: StudyOptions) -> str:
    """The cell of the two-by-two table: both, judge_only, people_only, neither, undecided; "" where not compared."""
    if not row.ratings or not row.verdicts:
        return ""
    people = people_say(data, row, rate, options)
    if people is None:
        return "undecided"
    judge = 2 * sum(inside(data, rate, score) for score in row.verdicts) > len(row.verdicts)
    if judge:
        return "both" if people else "judge_only"
    return "people_only" if people else "neither"


def near(data: StudyData, row: ResponseRow) -> Score | None:
    """The scale point nearest to the mean verdict, the lower one at a tie."""
    mean = row.judge_mean
    if mean is None:
        return None
    points = [point for point in data.rubric.scale if not isinstance(point, str)]
    return min(points, key=lambda point: (round(abs(point - mean), 10), point))


def missed(data: StudyData, rows: list[ResponseRow], options: StudyOptions) -> list[ResponseRow]:
    """Responses that people hold for violations and the judge does not, the worst first."""
    if data.rubric.violation_at_most is None or data.rubric.kind == "nominal":
        return []
    found = [row for row in rows if decision(data, row, "violation", options) == "people_only"]
    return sorted(found, key=lambda row: (row.human_mean or 0.0) - (row.judge_mean or 0.0))


def moved(row: ResponseRow) -> bool:
    """Whether the mean verdicts of the two modes lie at least two points apart."""
    here, there = row.judge_mean, _mean(row.others)
    return here is not None and there is not None and abs(here - there) >= MOVED - 1e-9


Test = Callable[[ResponseRow, str], bool]


def tests_of(data: StudyData, options: StudyOptions) -> dict[str, Test]:
    """By filter: whether a row is among those that a value asks for. No other filter exists."""

    def path(row: ResponseRow, depth: int) -> str:
        return PATH_SEPARATOR.join(row.response.category[:depth])

    def without_majority(row: ResponseRow) -> bool:
        return bool(row.ratings) and any(people_say(data, row, rate, options) is None for rate in RATES)

    return {
        "judge_score": lambda row, value: value in map(str, row.verdicts),
        "human_score": lambda row, value: value in map(str, row.ratings),
        "near": lambda row, value: str(near(data, row)) == value,
        "model": lambda row, value: row.response.model == value,
        "category": lambda row, value: path(row, HARM_TYPE_DEPTH) == value,
        "leaf": lambda row, value: path(row, 3) == value,
        "rater": lambda row, value: value in row.raters,
        "failure": lambda row, value: (
            without_majority(row) if value == "no_majority" else value in row.failures
        ),
        "both": lambda row, _value: bool(row.ratings and row.verdicts),
        "rated": lambda row, _value: bool(row.ratings),
        "unrated": lambda row, _value: not row.ratings,
        "unparsed": lambda row, _value: row.unparsed > 0,
        "flipped": lambda row, _value: len(set(row.verdicts)) > 1,
        "moved": lambda row, _value: moved(row),
    }


def chosen(
    data: StudyData, rows: list[ResponseRow], wanted: dict[str, str], options: StudyOptions
) -> list[ResponseRow]:
    """The rows that a number is about: those of every filter; `rate` and `cell` together name a decision."""
    tests, found = tests_of(data, options), rows
    for name, value in wanted.items():
        if name in tests:
            found = [row for row in found if tests[name](row, value)]
    rate, cell = wanted.get("rate", ""), wanted.get("cell", "")
    if rate in RATES and cell:
        found = [row for row in found if decision(data, row, rate, options) == cell]
        if (rate, cell) == ("violation", "people_only"):
            found = missed(data, found, options)
    return found
