"""Texts in which the search for personal data found nothing, so that a freeze after a look does not search them again.

They lie in TEINEI_VAR/near, a file for each dataset, as hashes alone: which texts hold something is kept nowhere. A file
counts for the very rules that wrote it, and can be deleted at any time.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

from django.conf import settings

from curation import personal_data, personal_names
from curation.personal_data import Found

_WORTH_KEEPING = 2000  # texts; fewer are searched faster than a file is found
_SIZE = 32  # bytes of a hash

Read = Callable[[Iterable[str]], Iterator[tuple[str, str]]]


@cache
def _rules() -> bytes:
    """A hash of what decides: another one where the rules or the letters that Python knows are others."""
    digest = hashlib.sha256(sys.version.encode())
    for module in (personal_data, personal_names):
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.digest()


def found_in(hashes: Iterable[str], read: Read, *, dataset: int) -> dict[str, list[Found]]:
    """What looks like a person's data, by the hash of each text that holds any.

    `read` gives (hash, text) for hashes; those that were found clean before are not asked for.
    """
    asked = {bytes.fromhex(key) for key in hashes}
    fresh = asked - _clean(dataset)
    found = {
        key: hits
        for key, text in read(one.hex() for one in fresh)
        if (hits := personal_data.personal_data(text))
    }
    if fresh and len(asked) >= _WORTH_KEEPING:
        _keep(dataset, asked - {bytes.fromhex(key) for key in found})
    return found


def _file(dataset: int) -> Path:
    return Path(settings.TEINEI_VAR) / "near" / f"clean-{dataset}"


def _clean(dataset: int) -> set[bytes]:
    try:
        kept = _file(dataset).read_bytes()
    except FileNotFoundError:
        return set()
    if kept[:_SIZE] != _rules() or len(kept) % _SIZE:
        return set()
    return {kept[at : at + _SIZE] for at in range(_SIZE, len(kept), _SIZE)}


def _keep(dataset: int, hashes: set[bytes]) -> None:
    path = _file(dataset)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_bytes(b"".join((_rules(), *sorted(hashes))))
    draft.replace(path)
