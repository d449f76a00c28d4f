"""Which texts of two lists are nearly the same, by their characters: exact for its measure, and in flat memory. Pure.

The measure (`likeness`) is the Dice coefficient of the texts' pairs of neighbouring letters. Beside the ratio of
rapidfuzz it forgives a change of word order, and on short texts it tells a changed word from another sentence better:
at the same share of false alarms among JGLUE's sentence pairs it finds more of every kind of copy but one, two letters
that changed places in a text of less than 30 characters (docs/near_duplicates.md has the figures).

The search: every text has a sketch of 512 bits, in which each of its pairs of letters turns over one bit. Pairs that two
texts share turn over the same bits, so the bits in which two sketches differ are never more than the pairs of letters
in which the texts differ; whatever lies beyond what the cutoff allows is left out, and only the rest is compared.
Nothing that reaches the cutoff is ever missed, and what the texts have in common costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy import sparse  # a web process compares one text with a few: it never loads this

# See docs/near_duplicates.md: 4 of 537 of JGLUE's sentence pairs that people scored below 2 of 5 reach it (0.74 %).
NEAR = 83.0

_BITS, _WORDS = 512, 8
# The size of one comparison's block: half a megabyte for each word of the sketches, so that it stays in the cache.
_ROWS, _COLUMNS = 32, 2048
_BUILD, _CHECK = 4096, 1 << 14
_NOT_LETTERS = re.compile(r"[\W_]+")
_MIX = np.uint64(0x9E3779B97F4A7C15)

Ints = NDArray[np.int64]
Words = NDArray[np.uint64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Pairs:
    """Near-duplicates: positions in the left and in the right list, and how alike they are (0 to 100)."""

    left: Ints
    right: Ints
    score: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.left)


@dataclass(frozen=True)
class Sketched:
    """Texts made ready to be compared, shortest first. `place`: where each stood in the list that was given."""

    letters: list[str]
    size: Ints
    sketch: Words
    place: Ints

    @cached_property
    def shorter(self) -> dict[int, Words]:
        """Number of words: (words, texts), the sketches in fewer bits: bit b turns over bit b mod their number."""
        rows = self.sketch.reshape(len(self.sketch), _WORDS)
        return {
            words: np.ascontiguousarray(np.bitwise_xor.reduce(rows.reshape(len(rows), -1, words), axis=1).T)
            for words in (1, 2, 4, 8)
        }

    @cached_property
    def counts(self) -> sparse.csr_array:
        """(texts, codes): how often each pair of letters occurs; about 70 MB for 100,000 questions."""
        from scipy import sparse

        parts = [_counts(self.letters[at : at + _BUILD]) for at in range(0, len(self.letters), _BUILD)]
        return parts[0] if len(parts) == 1 else sparse.csr_array(sparse.vstack(parts, format="csr"))

    def prepare(self) -> None:
        """Make what is made once, before several threads ask for it."""
        _ = self.shorter, self.counts


def letters(folded: str) -> str:
    """What is compared of a folded text: its letters and digits; the text itself where it has none of them."""
    return _NOT_LETTERS.sub("", folded) or folded


def likeness(one: str, other: str) -> float:
    """How alike two folded texts are, 0 to 100: the Dice coefficient of their pairs of neighbouring letters.

    Pairs count as often as they occur; a text of one letter has that letter as its only pair. Two empty texts: 0.
    """
    return float(likenesses(one, [other])[0])


def likenesses(one: str, others: Sequence[str]) -> NDArray[np.float64]:
    """How alike a folded text is to each of some others, 0 to 100."""
    _owner, mine = _pairs_of_letters([letters(one)])
    codes, times = np.unique(mine, return_counts=True)
    owner, pair = _pairs_of_letters([letters(text) for text in others])
    both = len(mine) + np.bincount(owner, minlength=len(others))
    if not len(codes):
        return np.zeros(len(others))
    at = np.minimum(np.searchsorted(codes, pair), len(codes) - 1)
    known = codes[at] == pair
    cells = np.bincount(owner[known] * len(codes) + at[known], minlength=len(others) * len(codes))
    shared = np.minimum(cells.reshape(len(others), len(codes)), times).sum(axis=1)
    return np.asarray(200 * shared / both, np.float64)


def sketched(folded: Sequence[str]) -> Sketched:
    """Texts made ready once, to be compared as often as one likes. They must be folded (`curation.similar.fold`).

    Empty texts are left out: they match nothing. About 1 s and 20 MB beside the texts for 100,000.
    """
    bare = [letters(text) for text in folded]
    size = sizes(bare)
    place = np.argsort(size, kind="stable")
    place = place[size[place] > 0]
    ordered = [bare[at] for at in place]
    sketch = np.empty((len(ordered), _WORDS), np.uint64)
    for start in range(0, len(ordered), _BUILD):
        sketch[start : start + _BUILD] = sketch_of(ordered[start : start + _BUILD])
    return Sketched(ordered, size[place], sketch, place)


def sizes(bare: Sequence[str]) -> Ints:
    """How many pairs of letters each text has."""
    return np.fromiter((max(len(text) - 1, min(len(text), 1)) for text in bare), np.int64, len(bare))


def _pairs_of_letters(texts: Sequence[str]) -> tuple[Ints, Ints]:
    """The text's number and the code of every pair of neighbouring letters, in order."""
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    owner = np.repeat(np.arange(len(texts)), lengths)
    pair = codes << 21
    pair[:-1] |= codes[1:]
    last = np.cumsum(lengths) - 1
    alone = last[lengths == 1]
    kept = np.ones(len(codes), bool)
    kept[last[lengths > 0]] = False
    kept[alone] = True
    pair[alone] = codes[alone] << 21
    return owner[kept], pair[kept]


