from curation.models.batch import Batch, BatchItem
from curation.models.dismissal import Dismissal
from curation.models.guideline import Codebook, CodebookDraft, Guideline, GuidelineDraft, GuidelineReading
from curation.models.item import Comment, Draft, Item, KeptDraft, Question, Revision, Text
from curation.models.lease import Lease
from curation.models.notice import Mention, Notice
from curation.models.people import Dataset, Membership, OptOut, Person, WorkedDay
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
from curation.models.review import DoubleReview, Review
from curation.models.routine import Routine
from curation.models.suggestion import Suggestion
from curation.models.taxonomy import (
    Category,
    CategoryMapping,
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
    "Batch",
    "BatchItem",
    "Category",
    "CategoryMapping",
    "Codebook",
    "CodebookDraft",
    "Comment",
    "Dataset",
    "Dismissal",
    "DoubleReview",
    "DownloadLink",
    "Draft",
    "Endpoint",
    "Erratum",
    "Guideline",
    "GuidelineDraft",
    "GuidelineReading",
    "Item",
    "Job",
    "KeptDraft",
    "Lease",
    "LogEntry",
    "LogSeal",
    "MappingSignOff",
    "Membership",
    "Mention",
    "Notice",
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
    "Routine",
    "Suggestion",
    "Taxonomy",
    "Text",
    "Translation",
    "TranslationDraft",
    "TranslationReview",
    "TranslationRevision",
    "Waiver",
    "WorkedDay",
]
