"""The coded reasons for sending back and rejecting: what one version of the list holds. Pure: no Django, no models.

A list is data of its dataset (`Codebook`); every dataset begins with the one that the guidelines ship.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parent / "guidelines" / "reasons.json"
PARTS = ("question", "answer", "translation")
VERBS = ("request_changes", "request_answer", "reject")
CELLS = (
    "name_ja",
    "name_en",
    "hint_ja",
    "hint_en",
    "parts",
    "verbs",
    "section",
    "comment_required",
    "retired",
)


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One reason: its code, its words in both languages, the parts it speaks of, the verbs it goes with.

    `section` is the number of the guideline's section that speaks of it, 0 for none. A retired one is offered no more.
    """

    code: str
    name_ja: str
    name_en: str
    hint_ja: str
    hint_en: str
    parts: tuple[str, ...]
    verbs: tuple[str, ...]
    comment_required: bool
    section: int = 0
    retired: bool = False

    def name(self, language: str) -> str:
        return self.name_ja if language.startswith("ja") else self.name_en

    def hint(self, language: str) -> str:
        return self.hint_ja if language.startswith("ja") else self.hint_en


@dataclass(frozen=True, kw_only=True)
class Book:
    """One version of the list, in its order."""

    reasons: tuple[Reason, ...]

    def offered(self, verb: str, *parts: str) -> tuple[Reason, ...]:
        """Those of a verb that speak of any of the parts (by default the item's) and are not retired."""
        wanted = set(parts or ("question", "answer"))
        return tuple(
            each
            for each in self.reasons
            if not each.retired and verb in each.verbs and wanted & set(each.parts)
        )

    def of(self, code: str) -> Reason | None:
        """The reason of a code, retired or not; None for one that the list never had."""
        return next((each for each in self.reasons if each.code == code), None)

    def rows(self) -> list[dict[str, Any]]:
        """As `read` takes them."""
        return [
            {
                "code": each.code,
                "name_ja": each.name_ja,
                "name_en": each.name_en,
                "for": list(each.parts),
                "verbs": list(each.verbs),
                "section": each.section,
                "comment_required": each.comment_required,
                "retired": each.retired,
                "hint_ja": each.hint_ja,
                "hint_en": each.hint_en,
            }
            for each in self.reasons
        ]


def read(rows: Iterable[Mapping[str, Any]]) -> Book:
    """The list that the rows of a file or of a version hold."""
    return Book(
        reasons=tuple(
            Reason(
                code=row["code"],
                name_ja=row["name_ja"],
                name_en=row["name_en"],
                hint_ja=row["hint_ja"],
                hint_en=row["hint_en"],
                parts=tuple(row["for"]),
                verbs=tuple(row["verbs"]),
                comment_required=bool(row.get("comment_required")),
                section=int(row.get("section", 0)),
                retired=bool(row.get("retired")),
            )
            for row in rows
        )
    )


@cache
def shipped() -> Book:
    """What a dataset begins with."""
    return read(json.loads(FILE.read_text(encoding="utf-8")))


def without_reason(book: Book) -> tuple[str, str] | None:
    """A verb and a part for which the list offers nothing, though a decision needs a reason there; None where all do."""
    asked = [(verb, part) for verb in ("request_changes", "reject") for part in ("question", "answer")]
    asked += [("request_answer", "answer"), ("request_changes", "translation")]
    return next(((verb, part) for verb, part in asked if not book.offered(verb, part)), None)


def reused(book: Book, before: Book) -> str:
    """A code of the version before that is gone, or has another name now; "" where each still means what it meant."""
    for old in before.reasons:
        new = book.of(old.code)
        if new is None or (new.name_ja, new.name_en) != (old.name_ja, old.name_en):
            return old.code
    return ""


@dataclass(frozen=True, kw_only=True)
class Change:
    """What differs in one reason between two versions.

    `kind` is added, removed or changed; `reason` is the newer state, the older of what was removed. `cells` are names
    of CELLS with what stood there before and after, None on the side that lacks the reason.
    """

    kind: str
    reason: Reason
    cells: tuple[tuple[str, Any, Any], ...]


def changes_between(before: Book, after: Book) -> list[Change]:
    """Reason by reason, in the order of `after`; what it lacks stands last. Reasons that are alike are left out."""
    found = [_change(before.of(new.code), new) for new in after.reasons]
    found += [_change(old, None) for old in before.reasons if after.of(old.code) is None]
    return [change for change in found if change.cells]


def _change(old: Reason | None, new: Reason | None) -> Change:
    pairs = [(name, getattr(old, name, None), getattr(new, name, None)) for name in CELLS]
    if old and new:
        cells = tuple(pair for pair in pairs if pair[1] != pair[2])
        return Change(kind="changed", reason=new, cells=cells)
    cells = tuple(pair for pair in pairs if pair[1] or pair[2])
    reason = new or old
    assert reason is not None
    return Change(kind="added" if new else "removed", reason=reason, cells=cells)


def reordered(before: Book, after: Book) -> bool:
    """Whether reasons that both have stand in another order."""
    old, new = [each.code for each in before.reasons], [each.code for each in after.reasons]
    return [code for code in old if code in new] != [code for code in new if code in old]