def sketch_of(texts: Sequence[str]) -> Words:
    """(texts, 8) words of 64 bits: each pair of letters turns over the bit that its code's hash names."""
    owner, pair = _pairs_of_letters(texts)
    bit = ((pair.astype(np.uint64) * _MIX) >> np.uint64(64 - 9)).astype(np.int64)
    odd = np.bincount(owner * _BITS + bit, minlength=len(texts) * _BITS) & 1
    return np.packbits(odd.astype(bool).reshape(len(texts), _BITS), axis=1).view(np.uint64)


def _counts(texts: Sequence[str]) -> sparse.csr_array:
    """(texts, codes) how often each pair of letters occurs."""
    from scipy import sparse

    owner, pair = _pairs_of_letters(texts)
    starts = np.concatenate(([0], np.cumsum(np.bincount(owner, minlength=len(texts)))))
    rows = sparse.csr_array((np.ones(len(pair), np.int32), pair, starts), shape=(len(texts), 1 << 42))
    rows.sum_duplicates()
    return rows


def near_pairs(
    left: Sketched,
    right: Sketched | None = None,
    *,
    cutoff: float = NEAR,
    threads: int = 2,
    wanted: Callable[[Ints, Ints], Mask] | None = None,
) -> Iterator[Pairs]:
    """All pairs whose `likeness` is >= cutoff (above 50), in batches of no set order; without `right`, left's own pairs once each.

    `wanted` (positions left, positions right) may strike out pairs before they are compared letter by letter.
    100,000 against 100,000 questions: see bench/release_leaks.py. Raises ValueError for a cutoff of 50 or less.
    """
    if not 50 < cutoff <= 100:
        raise ValueError(f"cutoff {cutoff} is not above 50 and up to 100")
    other, share = right or left, cutoff / 100
    if not len(left.place) or not len(other.place):
        return
    left.prepare()
    other.prepare()
    blocks = range(0, len(left.place), _ROWS)

    def found(start: int) -> Pairs:
        return _compared(left, other, *_candidates(left, right, start, share), share, wanted)

    with ThreadPoolExecutor(threads) as pool:
        # Few blocks at a time are under way, so that the pairs found do not pile up.
        for start in range(0, len(blocks), ahead := 32 * threads):
            yield from (pairs for pairs in pool.map(found, blocks[start : start + ahead]) if len(pairs))


def _candidates(left: Sketched, right: Sketched | None, start: int, share: float) -> tuple[Ints, Ints]:
    """Pairs of a block of `left` with anything in `right` whose sketches do not rule them out."""
    other = right or left
    rows = slice(start, min(start + _ROWS, len(left.place)))
    smallest, largest = left.size[rows][0], left.size[rows][-1]
    # Dice >= c with sizes n and m needs 2 min(n, m) >= c (n + m).
    reach = share / (2 - share)
    first = int(np.searchsorted(other.size, np.ceil(smallest * reach - 1e-9)))
    end = int(np.searchsorted(other.size, np.floor(largest / reach + 1e-9), side="right"))
    if right is None:
        first = max(first, start)
    found = [
        _close(left, other, rows, slice(at, min(at + _COLUMNS, end)), share)
        for at in range(first, end, _COLUMNS)
    ]
    i = np.concatenate([pair[0] for pair in found]) if found else np.empty(0, np.int64)
    j = np.concatenate([pair[1] for pair in found]) if found else np.empty(0, np.int64)
    if right is None:
        once = i < j
        i, j = i[once], j[once]
    return i, j


def _close(left: Sketched, right: Sketched, rows: slice, columns: slice, share: float) -> tuple[Ints, Ints]:
    """Pairs of one block whose sketches differ in no more bits than their texts may."""
    allowed = int((1 - share) * (left.size[rows][-1] + right.size[columns][-1]) + 1e-9)
    words = 1
    while words < _WORDS and words * 64 < 4 * allowed:
        words *= 2
    mine, theirs = left.shorter[words][:, rows], right.shorter[words][:, columns]
    apart = np.bitwise_count(mine[0][:, None] ^ theirs[0])
    if words == _WORDS:
        apart = apart.astype(np.uint16)
    for word in range(1, words):
        apart += np.bitwise_count(mine[word][:, None] ^ theirs[word])
    flat = np.flatnonzero(apart <= allowed)
    i, j = np.divmod(flat, apart.shape[1])
    i, j = i + rows.start, j + columns.start
    bits = np.bitwise_count(left.sketch[i] ^ right.sketch[j]).sum(axis=1, dtype=np.int64)
    near = bits <= (1 - share) * (left.size[i] + right.size[j]) + 1e-9
    return i[near], j[near]


def _compared(
    left: Sketched,
    right: Sketched,
    i: Ints,
    j: Ints,
    share: float,
    wanted: Callable[[Ints, Ints], Mask] | None,
) -> Pairs:
    """The candidates that the texts themselves confirm, with their scores."""
    if wanted is not None and len(i):
        kept = wanted(left.place[i], right.place[j])
        i, j = i[kept], j[kept]
    both = left.size[i] + right.size[j]
    shared = np.concatenate(
        [
            _shared(left, right, i[at : at + _CHECK], j[at : at + _CHECK])
            for at in range(0, max(len(i), 1), _CHECK)
        ]
    )
    near = 2 * shared >= share * both - 1e-9
    return Pairs(left.place[i[near]], right.place[j[near]], 200 * shared[near] / both[near])


def _shared(left: Sketched, right: Sketched, i: Ints, j: Ints) -> Ints:
    """How many pairs of letters the texts of each pair have in common."""
    return np.asarray(left.counts[i].minimum(right.counts[j]).sum(axis=1), np.int64)
