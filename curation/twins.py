"""Near-duplicates of one list: which hang together, and what each is most like. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from curation.near import NEAR, Pairs, near_pairs, sketched

Ints = NDArray[np.int64]
_BATCH = 1 << 18


@dataclass(frozen=True)
class Twins:
    """`cluster`: the lowest position of the texts that each hangs together with; `twin`: what it is most like, or -1."""

    cluster: Ints
    twin: Ints
    score: NDArray[np.float64]


class Best:
    """The best partner of each of `size` texts among the pairs seen so far: highest preference, then score, then first."""

    def __init__(self, size: int) -> None:
        self.partner = np.full(size, -1, np.int64)
        self.score = np.zeros(size)
        self._rank = np.full(size, -1.0)

    def see(self, text: Ints, partner: Ints, score: NDArray[np.float64], prefer: Ints) -> None:
        rank = prefer * 1000.0 + score
        order = np.lexsort((partner, -rank, text))
        text, partner, score, rank = text[order], partner[order], score[order], rank[order]
        first = np.concatenate(([True], text[1:] != text[:-1])) if len(text) else np.zeros(0, bool)
        text, partner, score, rank = text[first], partner[first], score[first], rank[first]
        held = self._rank[text]
        better = (rank > held) | ((rank == held) & (partner < self.partner[text]))
        text = text[better]
        self.partner[text], self.score[text], self._rank[text] = partner[better], score[better], rank[better]


def clusters(
    folded: Sequence[str], *, prefer: Sequence[int], cutoff: float = NEAR, threads: int = 2
) -> Twins:
    """What is near-duplicate of what, directly or by way of others, and each text's best partner.

    A partner with a higher number in `prefer` comes before one that is more alike; equals come in the order given. So
    the answer depends on nothing but the texts, their order and the cutoff.
    """
    size, wanted = len(folded), np.asarray(prefer, np.int64)
    best, waiting = Best(size), list[Pairs]()
    label: Ints = np.arange(size)
    for pairs in near_pairs(sketched(folded), cutoff=cutoff, threads=threads):
        best.see(pairs.left, pairs.right, pairs.score, wanted[pairs.right])
        best.see(pairs.right, pairs.left, pairs.score, wanted[pairs.left])
        waiting.append(pairs)
        if sum(map(len, waiting)) > _BATCH:
            label = _joined(label, waiting)
            waiting.clear()
    label = _joined(label, waiting)
    lowest = np.full(size, size, np.int64)
    np.minimum.at(lowest, label, np.arange(size))
    return Twins(lowest[label], best.partner, best.score)


def _joined(label: Ints, pairs: list[Pairs]) -> Ints:
    """Labels after each pair's two texts have come under one."""
    if not pairs:
        return label
    left = label[np.concatenate([batch.left for batch in pairs])]
    right = label[np.concatenate([batch.right for batch in pairs])]
    links = sparse.coo_array((np.ones(len(left), bool), (left, right)), shape=(len(label), len(label)))
    return np.asarray(sparse.csgraph.connected_components(links, directed=False)[1][label], np.int64)
