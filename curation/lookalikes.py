"""Near-duplicates among the questions of a release and between releases, looked up once for the same texts.

Import it where it is needed: it loads numpy and scipy. What was found lies in TEINEI_VAR/near, by a hash of what was
asked, so that the freeze after a look at the gates does not search 100,000 questions again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from curation import meaning
from curation.meant import vectors_file
from curation.near import NEAR, Pairs, near_pairs, sketched
from curation.similar import text_hash
from curation.twins import Best, Twins, clusters

_VERSION, _KEPT = 1, 24
_WORTH_KEEPING = 2000  # texts; fewer are searched faster than a file is found

Arrays = tuple[NDArray[Any], ...]


@dataclass(frozen=True, slots=True)
class Twin:
    """The text that another is most like (by its key), and how much, 0 to 100."""

    of: str
    score: float


def twins(texts: Mapping[str, str], prefer: Mapping[str, int]) -> tuple[dict[str, str], dict[str, Twin]]:
    """Which texts (key: folded text) are near-duplicates: {key: key of the cluster} of those that have any, and each
    one's twin: with the highest number in `prefer`, then the most like it."""
    keys = sorted(texts)
    wanted = [prefer.get(key, 0) for key in keys]

    def search() -> Arrays:
        found = clusters([texts[key] for key in keys], prefer=wanted)
        return found.cluster, found.twin, found.score

    said = [f"{key} {number} {text_hash(texts[key])}" for key, number in zip(keys, wanted, strict=True)]
    found = Twins(*_known(["twins", *said], len(keys), search))
    alike = np.flatnonzero(found.twin >= 0)
    return (
        {keys[at]: keys[found.cluster[at]] for at in alike},
        {keys[at]: Twin(keys[found.twin[at]], float(found.score[at])) for at in alike},
    )


def near_of(texts: Mapping[str, str], others: Mapping[str, str]) -> dict[str, Twin]:
    """Of each text (key: folded text) that has a near-duplicate among the others, the most alike."""
    left, right = sorted(texts), sorted(others)
    if not left or not right:
        return {}

    def search() -> Arrays:
        return _best(
            len(left),
            near_pairs(sketched([texts[key] for key in left]), sketched([others[key] for key in right])),
        )

    said = [
        "near",
        *(text_hash(texts[key]) for key in left),
        "of",
        *(text_hash(others[key]) for key in right),
    ]
    return _named(left, right, _known(said, len(left) + len(right), search))


def same_meaning_of(
    texts: Mapping[str, str], others: Mapping[str, str], *, told: Callable[[int, int], None] | None = None
) -> dict[str, Twin]:
    """The same by meaning, of exact texts by their hash. Only where `meaning.installed()`.

    `told` hears how many texts that nobody had read before were embedded, of how many.
    """
    left, right = sorted(texts), sorted(others)
    if not left or not right:
        return {}

    def search() -> Arrays:
        memory = meaning.Memory(vectors_file())
        memory.make({**texts, **others}, told)
        rows, columns = (
            memory.vectors({key: known[key] for key in sorted(known)}) for known in (texts, others)
        )
        return _best(len(left), meaning.alike(rows, columns))

    said = ["meaning", str(meaning.SAME_MEANING), *left, "of", *right]
    return _named(left, right, _known(said, len(left) + len(right), search))


def forget(hashes: list[str]) -> int:
    """Take the vectors of these texts out of the file, where there is one; how many there were."""
    return meaning.Memory(vectors_file()).forget(hashes) if vectors_file().exists() else 0


def _best(size: int, found: Iterable[Pairs]) -> Arrays:
    best = Best(size)
    for pairs in found:
        best.see(pairs.left, pairs.right, pairs.score, np.zeros(len(pairs), np.int64))
    return best.partner, best.score


def _named(left: list[str], right: list[str], best: Arrays) -> dict[str, Twin]:
    partner, score = best
    return {
        left[at]: Twin(right[int(partner[at])], float(score[at]))
        for at in np.flatnonzero(partner >= 0).tolist()
    }


def _folder() -> Path:
    folder = Path(settings.TEINEI_VAR) / "near"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _known(said: list[str], size: int, search: Callable[[], Arrays]) -> Arrays:
    """What was found when the same was asked before; else what is found now, kept for the next time."""
    if size < _WORTH_KEEPING:
        return search()
    asked = hashlib.sha256("\n".join((f"{_VERSION} {NEAR}", *said)).encode())
    path = _folder() / f"{asked.hexdigest()}.npz"
    if path.exists():
        with np.load(path, allow_pickle=False) as kept:
            return tuple(kept[name] for name in sorted(kept.files))
    found = search()
    draft = path.with_suffix(f".{os.getpid()}")
    with draft.open("wb") as file:
        np.savez(file, *found)
    draft.replace(path)
    for old in sorted(path.parent.glob("*.npz"), key=lambda each: each.stat().st_mtime)[:-_KEPT]:
        old.unlink(missing_ok=True)
    return found
