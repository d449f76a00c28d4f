"""A person's data in a part, each piece a finding of its own. Pure."""

from __future__ import annotations

from curation.checks.findings import Finding, Place, warning
from curation.personal_data import personal_data


def persons_data(part: str, text: str) -> list[Finding]:
    """A finding for each different piece, its key the kind (`personal_data.KINDS`): each can be judged by itself."""
    pieces: dict[tuple[str, str], list[Place]] = {}
    for found in personal_data(text):
        place = Place(start=found.start, end=found.end, text=text[found.start : found.end])
        pieces.setdefault((found.kind, found.found), []).append(place)
    return [warning(kind, part, places) for (kind, _found), places in pieces.items()]
