"""Files in and out: readers that set unsound rows apart, exporters whose bytes repeat. Pure: no Django, no models."""

from .faults import Notice, Quarantined, UnusableFile
from .ratings import (
    RatingRow,
    ResponseRow,
    RowsRead,
    Rubric,
    VerdictRow,
    read_ratings,
    read_responses,
    read_rubric,
    read_verdicts,
)
from .reading import ItemRow, ReadResult, read_items
from .translations import TranslationRow, read_translations, write_translations

__all__ = [
    "ItemRow",
    "Notice",
    "Quarantined",
    "RatingRow",
    "ReadResult",
    "ResponseRow",
    "RowsRead",
    "Rubric",
    "TranslationRow",
    "UnusableFile",
    "VerdictRow",
    "read_items",
    "read_ratings",
    "read_responses",
    "read_rubric",
    "read_translations",
    "read_verdicts",
    "write_translations",
]
