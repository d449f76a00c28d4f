from curation.models.item import Comment, Draft, Item, Question, Revision, Text
from curation.models.people import Dataset, Membership, OptOut, Person
from curation.models.release import Erratum, Release, ReleaseItem, Rights
from curation.models.review import Review
from curation.models.taxonomy import (
    Category,
    CategoryMapping,
    Guideline,
    Quota,
    Taxonomy,
)
from curation.models.translation import (
    Translation,
    TranslationDraft,
    TranslationReview,
    TranslationRevision,
)
from curation.models.work import Endpoint, Job, LogEntry, LogSeal

__all__ = [
    "Category",
    "CategoryMapping",
    "Comment",
    "Dataset",
    "Draft",
    "Endpoint",
    "Erratum",
    "Guideline",
    "Item",
    "Job",
    "LogEntry",
    "LogSeal",
    "Membership",
    "OptOut",
    "Person",
    "Question",
    "Quota",
    "Release",
    "ReleaseItem",
    "Review",
    "Revision",
    "Rights",
    "Taxonomy",
    "Text",
    "Translation",
    "TranslationDraft",
    "TranslationReview",
    "TranslationRevision",
]
