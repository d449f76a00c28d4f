"""Exports of a release: one pipeline for every format behind `export`; `verify` reads a folder back."""

from .csv_files import formula_safe
from .exporting import FORMATS, export
from .json_files import SYSTEM
from .manifest import ITEMS, MANIFEST, SUMS, TERMS
from .rows import META_ORDERS, Changes, ReleaseDescription, ReleaseRow, UnwritableRelease
from .tables import HumanTable
from .verifying import Problem, Verification, verification, verify

__all__ = [
    "FORMATS",
    "ITEMS",
    "MANIFEST",
    "META_ORDERS",
    "SUMS",
    "SYSTEM",
    "TERMS",
    "Changes",
    "HumanTable",
    "Problem",
    "ReleaseDescription",
    "ReleaseRow",
    "UnwritableRelease",
    "Verification",
    "export",
    "formula_safe",
    "verification",
    "verify",
]
