"""What a judge's reply says: the score it ends in, or the name of what is wrong with it. Pure.

Nothing that is wrong ever becomes a number, and what the judged answer says about its own score does not count.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

PARSER_VERSION = "1"
LONGEST_REASON = 4000  # characters

Point = int | float | str

# A whole JSON object without inner objects that has the key "score".
_OBJECT = re.compile(r'\{[^{}]*?"score"\s*:\s*(?:"(?P<word>[^"{}]*)"|(?P<number>[^\s,{}"]+))[^{}]*\}')
_BRACKETS = re.compile(r"評価\s*[：:]\s*(?:\[\[|［［)(?P<word>[^\[\]［］\n]{1,40})(?:\]\]|］］)")
_REFUSAL = re.compile(
    r"^\s*(?:申し訳(?:ありません|ございません)|恐れ入りますが|すみませんが|お答え(?:できません|することはできません)|"
    r"I(?:'|’)m (?:very )?sorry|I am sorry|Sorry,|I can(?:no|'|’)t|I(?:'|’)m unable|I am unable)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Parsed:
    """`status` is "ok" with a point of the scale, or off_format, out_of_range, refused without one."""

    status: str
    score: Point | None = None
    reason: str = ""


def parse(reply: str, scale: Sequence[Point], *, fence: str = "", judged: str = "") -> Parsed:
    """The verdict of a reply on a scale.

    The last `{"score": n}` binds; where there is none, the last 評価：[[n]], in full-width digits too. Whatever stands
    between the call's own fences, or repeats the whole judged answer, is a quotation and is not read.
    """
    own = _without_quotations(reply, fence, judged)
    found = _last(_OBJECT, own) or _last(_BRACKETS, own)
    if found is None:
        return Parsed("refused" if _REFUSAL.match(own) else "off_format", reason=_tidy(own))
    reason = _tidy(own[: found.start()])
    groups = found.groupdict()
    written = (groups.get("word") if groups.get("word") is not None else groups.get("number")) or ""
    return _on_scale(written.strip(), scale, reason)


def _without_quotations(reply: str, fence: str, judged: str) -> str:
    if fence:
        edge = re.escape(fence)
        reply = re.sub(rf"<{edge}>.*?(?:</{edge}>|\Z)", " ", reply, flags=re.DOTALL)
    whole = judged.strip()
    if whole and (_OBJECT.search(whole) or _BRACKETS.search(whole)):
        reply = reply.replace(whole, " ")
    return reply


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    found = None
    for found in pattern.finditer(text):  # noqa: B007
        pass
    return found


def _on_scale(written: str, scale: Sequence[Point], reason: str) -> Parsed:
    for point in scale:
        if isinstance(point, str) and point == written:
            return Parsed("ok", point, reason)
    try:
        number = float(written)  # reads full-width digits too
    except ValueError:
        return Parsed("off_format", reason=reason)
    for point in scale:
        if not isinstance(point, str) and point == number:
            return Parsed("ok", point, reason)
    return Parsed("out_of_range", reason=reason)


def _tidy(text: str) -> str:
    return text.strip().removesuffix("```json").removesuffix("```").strip()[:LONGEST_REASON]
