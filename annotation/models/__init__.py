from annotation.models.rating import (
    Assignment,
    PartnerAnnotation,
    Rater,
    Rating,
    RatingTask,
    Rubric,
    TaskResponse,
)
from annotation.models.response import Response

__all__ = [
    "Assignment",
    "PartnerAnnotation",
    "Rater",
    "Rating",
    "RatingTask",
    "Response",
    "Rubric",
    "TaskResponse",
]
