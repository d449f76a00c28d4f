"""Which number a version gets. Pure: no Django, no models.

Croissant 1.1 (specification of 29 January 2026, "Dataset versioning"): MAJOR where existing data changed or moved
across splits, MINOR where data was only added, PATCH where the data is the same and something about it was mended.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from itertools import count, product
from string import ascii_lowercase

MAJOR, MINOR, PATCH = "major", "minor", "patch"
FIRST = "1.0.0"
VERSION = re.compile(r"(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})")

Rows = Mapping[str, tuple[str, str]]  # external id: (content hash, split)


def level(*, touched: int, added: int) -> str:
    """MAJOR where any row was changed, moved or taken away, MINOR where rows were only added, else PATCH."""
    if touched:
        return MAJOR
    return MINOR if added else PATCH


def level_of(before: Rows, after: Rows) -> str:
    """The same by the rows themselves."""
    touched = sum(after.get(key) != row for key, row in before.items())
    return level(touched=touched, added=len(after.keys() - before.keys()))


def next_version(previous: str, level: str) -> str:
    """The number after `previous` ("" where nothing was numbered yet: 1.0.0)."""
    found = VERSION.fullmatch(previous)
    if found is None:
        return FIRST
    major, minor, patch = (int(part) for part in found.groups())
    if level == MAJOR:
        return f"{major + 1}.0.0"
    return f"{major}.{minor + 1}.0" if level == MINOR else f"{major}.{minor}.{patch + 1}"


def as_numbers(version: str) -> tuple[int, int, int]:
    """For comparing; (0, 0, 0) where there is no number."""
    found = VERSION.fullmatch(version)
    if found is None:
        return (0, 0, 0)
    major, minor, patch = (int(part) for part in found.groups())
    return (major, minor, patch)


CORRECTED = re.compile(r"-rev\d{8}[a-z]*$")
LONGEST_NAME = 60


def revision_name(name: str, day: date, taken: Collection[str]) -> str:
    """The name of a correction of `name`: NAME-revYYYYMMDD, then ...b, ...c on the same day.

    A correction of a correction is named after the release that both go back to. A name too long to take the ending
    loses its last characters.
    """
    base = CORRECTED.sub("", name)
    for mark in _marks():
        ending = f"-rev{day:%Y%m%d}{mark}"
        found = base[: LONGEST_NAME - len(ending)] + ending
        if found not in taken:
            return found
    raise AssertionError  # marks never end


def _marks() -> Iterator[str]:
    """Nothing, b to z, then ba to zz and so on."""
    yield ""
    for length in count():
        for first in ascii_lowercase[1:]:
            yield from (first + "".join(rest) for rest in product(ascii_lowercase, repeat=length))
