"""Two shares of each model against each other, in units of a view box. Pure; a template only draws it."""

from __future__ import annotations

import math
from typing import Any

WIDTH, HEIGHT = 640.0, 420.0
LEFT, RIGHT, TOP, BOTTOM = 58.0, 560.0, 14.0, 364.0
SERIES = 8  # colours
_LINE = 19.0  # between two labels
_NEAR = 150.0  # labels that begin nearer to each other than this could run into each other


def plane(points: list[dict[str, Any]]) -> dict[str, Any] | None:
    """A dot with the intervals of both shares for each point `{"name", "x", "y"}`, x and y leaves of estimates.

    Both axes run from 0 to the same step beyond the widest interval, so that distances mean the same along each. Points
    that lack a value are left out; None where no point is left.
    """
    known = [p for p in points if p["x"]["value"] is not None and p["y"]["value"] is not None]
    if not known:
        return None
    ends = [_end(p[axis], "high") for p in known for axis in ("x", "y")]
    top = max(0.1, math.ceil(max(ends) * 10 - 1e-9) / 10)
    drawn = [_point(at, p, top) for at, p in enumerate(known)]
    _part(drawn)
    step = 0.1 if top <= 0.5 else 0.2
    shares = [step * n for n in range(round(top / step) + 1) if step * n <= top + 1e-9]
    return {
        "points": drawn,
        "x_ticks": [{"at": _x(share, top), "label": f"{100 * share:.0f}"} for share in shares],
        "y_ticks": [
            {"at": _y(share, top), "label_y": _y(share, top) + 4, "label": f"{100 * share:.0f}"}
            for share in shares
        ],
        "left": LEFT,
        "right": RIGHT,
        "top": TOP,
        "bottom": BOTTOM,
        "middle_x": (LEFT + RIGHT) / 2,
        "middle_y": (TOP + BOTTOM) / 2,
        "x_labels": BOTTOM + 18,
        "x_title": BOTTOM + 40,
        "width": WIDTH,
        "height": HEIGHT,
    }


def _end(leaf: dict[str, Any], name: str) -> float:
    found = leaf["value"] if leaf.get(name) is None else leaf[name]
    return float(found)


def _x(share: float, top: float) -> float:
    return round(LEFT + share / top * (RIGHT - LEFT), 1)


def _y(share: float, top: float) -> float:
    return round(BOTTOM - share / top * (BOTTOM - TOP), 1)


def _point(at: int, point: dict[str, Any], top: float) -> dict[str, Any]:
    x, y = _x(point["x"]["value"], top), _y(point["y"]["value"], top)
    return {
        "name": point["name"],
        "series": at % SERIES + 1,
        "x": x,
        "y": y,
        "x_low": _x(_end(point["x"], "low"), top),
        "x_high": _x(_end(point["x"], "high"), top),
        "y_low": _y(_end(point["y"], "low"), top),
        "y_high": _y(_end(point["y"], "high"), top),
        "label_x": x + 10,
        "label_y": y - 8,
    }


def _part(drawn: list[dict[str, Any]]) -> None:
    """Move labels up until none stands on another; the lowest stays where it is."""
    placed: list[dict[str, Any]] = []
    for point in sorted(drawn, key=lambda p: (-p["label_y"], p["label_x"])):
        near = [other for other in placed if abs(other["label_x"] - point["label_x"]) < _NEAR]
        while any(abs(other["label_y"] - point["label_y"]) < _LINE for other in near):
            point["label_y"] = round(
                min(other["label_y"] for other in near if abs(other["label_y"] - point["label_y"]) < _LINE)
                - _LINE,
                1,
            )
        placed.append(point)
