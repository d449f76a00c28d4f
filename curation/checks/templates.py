"""A question cut from the same cloth as many others: one opening or one ending, only the middle changed. Pure.

A model learns the form instead of the care, and a test of such questions measures one question many times.
"""

from __future__ import annotations

from collections.abc import Iterable

from curation.checks.findings import Finding, Place
from curation.similar import fold

Ends = tuple[str, str]  # the first and the last REACH characters of a folded question
SHORTEST = {"same_opening": 10, "same_ending": 12}  # folded characters; a shorter run is everyday language
REACH = 40  # characters of each end that are compared
MANY = 4  # so many other questions share it
SHARE = 0.05  # and so great a part of those compared
# Endings with which people ask anything: what is shared has to reach further than these.
_EVERYDAY = sorted(
    map(
        fold,
        (
            "どうすればよいでしょうか",
            "どうすればいいでしょうか",
            "どうすればよいですか",
            "どうすればいいですか",
            "どうしたらよいでしょうか",
            "どうしたらいいでしょうか",
            "どうしたらよいですか",
            "どうしたらいいですか",
            "する方法を教えてください",
            "について教えてください",
            "はどのようなものですか",
            "にはどうすればいいですか",
            "ことはありますか",
            "はありますか",
            "のでしょうか",
            "でしょうか",
            "教えてください",
            "ですか",
            "ますか",
        ),
    ),
    key=len,
    reverse=True,
)
_BEYOND = 6
_CLOSING = "。．.？?！!」』）) "


def like_a_template(question: str, others: Iterable[Ends]) -> list[Finding]:
    """`same_opening` and `same_ending`: the longest run at either end that many of the others share.

    `count` is how many of them do. One with the same ends on both sides is no template but a repeat, and not counted.
    """
    own = fold(question)
    mine = ends(own)
    rest = [other for other in others if other != mine]
    enough = max(MANY, SHARE * len(rest))
    found = []
    opening = _longest([_shared(own, other[0]) for other in rest], enough)
    if opening and opening[0] >= SHORTEST["same_opening"]:
        found.append(_finding("same_opening", question, _first(question, opening[0]), opening[1]))
    own = own.rstrip(_CLOSING)
    ending = _longest([_shared(own[::-1], other[1].rstrip(_CLOSING)[::-1]) for other in rest], enough)
    if ending and ending[0] >= _least(own):
        found.append(_finding("same_ending", question, _last(question, ending[0]), ending[1]))
    return found


def ends(folded: str) -> Ends:
    """What is compared of an already folded question."""
    return folded[:REACH], folded[-REACH:]


def _bare(text: str) -> str:
    return fold(text).rstrip(_CLOSING)


def _shared(one: str, other: str) -> int:
    pairs = zip(one[:REACH], other[:REACH], strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other), REACH))


def _longest(runs: list[int], enough: float) -> tuple[int, int] | None:
    """The longest run that enough of the others reach, and how many do."""
    least = max(int(-(-enough // 1)), 1)
    if len(runs) < least:
        return None
    run = sorted(runs, reverse=True)[least - 1]
    return run, sum(each >= run for each in runs)


def _least(own: str) -> int:
    everyday = next((len(ending) for ending in _EVERYDAY if own.endswith(ending)), 0)
    return max(SHORTEST["same_ending"], everyday + _BEYOND)


def _first(text: str, run: int) -> tuple[int, int]:
    """Where the first `run` folded characters stand in the text as it was written."""
    end = next((at for at in range(1, len(text)) if len(fold(text[:at])) >= run), len(text))
    return 0, end


def _last(text: str, run: int) -> tuple[int, int]:
    start = next((at for at in range(len(text) - 1, 0, -1) if len(_bare(text[at:])) >= run), 0)
    return start, len(text)


def _finding(key: str, text: str, span: tuple[int, int], count: int) -> Finding:
    place = Place(start=span[0], end=span[1], text=text[span[0] : span[1]])
    return Finding(key=key, level="warn", part="question", count=count, places=(place,))
