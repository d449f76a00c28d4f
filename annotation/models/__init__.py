from annotation.models.rating import (
    Assignment,
    Rater,
    Rating,
    RatingTask,
    Rubric,
    TaskResponse,
)
from annotation.models.response import Response

__all__ = [
    "Assignment",
    "Rater",
    "Rating",
    "RatingTask",
    "Response",
    "Rubric",
    "TaskResponse",
]
