"""A loss curve as the numbers of an SVG: pure, no Django. The template draws, the style sheet colours."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 640, 260, 56, 44, 12, 16


@dataclass(frozen=True, kw_only=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Points as SVG `points` strings, in a box of WIDTH x HEIGHT; ticks with their labels."""

    lines: dict[str, str]
    x_ticks: list[Tick] = field(default_factory=list)
    y_ticks: list[Tick] = field(default_factory=list)
    n: int = 0
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    base: int = HEIGHT - BOTTOM
    right: int = WIDTH - RIGHT
    middle: int = (LEFT + WIDTH - RIGHT) // 2
    centre: int = (TOP + HEIGHT - BOTTOM) // 2


SERIES = {"loss": "loss", "heldout_loss": "held"}
MOST = 400  # points a line: more cannot be seen


def curve(rows: list[dict[str, Any]], *, steps: int | None) -> Curve | None:
    """The curve of `by_step` rows; None where no loss has been reported yet."""
    points = {
        name: [(row["step"], row[key]) for row in rows if _finite(row.get(key))]
        for key, name in SERIES.items()
    }
    values = [value for line in points.values() for _step, value in line]
    if not values:
        return None
    last = max(steps or 0, *(step for line in points.values() for step, _value in line), 1)
    low, high = 0.0, max(values) * 1.05 or 1.0

    def x(step: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * step / last, 1)

    def y(value: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * (value - low) / (high - low), 1)

    return Curve(
        lines={
            name: " ".join(f"{x(step)},{y(value)}" for step, value in _thinned(line))
            for name, line in points.items()
            if line
        },
        x_ticks=[Tick(at=x(value), label=f"{value:.0f}") for value in _nice(last, least=1.0)],
        y_ticks=[Tick(at=y(value), label=f"{value:g}") for value in _nice(high)],
        n=len(points["loss"]),
    )


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _thinned(line: list[tuple[int, float]]) -> list[tuple[int, float]]:
    every = max(1, len(line) // MOST)
    return [*line[::every], line[-1]] if every > 1 else line


def _nice(top: float, *, least: float = 0.0) -> list[float]:
    """Four or so round numbers from 0 up to `top`, at least `least` apart."""
    size = 10 ** math.floor(math.log10(top / 4)) if top > 0 else 1.0
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if top / (size * factor) <= 5)
    step = max(step, least)
    if least and step % 1:
        step = math.ceil(step)  # steps are whole
    return [round(step * k, 10) for k in range(int(top / step) + 1)]
