"""What an answer must and must not do, one sentence each: the shape in which they are kept. Pure."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from .faults import Fault, gettext_noop
from .fields import optional_text

KINDS = ("must", "must_not")
MOST = 20  # lines of a kind: more is a second guideline
LONGEST = 500  # characters of a line


def criteria_of(value: Any) -> dict[str, list[str]]:
    """`{"must": [...], "must_not": [...]}` without empty lines and blanks at the ends; {} where nothing is left.

    A table's cell holds the object as JSON, and a text within it stands for its lines. Raises Fault, naming the field, for anything else and for too many or too long lines.
    """
    if value is None or value == "":
        return {}
    if isinstance(value, str):
        with suppress(ValueError, RecursionError):
            value = json.loads(value)
    if not isinstance(value, dict) or set(value) - set(KINDS):
        raise Fault(gettext_noop("%(field)s must be an object with must and must_not"), field="criteria")
    kept = {kind: _lines(value.get(kind), f"criteria.{kind}") for kind in KINDS}
    return kept if any(kept.values()) else {}


def _lines(value: Any, field: str) -> list[str]:
    if value is None:
        return []
    given = value.splitlines() if isinstance(value, str) else value
    if not isinstance(given, list):
        raise Fault(gettext_noop("%(field)s must be a list of texts"), field=field)
    lines = [line.strip() for part in given if (line := optional_text(part, field))]
    lines = [line for line in lines if line]
    if len(lines) > MOST:
        raise Fault(gettext_noop("%(field)s may have at most %(most)s lines"), field=field, most=MOST)
    if any(len(line) > LONGEST for line in lines):
        raise Fault(
            gettext_noop("%(field)s: a line may have at most %(most)s characters"), field=field, most=LONGEST
        )
    return lines
