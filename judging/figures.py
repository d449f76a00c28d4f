"""Geometry of the server-made figures, in units of their view boxes. Pure; templates only draw it."""

from __future__ import annotations

from typing import Any

# The band that the paper gives for judge and people (arXiv 2506.02372), for a coefficient that it does not name.
PAPER_BAND = (0.66, 0.74)
BANDED = ("pearson", "spearman", "kendall_tau_b")
LEFT, RIGHT = 190.0, 610.0  # of the strip's plot, in a view box 640 wide
ROW = 30.0


def strip(lines: list[dict[str, Any]], *, band: bool) -> dict[str, Any]:
    """The verdict strip: a dot and a bar for each line `{"label", "estimate", "kind"}` on one axis.

    The axis goes from 0 (or below, where an interval does) to 1. `band` draws the paper's band behind the lines
    marked `banded`.
    """
    lows = [line["estimate"].get("low") for line in lines if line["estimate"].get("low") is not None]
    start = min([0.0, *lows])
    start = -1.0 if start < -0.5 else -0.5 if start < 0 else 0.0

    def x(value: float) -> float:
        return round(LEFT + (max(start, min(1.0, value)) - start) / (1.0 - start) * (RIGHT - LEFT), 1)

    drawn: list[dict[str, Any]] = []
    for at, line in enumerate(lines):
        estimate = line["estimate"]
        y = 18 + at * ROW
        one = {**line, "y": y, "text_y": y + 4.5}
        if estimate.get("value") is not None:
            one["x"] = x(estimate["value"])
            one["shown"] = f"{estimate['value']:.2f}"
            if estimate.get("low") is not None:
                one["low"], one["high"] = x(estimate["low"]), x(estimate["high"])
                one["width"] = max(1.0, round(one["high"] - one["low"], 1))
        drawn.append(one)
    bottom = 18 + len(lines) * ROW - 10
    banded = [line["y"] for line in drawn if line.get("banded")]
    step = 0.2 if start == 0 else 0.25 if start == -0.5 else 0.5
    count = round((1.0 - start) / step)
    ticks = [{"x": x(start + step * n), "label": f"{start + step * n:.2g}"} for n in range(count + 1)]
    found: dict[str, Any] = {
        "lines": drawn,
        "ticks": ticks,
        "bottom": bottom,
        "label_y": bottom + 16,
        "height": bottom + 24,
        "left": LEFT,
        "label_x": LEFT - 12,
    }
    if band and banded:
        low, high = x(PAPER_BAND[0]), x(PAPER_BAND[1])
        top = min(banded) - 14
        found["band"] = {
            "x": low,
            "width": round(high - low, 1),
            "y": top,
            "height": max(banded) - top + 14,
        }
    return found


def interval(estimate: dict[str, Any]) -> dict[str, Any] | None:
    """A share's dot and bar on a small axis from 0 to 1 that is 100 units wide; None where there is no value."""
    if estimate.get("value") is None:
        return None
    low = estimate["low"] if estimate.get("low") is not None else estimate["value"]
    high = estimate["high"] if estimate.get("high") is not None else estimate["value"]
    return {
        "x": round(100 * estimate["value"], 1),
        "low": round(100 * low, 1),
        "width": max(1.0, round(100 * (high - low), 1)),
    }


def shares(violation: dict[str, Any], acceptable: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The three shares of one rater of answers (violation, neither, acceptable) as pieces of a bar 100 units wide."""
    if violation.get("value") is None or acceptable.get("value") is None:
        return None
    low, high = 100 * violation["value"], 100 * acceptable["value"]
    middle = max(0.0, 100 - low - high)
    return [
        {"kind": "violation", "x": 0, "width": round(low, 2), "percent": low},
        {"kind": "neither", "x": round(low, 2), "width": round(middle, 2), "percent": middle},
        {"kind": "acceptable", "x": round(low + middle, 2), "width": round(high, 2), "percent": high},
    ]
