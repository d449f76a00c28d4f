"""What a judge's reply says: the score it ends in, or the name of what is wrong with it. Pure.

Nothing that is wrong ever becomes a number, and what the judged answer says about its own score does not count.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

PARSER_VERSION = "2"
LONGEST_REASON = 4000  # characters
MOST_OBJECTS = 2000  # looked at in one reply

Point = int | float | str

# What is not quite JSON, too: a full-width digit or a bare word in the place of the score.
# Atomic, so that no text makes it go back and forth.
_OBJECT = re.compile(
    r'\{(?>[^{}]*?"score"\s*+:\s*+)(?:"(?P<word>[^"{}]*+)"|(?P<number>[^\s,{}"]++))[^{}]*+\}'
)
_BRACKETS = re.compile(r"評価\s*[：:]\s*(?:\[\[|［［)(?P<word>[^\[\]［］\n]{1,40})(?:\]\]|］］)")
_FENCED = re.compile(r"^\s*```[a-z]*\s*$", re.MULTILINE)
_REFUSAL = re.compile(
    r"^\s*(?:申し訳(?:ありません|ございません)|恐れ入りますが|すみませんが|お答え(?:できません|することはできません)|"
    r"I(?:'|’)m (?:very )?sorry|I am sorry|Sorry,|I can(?:no|'|’)t|I(?:'|’)m unable|I am unable)",
    re.IGNORECASE,
)
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Parsed:
    """`status` is "ok" with a point of the scale, or off_format, out_of_range, refused without one."""

    status: str
    score: Point | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Found:
    """Something that looks like a verdict: where it stands in the text, and what is written in the score's place."""

    start: int
    end: int
    written: str
    reason: str = ""

    @property
    def value(self) -> str | float:
        """What two spellings of one score have in common."""
        try:
            return float(self.written)  # reads full-width digits too
        except ValueError:
            return self.written


def parse(reply: str, scale: Sequence[Point], *, fence: str = "", judged: str = "") -> Parsed:
    """The verdict of a reply on a scale.

    The last `{"score": n}` binds; where there is none, the last 評価：[[n]], in full-width digits too. Whatever stands
    between the call's own fences, or repeats the whole judged answer, is a quotation and is not read. Where the judged
    answer holds such a verdict itself, the same one binds only if it stands alone in the last line and nothing else
    in the reply says another score.
    """
    own = _without_quotations(reply, fence, judged)
    found = _objects(own) or _brackets(own)
    if not found:
        return Parsed("refused" if _REFUSAL.match(own) else "off_format", reason=_tidy(own))
    last = found[-1]
    reason = _tidy(own[: last.start]) or last.reason
    planted = {one.value for one in (*_objects(judged), *_brackets(judged))} if judged else set()
    if last.value in planted and not _stands_alone(last, found, own):
        return Parsed("off_format", reason=_tidy(own))
    return _on_scale(last.written, scale, reason)


def _stands_alone(last: _Found, found: Sequence[_Found], text: str) -> bool:
    before, after = text[: last.start].rpartition("\n")[2], text[last.end :]
    alone = not before.strip() and not _FENCED.sub("", after).strip()
    return alone and all(one.value == last.value for one in found)


def _without_quotations(reply: str, fence: str, judged: str) -> str:
    if fence:
        edge = re.escape(fence)
        reply = re.sub(rf"<{edge}>.*?(?:</{edge}>|\Z)", " ", reply, flags=re.DOTALL)
    whole = judged.strip()
    # A judged answer that is nothing but a verdict cannot be told from one; see parse.
    bare = _OBJECT.fullmatch(whole) or _BRACKETS.fullmatch(whole)
    if whole and not bare and (_OBJECT.search(whole) or _BRACKETS.search(whole)):
        reply = reply.replace(whole, " ")
    return reply


def _objects(text: str) -> list[_Found]:
    """JSON objects with a score, whole or nearly so, in their order; one inside another counts as the outer one."""
    found = {one.start: one for one in _json(text)}
    inside = [(one.start, one.end) for one in found.values()]
    for match in _OBJECT.finditer(text):
        if not any(start <= match.start() < end for start, end in inside):
            groups = match.groupdict()
            written = groups["word"] if groups["word"] is not None else groups["number"]
            found[match.start()] = _Found(match.start(), match.end(), (written or "").strip())
    return [found[start] for start in sorted(found)]


def _json(text: str) -> Iterator[_Found]:
    at, tried = text.find("{"), 0
    while at >= 0 and tried < MOST_OBJECTS:
        tried += 1
        try:
            given, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            at = text.find("{", at + 1)
            continue
        if isinstance(given, dict) and "score" in given:
            score = given["score"]
            written = score.strip() if isinstance(score, str) else json.dumps(score, ensure_ascii=False)
            reason = given.get("reason")
            yield _Found(at, end, written, _tidy(reason) if isinstance(reason, str) else "")
        at = text.find("{", end)


def _brackets(text: str) -> list[_Found]:
    return [_Found(match.start(), match.end(), match["word"].strip()) for match in _BRACKETS.finditer(text)]


def _on_scale(written: str, scale: Sequence[Point], reason: str) -> Parsed:
    for point in scale:
        if isinstance(point, str) and point == written:
            return Parsed("ok", point, reason)
    try:
        number = float(written)
    except ValueError:
        return Parsed("off_format", reason=reason)
    for point in scale:
        if not isinstance(point, str) and point == number:
            return Parsed("ok", point, reason)
    return Parsed("out_of_range", reason=reason)


def _tidy(text: str) -> str:
    return text.strip().removesuffix("```json").removesuffix("```").strip()[:LONGEST_REASON]
