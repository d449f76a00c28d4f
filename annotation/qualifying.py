"""Whether attempts at a practice set are enough for a task: each task measures them by its own threshold. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

ROUNDING = 1e-9  # a share such as .8 of 5 must not miss by a bit of the last place


class Attempted(Protocol):
    """An attempt; `passed` is what the task said in which it was made, None while it is open."""

    asked: int
    right: int
    passed: bool | None


Some = TypeVar("Some", bound=Attempted)


def enough(right: int, asked: int, wanted: float) -> bool:
    return right >= wanted * asked - ROUNDING


def reaches(attempt: Attempted, wanted: float) -> bool:
    """Whether an attempt that is over got at least this share right."""
    return attempt.passed is not None and enough(attempt.right, attempt.asked, wanted)


def best_for(attempts: Sequence[Some], wanted: float) -> Some | None:
    """The first attempt that is enough: whoever has reached a threshold once has reached it."""
    return next((one for one in attempts if reaches(one, wanted)), None)


def open_step(attempts: Sequence[Attempted], wanted: float) -> str:
    """What attempts (oldest first) leave to do: "" nothing, "practice", or "failed" where somebody has to allow another.

    One that was enough elsewhere and is not here is no failure: the rater begins a new one.
    """
    if best_for(attempts, wanted) is not None:
        return ""
    return "failed" if attempts and attempts[-1].passed is False else "practice"
