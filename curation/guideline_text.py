"""What can be read out of a guideline's text: its sections, and the answer policy in its order. Pure.

A guideline is Markdown: `## 1. Title` begins a section, and the first numbered list is the policy, each point a bold
line in short and the rest of the sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEADING = re.compile(r"^##[ \u3000]+(?:(\d+)[.．][ \u3000]*)?(.+?)[ \u3000]*#*$", re.MULTILINE)
_POINT = re.compile(r"^ {0,3}\d+[.．)][ \u3000]+(?:\*\*(.+?)\*\*)?[ \u3000]*(.*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the guideline under a heading; `number` is the heading's own, else its place in the text."""

    number: int
    title: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One point of the policy: its short form ("" where the text has none) and what it says further."""

    short: str
    text: str


def sections(text: str) -> list[Section]:
    """The sections in their order; what stands before the first heading is in none."""
    headings = list(_HEADING.finditer(text))
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    return [
        Section(number=int(each[1] or place), title=each[2], body=text[each.end() : end].strip("\n"))
        for place, (each, end) in enumerate(zip(headings, ends, strict=True), start=1)
    ]


def preface(text: str) -> str:
    """What stands before the first section, without the title."""
    first = _HEADING.search(text)
    head = text[: first.start()] if first else text
    return re.sub(r"^# .*$", "", head, count=1, flags=re.MULTILINE).strip("\n")


def policy(text: str) -> list[Point]:
    """The points of the first numbered list, in their order: earlier ones win. [] where the text has no such list."""
    points: list[Point] = []
    for line in text.splitlines():
        found = _POINT.match(line)
        if found:
            points.append(Point(short=(found[1] or "").strip(), text=found[2].strip()))
        elif points and line.strip():
            break
    return points
