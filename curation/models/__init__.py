from curation.models.item import Comment, Draft, Item, Question, Revision, Text
from curation.models.people import Dataset, Membership, OptOut, Person
from curation.models.release import (
    DownloadLink,
    Erratum,
    Publication,
    Redaction,
    Release,
    ReleaseItem,
    ReleasePage,
    Rights,
    Waiver,
)
from curation.models.review import Review
from curation.models.taxonomy import (
    Category,
    CategoryMapping,
    Guideline,
    MappingSignOff,
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
    "DownloadLink",
    "Draft",
    "Endpoint",
    "Erratum",
    "Guideline",
    "Item",
    "Job",
    "LogEntry",
    "LogSeal",
    "MappingSignOff",
    "Membership",
    "OptOut",
    "Person",
    "Publication",
    "Question",
    "Quota",
    "Redaction",
    "Release",
    "ReleaseItem",
    "ReleasePage",
    "Review",
    "Revision",
    "Rights",
    "Taxonomy",
    "Text",
    "Translation",
    "TranslationDraft",
    "TranslationReview",
    "TranslationRevision",
    "Waiver",
]
