"""What can be wrong with a file or a row of it, in sentences that can be translated.

A sentence is an English template with %(name)s places, marked with `gettext_noop` so that the message catalogues know
it. `str()` and `.reason` give English; a caller with a language writes `gettext(fault.template) % fault.values`.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from curation.errors import TeineiError

EXCERPT_LENGTH = 40


def gettext_noop(sentence: str) -> str:
    """Mark a sentence for translation and return it as it is (no Django in this package)."""
    return sentence


class UnusableFile(TeineiError):
    """The file as a whole cannot be read; nothing of it may be written."""

    def __init__(self, template: str, **values: object) -> None:
        super().__init__(template % values)
        self.template = template
        self.values = values


class Fault(Exception):
    """One row cannot be used. Raised where the field is checked, turned into `Quarantined` by the reader."""

    def __init__(self, template: str, *, field: str = "", content: object = None, **values: object) -> None:
        super().__init__(template)
        self.template = template
        self.field = field
        self.excerpt = excerpt(content)
        self.values = values


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A row (or, with row None, a whole part of the input) that was left out, and what would be right.

    `row` counts records from 1 without the heading; `line` is the line of the file where the record begins.
    """

    row: int | None
    template: str
    field: str = ""
    excerpt: str = ""
    file: str = ""
    line: int | None = None
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def reason(self) -> str:
        """The sentence in English."""
        return self.template % self.values


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that the reader decided by itself and the person should know."""

    template: str
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def __str__(self) -> str:
        return self.template % self.values


def excerpt(content: object) -> str:
    """The first characters of what was found, safe to print: control characters and lone surrogates escaped."""
    if content is None:
        return ""
    shown = content if isinstance(content, str) else repr(content)
    cut = shown[:EXCERPT_LENGTH]
    printable = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in cut)
    return printable + ("…" if len(shown) > EXCERPT_LENGTH else "")
