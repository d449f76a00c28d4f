from annotation.models.partner import (
    Exchange,
    PartnerAnnotation,
    PartnerConflict,
    PartnerProject,
    PartnerRater,
    PartnerServer,
)
from annotation.models.quality import TaskQuality
from annotation.models.rating import Rating
from annotation.models.response import Response
from annotation.models.rubric import GoldCase, PracticeAnswer, Qualification, Rubric
from annotation.models.task import Assignment, Rater, RatingTask, TaskRater, TaskResponse

__all__ = [
    "Assignment",
    "Exchange",
    "GoldCase",
    "PartnerAnnotation",
    "PartnerConflict",
    "PartnerProject",
    "PartnerRater",
    "PartnerServer",
    "PracticeAnswer",
    "Qualification",
    "Rater",
    "Rating",
    "RatingTask",
    "Response",
    "Rubric",
    "TaskQuality",
    "TaskRater",
    "TaskResponse",
]
