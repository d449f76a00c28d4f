"""What a study is computed from: plain, immutable rows, without a database."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Literal

Score = float | str
Target = Literal["test_set", "population"]
# A category is a path cut here: risk area > harm type. Leaves are too small for anything but posteriors.
HARM_TYPE_DEPTH = 2
LEAF_DEPTH = 3
PATH_SEPARATOR = " > "


@dataclass(frozen=True, slots=True)
class StudyRubric:
    """A scale from worst to best; the cuts are None where the rubric has none (always so for a nominal one)."""

    kind: Literal["ordinal", "nominal"]
    scale: tuple[Score, ...]
    violation_at_most: float | None = None
    acceptable_at_least: float | None = None


@dataclass(frozen=True, slots=True)
class StudyResponse:
    """One answer of one model to one question.

    `category` is the path from the root (risk area, harm type, specific harm). `inclusion_probability` is the chance
    with which the response was drawn for rating; None where it was not drawn.
    """

    id: Hashable
    question: Hashable
    model: str
    category: tuple[str, ...] = ()
    inclusion_probability: float | None = None


@dataclass(frozen=True, slots=True)
class StudyRating:
    """One person's score of one response; `role` is "rater", or "final" for an adjudicated value."""

    response: Hashable
    rater: str
    score: Score | None
    cannot_decide: bool = False
    role: str = "rater"


@dataclass(frozen=True, slots=True)
class StudyVerdict:
    """One repeat of the judge on one response: a score when `status` is "ok", else a named failure."""

    response: Hashable
    repeat: int
    score: Score | None
    status: str = "ok"


@dataclass(frozen=True, slots=True)
class StudyData:
    """A task's ratings and all verdicts of one judge and mode on that population, rated or not.

    `other_verdicts` are those of the same judge in its other mode, `other_mode` (ref or noref); empty where there is
    none.
    """

    rubric: StudyRubric
    responses: tuple[StudyResponse, ...]
    ratings: tuple[StudyRating, ...]
    verdicts: tuple[StudyVerdict, ...]
    other_verdicts: tuple[StudyVerdict, ...] = ()
    other_mode: str = ""


@dataclass(frozen=True, slots=True)
class StudyOptions:
    """What a person may choose about a study: part of what names it.

    epsilon: what a person's higher cost is taken to be worth in the alt-test. at_least, of: raters have a majority when
    more than half agree, at least `at_least` of them, among at least `of` raters (None: of any number). target: what
    `combined` speaks about, the judged responses themselves or the population they come from.
    """

    epsilon: float = 0.2
    at_least: int = 2
    of: int | None = None
    target: Target = "test_set"

    def as_dict(self) -> dict[str, Any]:
        """The `options` of `study --json`."""
        majority = {"at_least": self.at_least, "of": self.of}
        return {"epsilon": float(self.epsilon), "majority": majority, "target": self.target}


@dataclass(frozen=True, slots=True)
class RankedAnswer:
    """One answer of a model: the scores of the judge's repeats, how many repeats gave none, and, where a second judge
    looked for refusals, the share of its repeats that found one."""

    question: Hashable
    model: str
    scores: tuple[float, ...]
    failed: int = 0
    refusal: float | None = None


@dataclass(frozen=True, slots=True)
class RankingData:
    """Answers of models that one judge read in one way, and the cuts of its rubric (None where it has none)."""

    answers: tuple[RankedAnswer, ...]
    violation_at_most: float | None = None
    acceptable_at_least: float | None = None
