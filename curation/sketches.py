"""Which of many texts may be near one text: a list of sketches that grows, asked again and again. Pure.

A text is known here by its hash and the 512 bits of its sketch (see `near`), 104 bytes in all; whoever asks fetches the
few texts that come into question and compares them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation.near import Words, letters, sizes, sketch_of

_WORDS, _HASH, _FIRST = 8, 32, 1024


@dataclass(frozen=True)
class _Rows:
    """Arrays with room to grow, of which the first `filled` rows hold."""

    hash: NDArray[np.uint8]  # (room, 32)
    size: NDArray[np.int32]  # (room,) pairs of letters
    words: Words  # (8, room): each word of all sketches in a row
    filled: int

    def grown(self, room: int) -> _Rows:
        made = _empty(room)
        made.hash[: self.filled] = self.hash[: self.filled]
        made.size[: self.filled] = self.size[: self.filled]
        made.words[:, : self.filled] = self.words[:, : self.filled]
        return _Rows(made.hash, made.size, made.words, self.filled)


def _empty(room: int) -> _Rows:
    return _Rows(
        np.empty((room, _HASH), np.uint8), np.empty(room, np.int32), np.empty((_WORDS, room), np.uint64), 0
    )


class Sketches:
    """Texts by their hash (64 hex digits). One thread may add while others ask."""

    def __init__(self) -> None:
        self._rows = _empty(_FIRST)

    def __len__(self) -> int:
        return self._rows.filled

    def hashes(self, since: int = 0) -> list[str]:
        """What was taken in, in its order, but for the first `since` texts."""
        rows = self._rows
        return [row.tobytes().hex() for row in rows.hash[since : rows.filled]]

    def unknown(self, hashes: Sequence[str]) -> list[str]:
        """Those of the hashes that are not here yet, each once."""
        rows = self._rows
        wanted = list(dict.fromkeys(hashes))
        asked = np.frombuffer(b"".join(bytes.fromhex(each)[:8] for each in wanted), np.uint64)
        there = rows.hash[: rows.filled, :8].copy().view(np.uint64).ravel()
        found = np.isin(asked, there[np.isin(there, asked)])
        return [each for each, known in zip(wanted, found, strict=True) if not known]

    def add(self, hashes: Sequence[str], folded: Sequence[str]) -> None:
        """Take in texts that are not here yet. Texts in which nothing is left to compare are left out."""
        bare = [letters(text) for text in folded]
        kept = [at for at, text in enumerate(bare) if text]
        if not kept:
            return
        texts = [bare[at] for at in kept]
        rows, end = self._rows, self._rows.filled + len(kept)
        if end > len(rows.size):
            rows = rows.grown(max(end, 2 * len(rows.size)))
        new = slice(rows.filled, end)
        joined = b"".join(bytes.fromhex(hashes[at]) for at in kept)
        rows.hash[new] = np.frombuffer(joined, np.uint8).reshape(-1, _HASH)
        rows.size[new] = sizes(texts)
        rows.words[:, new] = sketch_of(texts).T
        # Whoever asks meanwhile has the rows as they were: only now do the new ones count.
        self._rows = _Rows(rows.hash, rows.size, rows.words, end)

    def close(self, folded: str, *, cutoff: float, limit: int) -> tuple[list[str], NDArray[np.float64]]:
        """Hashes of texts that may reach the cutoff (0 to 100), and how alike each can be at most; best first.

        Two texts differ in at least as many pairs of letters as their sketches differ in bits, and their likeness is
        what they share over all pairs of both: nothing that reaches the cutoff is left out, unless more than `limit`
        texts may reach it. Then those are left out that can reach least.
        """
        bare, rows = letters(folded), self._rows
        if not bare or not rows.filled:
            return [], np.empty(0)
        own, words = sketch_of([bare])[0], rows.words[:, : rows.filled]
        both = rows.size[: rows.filled] + np.int32(sizes([bare])[0])
        apart = np.bitwise_count(words[0] ^ own[0]).astype(np.int16)
        for word in range(1, _WORDS):
            apart += np.bitwise_count(words[word] ^ own[word])
        lengths = np.abs(both - 2 * np.int32(sizes([bare])[0]))
        least = np.maximum(apart, lengths)
        (at,) = np.nonzero(least <= (1 - cutoff / 100) * both + 1e-9)
        most = 100 * (1 - least[at] / both[at])
        if len(at) > limit:
            chosen = np.argpartition(-most, limit - 1)[:limit]
            at, most = at[chosen], most[chosen]
        order = np.lexsort((at, -most))
        return [rows.hash[k].tobytes().hex() for k in at[order]], most[order]
