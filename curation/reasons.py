"""The reasons for sending back and rejecting, as the guidelines ship them. Pure: no Django, no models."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).resolve().parent / "guidelines" / "reasons.json"


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One reason: its code, its words in both languages, the parts it speaks of, the verbs it goes with."""

    code: str
    name_ja: str
    name_en: str
    hint_ja: str
    hint_en: str
    parts: tuple[str, ...]
    verbs: tuple[str, ...]
    comment_required: bool

    def name(self, language: str) -> str:
        return self.name_ja if language.startswith("ja") else self.name_en

    def hint(self, language: str) -> str:
        return self.hint_ja if language.startswith("ja") else self.hint_en


@cache
def reasons() -> tuple[Reason, ...]:
    """All reasons, in the order of the file."""
    rows = json.loads(FILE.read_text(encoding="utf-8"))
    return tuple(
        Reason(
            code=row["code"],
            name_ja=row["name_ja"],
            name_en=row["name_en"],
            hint_ja=row["hint_ja"],
            hint_en=row["hint_en"],
            parts=tuple(row["for"]),
            verbs=tuple(row["verbs"]),
            comment_required=bool(row.get("comment_required")),
        )
        for row in rows
    )


def reasons_for(verb: str, *parts: str) -> tuple[Reason, ...]:
    """Those of a verb that speak of any of the parts ("question", "answer", "translation"; by default the item's)."""
    wanted = set(parts or ("question", "answer"))
    return tuple(each for each in reasons() if verb in each.verbs and wanted & set(each.parts))


def reason_of(code: str) -> Reason | None:
    """The reason of a code; None for a code that is no longer, or never was, in the file."""
    return next((each for each in reasons() if each.code == code), None)
