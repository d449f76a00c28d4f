"""Benchmarks as data: which rubric and prompt judge which axis of whose answers, and how rates are read from scores. Pure.

Each is a JSON file beside this one: `axes` (name, rubric, prompt), `rates` (a share of one axis' scores at or beyond a
cut), `score` (the axes whose scores are averaged), `turns`, and in words the population that it is for. An axis is
judged by a judge of its own, on the same answers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Axis:
    name: str
    rubric: str
    prompt: str


@dataclass(frozen=True)
class Rate:
    """The share of an axis' scores at or below `at_most`, or at or above `at_least`."""

    name: str
    axis: str
    at_most: float | None = None
    at_least: float | None = None

    def of(self, scores: Sequence[float]) -> float | None:
        """None where there are no scores."""
        if not scores:
            return None
        low = -float("inf") if self.at_least is None else self.at_least
        high = float("inf") if self.at_most is None else self.at_most
        return sum(low <= score <= high for score in scores) / len(scores)


@dataclass(frozen=True)
class Benchmark:
    name: str
    titles: Mapping[str, str]
    populations: Mapping[str, str]
    turns: int
    axes: tuple[Axis, ...]
    rates: tuple[Rate, ...]
    score: tuple[str, ...]

    @property
    def joined_prompts(self) -> list[str]:
        """The prompts whose judges' scores are averaged as one; [] where a single judge gives the score."""
        return [axis.prompt for axis in self.axes if axis.name in self.score] if len(self.score) > 1 else []

    def read(self, scores: Mapping[str, Sequence[float]]) -> dict[str, float | None]:
        """Every rate and the mean `score` of one model, from its scores by axis."""
        found = {rate.name: rate.of(scores.get(rate.axis, ())) for rate in self.rates}
        every = [score for axis in self.score for score in scores.get(axis, ())]
        return found | {"score": sum(every) / len(every) if every else None}


@cache
def shipped() -> tuple[Benchmark, ...]:
    """All benchmarks, by name."""
    return tuple(
        _made(json.loads(path.read_text(encoding="utf-8"))) for path in sorted(FOLDER.glob("*.json"))
    )


def named(name: str) -> Benchmark | None:
    return next((one for one in shipped() if one.name == name), None)


def _made(given: dict[str, Any]) -> Benchmark:
    return Benchmark(
        name=given["name"],
        titles={"ja": given["title_ja"], "en": given["title_en"]},
        populations={"ja": given["population_ja"], "en": given["population_en"]},
        turns=given["turns"],
        axes=tuple(Axis(**axis) for axis in given["axes"]),
        rates=tuple(Rate(**rate) for rate in given["rates"]),
        score=tuple(given["score"]),
    )
