"""Simple checks of a question and its answer, for the writer and the reviewer. Pure: no Django, no models.

They point at things and never stop a submit: what to do about them is a person's decision.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from curation.personal_data import personal_data

QUESTION_LENGTH = (10, 300)  # characters; shorter names no situation, longer asks more than one thing
ANSWER_LENGTH = (100, 400)  # the guideline's aim

_FULL_WIDTH = re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]+")
_HALF_KANA = re.compile("[\uff66-\uff9f]+")
_HALF_DIGIT = re.compile("[0-9]+")
_FULL_DIGIT = re.compile("[\uff10-\uff19]+")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was found where: `key` names the check, `level` is "pass" or "warn", `found` shows at most three places."""

    key: str
    level: str
    part: str
    count: int
    found: tuple[str, ...] = ()


def length(text: str) -> int:
    """Characters as people count them: code points, without line breaks."""
    return len(text.replace("\r", "").replace("\n", ""))


def check(question: str, answer: str) -> list[Finding]:
    """All findings, in a fixed order: length of both parts, width of letters, a person's data. Empty parts are skipped."""
    findings = []
    for part, text, bounds in (("question", question, QUESTION_LENGTH), ("answer", answer, ANSWER_LENGTH)):
        if not text.strip():
            continue
        findings.append(_length(part, text, bounds))
        findings += [finding for finding in (_width(part, text),) if finding] + _personal(part, text)
    return findings


def _length(part: str, text: str, bounds: tuple[int, int]) -> Finding:
    count = length(text)
    key = "short" if count < bounds[0] else "long" if count > bounds[1] else "length"
    return Finding(key=key, level="pass" if key == "length" else "warn", part=part, count=count)


def _width(part: str, text: str) -> Finding | None:
    """Full-width letters or digits beside half-width ones, and half-width kana: one text, one width."""
    kana = _HALF_KANA.findall(text)
    if kana:
        return _found("half_kana", part, kana)
    wide = _FULL_WIDTH.findall(text)
    if _FULL_DIGIT.search(text) and _HALF_DIGIT.search(text):
        return _found("mixed_digits", part, _FULL_DIGIT.findall(text))
    return _found("full_width", part, wide) if wide else None


def _personal(part: str, text: str) -> list[Finding]:
    """What looks like a mail address or a telephone number, and what like another piece of a person's data."""
    found = personal_data(text)
    contact = [each.found for each in found if each.kind in ("mail", "phone")]
    other = [each.found for each in found if each.kind not in ("mail", "phone")]
    return [
        _found(key, part, places) for key, places in (("contact", contact), ("personal", other)) if places
    ]


def _found(key: str, part: str, places: list[str]) -> Finding:
    return Finding(key=key, level="warn", part=part, count=len(places), found=tuple(places[:3]))
