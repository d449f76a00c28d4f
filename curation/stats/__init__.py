"""The statistics engine: plain rows in, estimates with intervals out; numpy and scipy only."""

from curation.stats.data import StudyData, StudyOptions, StudyRating, StudyResponse, StudyRubric, StudyVerdict
from curation.stats.estimate import Estimate, not_estimable
from curation.stats.study import study

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
