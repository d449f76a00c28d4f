"""How fast people work: the least time that reading takes, and times that stand apart from everybody's.

Reading aloud takes 68 ms a character in alphabets and 168 ms a character in Japanese (357 a minute). Nobody understands a
text in a third of it: the fastest silent readers need more. Source: Trauzettel-Klosinski & Dietz (2012), Standardized
assessment of reading performance, IOVS 53, 5452-5461 (doi 10.1167/iovs.11-8284): 25 native speakers of 18 to 35 years a
language, 36 of Japanese, who read ten paragraphs aloud; on the limits of fast reading Rayner et al. (2016), So much to read, so little
time. Robust z: Iglewicz & Hoaglin (1993), How to detect and handle outliers.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from statistics import median

WIDE, NARROW = 60 / 357, 0.068  # seconds a character, read aloud
QUICKER = 3
APART = 3.5
_SPREAD = 1.4826  # of a normal distribution, as a multiple of its median absolute deviation


def reading_floor(text: str) -> float:
    """Seconds below which a text cannot have been read: a third of the time that reading it aloud takes.

    White space is not counted; characters that East Asian fonts draw wide or full-width count as Japanese.
    """
    letters = [letter for letter in text if not letter.isspace()]
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in letters)
    narrow = len(letters) - wide
    return (wide * WIDE + narrow * NARROW) / QUICKER


def robust_z(values: Sequence[float]) -> list[float]:
    """Each value's distance from the median in units of the spread, by the median absolute deviation.

    z = (x - median) / (1.4826 MAD). All 0 where more than half of the values are alike: then no spread is known.
    """
    if not values:
        return []
    middle = median(values)
    spread = _SPREAD * median(abs(value - middle) for value in values)
    return [0.0 if spread == 0 else (value - middle) / spread for value in values]


def paces(seconds: Sequence[float], floors: Sequence[float]) -> list[float]:
    """The robust z of log(seconds / floor): how a time stands to those of others, whatever the texts' lengths."""
    return robust_z(
        [math.log(max(time, 0.05) / max(floor, 0.05)) for time, floor in zip(seconds, floors, strict=True)]
    )
