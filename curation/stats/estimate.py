"""A number that is never bare: value, interval, what it rests on, and why it is missing where it is."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Estimate:
    """One statistic with its 95 % interval.

    `n` counts responses (models for system_level), `n_clusters` questions. A value that is not finite becomes None,
    and then `note` is a sentence that says why; NaN and infinity never leave this class.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    n_clusters: int = 0
    note: str | None = None

    def __post_init__(self) -> None:
        for name in ("value", "low", "high"):
            number = getattr(self, name)
            if number is not None and not math.isfinite(number):
                object.__setattr__(self, name, None)
            elif number is not None:
                # + 0.0 turns -0.0 into 0.0, so that no "-0.000" is ever shown.
                object.__setattr__(self, name, float(number) + 0.0)
        if self.value is None:
            object.__setattr__(self, "low", None)
            object.__setattr__(self, "high", None)
            if not self.note:
                object.__setattr__(
                    self, "note", "Not estimable: the statistic is undefined on these responses."
                )

    def with_note(self, sentence: str) -> Estimate:
        """The same estimate with one more sentence in its note."""
        return replace(self, note=f"{self.note} {sentence}" if self.note else sentence)

    def as_dict(self) -> dict[str, Any]:
        """The leaf of `study --json`; `note` is left out where there is nothing to say."""
        leaf: dict[str, Any] = {
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "n": self.n,
            "n_clusters": self.n_clusters,
        }
        if self.note:
            leaf["note"] = self.note
        return leaf


def not_estimable(why: str, *, n: int = 0, n_clusters: int = 0) -> Estimate:
    """An estimate without a value; `why` is a sentence for the reader."""
    return Estimate(None, n=n, n_clusters=n_clusters, note=why)


MIN_QUESTIONS = 3
# From here on intervals hold the truth about as often as they say, whatever the scores (bench.coverage).
ENOUGH_QUESTIONS = 60


def about_part(found: Estimate, *, n: int, n_clusters: int, empty: str) -> Estimate:
    """An estimate that rests on a part of its group's responses, with that part's own n.

    `empty` says why there is none where the part has no response. As everywhere, fewer than 3 questions have none.
    """
    if n == 0:
        return not_estimable(empty)
    if n_clusters < MIN_QUESTIONS:
        return too_few_questions(n=n, n_clusters=n_clusters)
    return replace(found, n=n, n_clusters=n_clusters)


def too_few_questions(*, n: int, n_clusters: int) -> Estimate:
    """No interval can be had from fewer than 3 questions, and no value is shown without one."""
    questions = "question" if n_clusters == 1 else "questions"
    why = f"Only {n_clusters} {questions}: at least {MIN_QUESTIONS} are needed for an interval."
    return not_estimable(why, n=n, n_clusters=n_clusters)
