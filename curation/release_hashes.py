"""What a frozen row and a whole release hash to. Pure: whoever has the files can compute both again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_ENCODE = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
VERSION = 2  # 1 left sources and translations out


def row_hash(
    *,
    question: str,
    answer: str | None,
    labels: Sequence[str],
    attributes: Mapping[str, Any],
    sources: Sequence[Any],
    translations: Mapping[str, Mapping[str, str | None]],
) -> str:
    """SHA-256 over everything frozen of an item but its split, as canonical JSON.

    Texts enter by the SHA-256 (64 hex digits) of their UTF-8, so that a redacted one can still be checked.
    `translations` maps a locale to {"question": hash, "answer": hash or None}.
    """
    parts = {
        "question": question,
        "answer": answer,
        "labels": list(labels),
        "attributes": attributes,
        "sources": list(sources),
        "translations": translations,
    }
    return hashlib.sha256(canonical(parts).encode()).hexdigest()


def canonical(value: Any) -> str:
    """JSON with one spelling: sorted keys, no white space, raw Unicode."""
    return _ENCODE(value)


def content_digest(value: Any) -> str:
    """SHA-256 of the canonical JSON of a value: how a version of a list or a guideline is told from another."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


class RootHash:
    """SHA-256 over (position, id, split, content hash) of every row, in order, as the rows go by."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def add(self, rows: Iterable[tuple[int, str, str, str]]) -> None:
        """Take the next rows."""
        self._digest.update(
            "".join(
                [
                    f"{position}\t{external_id}\t{split}\t{content}\n"
                    for position, external_id, split, content in rows
                ]
            ).encode()
        )

    def hexdigest(self) -> str:
        """Of what went by."""
        return self._digest.hexdigest()


def root_hash(rows: Iterable[tuple[int, str, str, str]]) -> str:
    """`RootHash` of all rows at once."""
    whole = RootHash()
    whole.add(rows)
    return whole.hexdigest()
