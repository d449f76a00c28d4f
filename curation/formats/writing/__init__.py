"""Exports of a release: one writer for each format, all behind `export`; `verify` reads a folder back."""

from .csv_files import formula_safe, write_csv, write_ids
from .exporting import FORMATS, MANIFEST, SUMS, TERMS, export
from .hub import write_hf
from .json_files import SYSTEM, write_ac, write_jsonl, write_messages, write_pandas, write_text
from .parquet import write_parquet
from .rows import META_ORDERS, ReleaseDescription, ReleaseRow, UnwritableRelease
from .verifying import Problem, Verification, verification, verify

__all__ = [
    "FORMATS",
    "MANIFEST",
    "META_ORDERS",
    "SUMS",
    "SYSTEM",
    "TERMS",
    "Problem",
    "ReleaseDescription",
    "ReleaseRow",
    "UnwritableRelease",
    "Verification",
    "export",
    "formula_safe",
    "verification",
    "verify",
    "write_ac",
    "write_csv",
    "write_hf",
    "write_ids",
    "write_jsonl",
    "write_messages",
    "write_pandas",
    "write_parquet",
    "write_text",
]
