"""Half-width and full-width letters, digits and kana in one text. Pure."""

from __future__ import annotations

import re
import unicodedata

from curation.checks.findings import Finding, Place, warning

_KANA = re.compile("[\uff66-\uff9f]+")
_DIGITS = (re.compile("[\uff10-\uff19]+"), re.compile("[0-9]"))
_LETTERS = (re.compile("[\uff21-\uff3a\uff41-\uff5a]+"), re.compile("[A-Za-z]"))
_MIXED = (("mixed_digits", _DIGITS), ("mixed_letters", _LETTERS))


def mixed_widths(part: str, text: str) -> list[Finding]:
    """Half-width kana; both widths of digits, of letters; and full-width ones where the text has one width only."""
    found = [("half_kana", _places(_KANA, text))]
    alone: list[Place] = []
    for key, (full, half) in _MIXED:
        places = _places(full, text)
        if half.search(text):
            found.append((key, places))
        else:
            alone += places
    found.append(("full_width", sorted(alone, key=lambda place: place.start)))
    return [warning(key, part, places) for key, places in found if places]


def _places(pattern: re.Pattern[str], text: str) -> list[Place]:
    return [
        Place(
            start=match.start(),
            end=match.end(),
            text=match[0],
            instead=unicodedata.normalize("NFKC", match[0]),
        )
        for match in pattern.finditer(text)
    ]
