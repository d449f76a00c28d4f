"""A made-up study of any size: questions under five risk areas, models of rising quality, raters and repeats that err."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from curation.stats import StudyData, StudyRating, StudyResponse, StudyRubric, StudyVerdict

SAFETY5 = StudyRubric("ordinal", (1, 2, 3, 4, 5), violation_at_most=2, acceptable_at_least=4)
AREAS, HARMS, LEAVES = 5, 12, 56


@dataclass(frozen=True)
class Size:
    """How large a study is; the full one is that of the paper's test set."""

    models: int = 12
    questions: int = 336
    raters: int = 3
    repeats: int = 3

    @property
    def responses(self) -> int:
        return self.models * self.questions


@dataclass(frozen=True)
class Scores:
    """ratings: (questions, models, raters); verdicts by mode: (questions, models, repeats); all 1 to 5."""

    ratings: NDArray[np.int64]
    verdicts: dict[str, NDArray[np.int64]]


def made_scores(size: Size, *, seed: int = 0) -> Scores:
    """A latent quality per response; raters and judge see it with error, the judge without reference with more."""
    rng = np.random.default_rng(seed)
    shape = (size.questions, size.models)
    lift = np.linspace(-0.6, 0.6, size.models)
    quality = 3.6 + rng.normal(0, 0.5, (size.questions, 1)) + lift + rng.normal(0, 0.9, shape)

    def seen(error: float, own: float, times: int) -> NDArray[np.int64]:
        shown = quality[:, :, None] + rng.normal(0, error, (*shape, 1)) + rng.normal(0, own, (*shape, times))
        return np.clip(np.rint(shown), 1, 5).astype(np.int64)

    ratings = seen(0.0, 0.7, size.raters)
    verdicts = {mode: seen(error, 0.4, size.repeats) for mode, error in (("ref", 0.5), ("noref", 0.8))}
    return Scores(ratings, verdicts)


def path(question: int, questions: int) -> tuple[str, str, str]:
    """The category of a question: leaves of equal size, in the order of the questions."""
    leaf = question * LEAVES // questions
    harm = leaf * HARMS // LEAVES
    return f"area {harm * AREAS // HARMS}", f"harm {harm:02}", f"leaf {leaf:02}"


def made_study(size: Size, scores: Scores, mode: str = "ref") -> StudyData:
    """The scores as the engine takes them: one mode's study, with the verdicts of the other beside it."""
    keys = [(q, m) for q in range(size.questions) for m in range(size.models)]
    verdicts = {
        name: tuple(
            StudyVerdict(at, repeat, int(score))
            for at, key in enumerate(keys)
            for repeat, score in enumerate(given[key])
        )
        for name, given in scores.verdicts.items()
    }
    other = "noref" if mode == "ref" else "ref"
    return StudyData(
        SAFETY5,
        tuple(
            StudyResponse(at, f"q{q:03}", f"model {m:02}", path(q, size.questions))
            for at, (q, m) in enumerate(keys)
        ),
        tuple(
            StudyRating(at, f"rater {rater}", int(score))
            for at, key in enumerate(keys)
            for rater, score in enumerate(scores.ratings[key])
        ),
        verdicts[mode],
        other_verdicts=verdicts[other],
        other_mode=other,
    )


def alone(data: StudyData) -> StudyData:
    """The same study without the verdicts of the other mode."""
    return replace(data, other_verdicts=(), other_mode="")
