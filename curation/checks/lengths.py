"""Whether a part is as long as the guideline asks. Pure."""

from __future__ import annotations

from curation.checks.findings import Finding

QUESTION_LENGTH = (10, 300)  # characters; shorter names no situation, longer asks more than one thing
ANSWER_LENGTH = (100, 400)  # the guideline's aim


def length(text: str) -> int:
    """Characters as people count them: code points, without line breaks."""
    return len(text.replace("\r", "").replace("\n", ""))


def length_band(part: str, text: str, bounds: tuple[int, int]) -> Finding:
    """`length` where the part lies within the bounds (both included), else `short` or `long`."""
    count = length(text)
    key = "short" if count < bounds[0] else "long" if count > bounds[1] else "length"
    level = "pass" if key == "length" else "warn"
    return Finding(key=key, level=level, part=part, count=count, bounds=bounds, text=text)
