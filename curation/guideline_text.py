"""What can be read out of a guideline's text: its sections, and the answer policy in its order. Pure.

Versions never change, so what was read of the last texts is kept.

A guideline is Markdown: `## 1. Title` begins a section, and the first numbered list is the policy, each point a bold
line in short and the rest of the sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_HEADING = re.compile(r"^##[ \u3000]+(?:(\d+)[.．][ \u3000]*)?(.+?)[ \u3000]*#*$", re.MULTILINE)
_ENTRY = re.compile(r"^ {0,3}(?:([-*](?=[ \u3000])|・)|\d+[.．)](?=[ \u3000]))[ \u3000]*(?=\S)(.*)$")
_RULE = re.compile(r"^\|[ :|-]+\|?$")
_BOLD = re.compile(r"\*\*(.+?)\*\*|`([^`]+)`")
_POINT = re.compile(r"^ {0,3}\d+[.．)][ \u3000]+(?:\*\*(.+?)\*\*)?[ \u3000]*(.*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A piece of a line, bold or not."""

    text: str
    bold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A paragraph ("text", its lines), a list ("points" or "numbered", its entries) or a table ("table", rows of cells)."""

    kind: str
    lines: tuple[tuple[Run, ...], ...] = ()
    head: tuple[tuple[Run, ...], ...] = ()
    rows: tuple[tuple[tuple[Run, ...], ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the guideline under a heading; `number` is the heading's own, else its place in the text."""

    number: int
    title: str
    body: str

    @property
    def anchor(self) -> str:
        """Where the section stands on a page."""
        return anchor_of(self.number)

    @property
    def blocks(self) -> tuple[Block, ...]:
        return blocks(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One point of the policy: its short form ("" where the text has none) and what it says further."""

    short: str
    text: str


def anchor_of(number: int) -> str:
    """Where the section of a number stands on a page: the same in every version and language that numbers it so."""
    return f"guideline-{number}"


@lru_cache(maxsize=64)
def sections(text: str) -> tuple[Section, ...]:
    """The sections in their order; what stands before the first heading is in none."""
    headings = list(_HEADING.finditer(text))
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    return tuple(
        Section(number=int(each[1] or place), title=each[2], body=text[each.end() : end].strip("\n"))
        for place, (each, end) in enumerate(zip(headings, ends, strict=True), start=1)
    )


def preface(text: str) -> str:
    """What stands before the first section, without the title."""
    first = _HEADING.search(text)
    head = text[: first.start()] if first else text
    return re.sub(r"^# .*$", "", head, count=1, flags=re.MULTILINE).strip("\n")


@lru_cache(maxsize=64)
def policy(text: str) -> tuple[Point, ...]:
    """The points of the first numbered list, in their order: earlier ones win. () where the text has no such list."""
    points: list[Point] = []
    for line in text.splitlines():
        found = _POINT.match(line)
        if found:
            points.append(Point(short=(found[1] or "").strip(), text=found[2].strip()))
        elif points and line.strip():
            break
    return tuple(points)


@lru_cache(maxsize=512)
def blocks(text: str) -> tuple[Block, ...]:
    """What a reader sees of a body: paragraphs, lists and tables, in their order. Anything else stands as it was typed."""
    found: list[Block] = []
    held: list[str] = []
    kind = ""
    for line in [*text.splitlines(), ""]:
        now = _kind(line, kind)
        if now != kind and held:
            found.append(_block(kind, held))
            held = []
        kind = now
        if now:
            held.append(line)
    return tuple(found)


def _kind(line: str, before: str) -> str:
    """Which kind of block the line belongs to; "" for an empty line, which ends any."""
    if not line.strip():
        return ""
    if line.startswith("|"):
        return "table"
    if entry := _ENTRY.match(line):
        return "points" if entry[1] else "numbered"
    return before if before in ("points", "numbered") and line.startswith((" ", "\u3000")) else "text"


def _block(kind: str, lines: list[str]) -> Block:
    if kind == "table":
        cells = [tuple(_runs(cell.strip()) for cell in line.strip().strip("|").split("|")) for line in lines]
        if len(lines) > 1 and _RULE.match(lines[1].strip()):
            return Block(kind=kind, head=cells[0], rows=tuple(cells[2:]))
        return Block(kind=kind, rows=tuple(cells))
    if kind == "text":
        return Block(kind=kind, lines=tuple(_runs(line.strip()) for line in lines))
    entries: list[str] = []
    for line in lines:
        entry = _ENTRY.match(line)
        if entry or not entries:
            entries.append(entry[2] if entry else line.strip())
        else:
            entries[-1] += line.strip()
    return Block(kind=kind, lines=tuple(_runs(entry) for entry in entries))


def _runs(line: str) -> tuple[Run, ...]:
    found: list[Run] = []
    at = 0
    for bold in _BOLD.finditer(line):
        if bold.start() > at:
            found.append(Run(text=line[at : bold.start()]))
        found.append(Run(text=bold[1] or bold[2], bold=bold[1] is not None))
        at = bold.end()
    return tuple(found) if at == len(line) and found else (*found, Run(text=line[at:]))


def numbers_of(text: str) -> list[int]:
    """The numbers of the sections in their order: what links point to."""
    return [section.number for section in sections(text)]
