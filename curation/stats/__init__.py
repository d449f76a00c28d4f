"""The statistics engine: plain rows in, estimates with intervals out; numpy and scipy only.

Rows and estimates load neither, so that who only reads or writes them does not wait for scipy; `study` does.
"""

from typing import TYPE_CHECKING, Any

from curation.stats.data import StudyData, StudyOptions, StudyRating, StudyResponse, StudyRubric, StudyVerdict
from curation.stats.estimate import Estimate, not_estimable

if TYPE_CHECKING:
    from curation.stats.whole import study

__all__ = [
    "Estimate",
    "StudyData",
    "StudyOptions",
    "StudyRating",
    "StudyResponse",
    "StudyRubric",
    "StudyVerdict",
    "not_estimable",
    "study",
]


def __getattr__(name: str) -> Any:
    if name != "study":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from curation.stats.whole import study

    return study
