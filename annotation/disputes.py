"""When raters disagree about a response so that somebody decides: the rule, in words and for one response. Pure.

`results.disputed` asks the database the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from annotation.axes import Axis

SPREAD = 2  # points of an ordinal scale between the lowest and the highest rating
UNDECIDED, APART, VIOLATION, ACCEPTABLE, NO_MAJORITY = (
    "undecided",
    "apart",
    "violation",
    "acceptable",
    "no_majority",
)


def reasons(axis: Axis, scores: Sequence[str]) -> list[str]:
    """Why the scores of one response (blank: cannot decide) are in dispute on an axis; empty where they are not."""
    decided = [score for score in scores if score]
    found = [UNDECIDED] if scores and 2 * (len(scores) - len(decided)) >= len(scores) else []
    if not decided:
        return found
    if axis.kind != "ordinal":
        most = max(Counter(decided).values())
        return [*found, NO_MAJORITY] if 2 * most <= len(decided) else found
    values = [float(score) for score in decided]
    if max(values) - min(values) >= SPREAD:
        found.append(APART)
    low, high = axis.violation_at_most, axis.acceptable_at_least
    if low is not None and 2 * sum(value <= low for value in values) == len(values):
        found.append(VIOLATION)
    if high is not None and 2 * sum(value >= high for value in values) == len(values):
        found.append(ACCEPTABLE)
    return found
