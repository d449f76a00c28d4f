"""Whether a part is as long as the guideline asks. Pure."""

from __future__ import annotations

from typing import Any

from curation.checks.findings import Finding

QUESTION_LENGTH = (10, 300)  # characters; shorter names no situation, longer asks more than one thing
ANSWER_LENGTH = (100, 400)  # the guideline's aim
BANDS = {"question": QUESTION_LENGTH, "answer": ANSWER_LENGTH}
LONGEST = 20_000  # characters that a part may have at all

Bands = dict[str, tuple[int, int]]


def bands_of(said: dict[str, Any]) -> Bands:
    """Least and most characters of each part, from `{"question": [least, most]}`; a part not named has the guideline's."""
    return BANDS | {part: (said[part][0], said[part][1]) for part in BANDS if part in said}


def sound(band: Any) -> bool:
    """Whether these are two whole numbers, the least not above the most, within what a text may have."""
    if not isinstance(band, list | tuple) or len(band) != 2 or any(type(n) is not int for n in band):
        return False
    return 0 <= band[0] <= band[1] <= LONGEST and band[1] > 0


def length(text: str) -> int:
    """Characters as people count them: code points, without line breaks."""
    return len(text.replace("\r", "").replace("\n", ""))


def length_band(part: str, text: str, bounds: tuple[int, int]) -> Finding:
    """`length` where the part lies within the bounds (both included), else `short` or `long`."""
    count = length(text)
    key = "short" if count < bounds[0] else "long" if count > bounds[1] else "length"
    level = "pass" if key == "length" else "warn"
    return Finding(key=key, level=level, part=part, count=count, bounds=bounds, text=text)
