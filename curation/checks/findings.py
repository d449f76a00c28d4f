"""What a check answers with. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Characters of a part: `text` stands at [start, end), counted in code points of the text as it was given."""

    start: int
    end: int
    text: str
    instead: str = ""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one check found in one part.

    `key` names the check, `level` is "pass" or "warn". `count` is what its sentence counts (characters, places or
    other questions), `bounds` the band that was meant. A finding without places speaks of the whole `text`.
    """

    key: str
    level: str
    part: str
    count: int
    places: tuple[Place, ...] = ()
    bounds: tuple[int, int] | None = None
    text: str = ""

    @property
    def found(self) -> tuple[str, ...]:
        """The different texts at the places, in the order of the text."""
        return tuple(dict.fromkeys(place.text for place in self.places))

    @cached_property
    def fingerprint(self) -> str:
        """32 hexadecimal digits that stay while the text at the places does: what a dismissal holds on to."""
        grounds = [self.key, self.part, *(sorted(self.found) if self.places else [self.text])]
        return hashlib.sha256(json.dumps(grounds, ensure_ascii=False).encode()).hexdigest()[:32]


def warning(key: str, part: str, places: Iterable[Place]) -> Finding:
    """A finding about these places."""
    held = tuple(places)
    return Finding(key=key, level="warn", part=part, count=len(held), places=held)
