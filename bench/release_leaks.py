"""How fast and how surely copies of test questions are found among dev questions, beside two other ways of looking.

The exact search is measured in the database: bench.release_exact. `figures` is what bench.releases takes; `python -m bench.release_leaks [--small] [--json]` prints it alone. Every part
runs in a process of its own, so that memory and warmth of one are not another's.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bench.machine import in_a_fresh_process, machine, options, resident, tell, versions
from bench.made_questions import VARIANTS, Maker
from curation.near import NEAR, near_pairs, sketched
from curation.similar import fold, text_hash

FULL, SMALL = 100_000, 5_000
COPIES = 100  # of each kind
PARTS = ("near", "near_few_words", "near_itself", "minhash", "rapidfuzz", "meaning")
# Jaccard 0.71 is Dice 0.83: the same pairs of letters are looked for.
JACCARD, PERMUTATIONS = 0.71, 128
SAMPLE = 200


@dataclass(frozen=True)
class World:
    """Dev and test questions, and which test question each planted dev question was copied from."""

    dev: list[str]
    test: list[str]
    planted: dict[str, dict[int, int]]


@dataclass(frozen=True)
class Began:
    """What the clocks and the memory said when a part began; CPU is that of all threads together."""

    wall: float = field(default_factory=time.perf_counter)
    cpu: float = field(default_factory=time.process_time)
    memory: float = field(default_factory=resident)

    def measured(self) -> dict[str, Any]:
        return {
            "seconds": round(time.perf_counter() - self.wall, 2),
            "cpu_s": round(time.process_time() - self.cpu, 2),
            "memory_mb": round(resident(peak=True) - self.memory),
        }


def world(size: int, *, nouns: int = 20_000) -> World:
    """`size` made-up questions on either side; 100 of dev are copies for every kind of copy."""
    maker = Maker(11, nouns=nouns)
    dev, test = maker.questions(size), maker.questions(size)
    chance = random.Random(12)
    places = iter(zip(chance.sample(range(size), size), chance.sample(range(size), size), strict=True))
    planted: dict[str, dict[int, int]] = {}
    for kind, copy in VARIANTS.items():
        planted[kind] = {}
        while len(planted[kind]) < COPIES:
            at, of = next(places)
            copied = copy(test[of], chance)
            # Not every question can be copied in every way: some hold nothing to be spelt otherwise.
            if kind == "exact" or copied != test[of]:
                dev[at], planted[kind][at] = copied, of
    return World(dev, test, planted)


def figures(*, small: bool) -> dict[str, Any]:
    """Seconds, memory above the texts and recall by kind of copy, for every way of looking."""
    size = SMALL if small else FULL
    parts = {part: in_a_fresh_process("bench.release_leaks", "--part", part, str(size)) for part in PARTS}
    return {"dev": size, "test": size, "cutoff": NEAR, "copies_of_each_kind": COPIES} | parts


def near(size: int, *, nouns: int = 20_000) -> dict[str, Any]:
    made = world(size, nouns=nouns)
    dev, test = [fold(text) for text in made.dev], [fold(text) for text in made.test]
    began = Began()
    wanted = {pair for copies in made.planted.values() for pair in copies.items()}
    count, found = 0, set()
    for pairs in near_pairs(sketched(dev), sketched(test)):
        count += len(pairs)
        found |= wanted & set(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True))
    return began.measured() | {"found": count, "recall": _recall(made, found)}


def near_itself(size: int) -> dict[str, Any]:
    """The clusters of one list, as the draw of splits needs them."""
    from curation.twins import clusters

    texts = [fold(text) for text in world(size).dev]
    began = Began()
    made = clusters(texts, prefer=[0] * len(texts))
    alike = int((made.twin >= 0).sum())
    return began.measured() | {
        "with_a_twin": alike,
        "clusters": len(np.unique(made.cluster[made.twin >= 0])),
    }


def minhash(size: int) -> dict[str, Any]:
    """datasketch: MinHashLSH over the same pairs of letters; candidates as they come, compared by nobody."""
    from datasketch import MinHash, MinHashLSH

    made = world(size)
    dev, test = ([_pairs_of(fold(text)) for text in side] for side in (made.dev, made.test))
    began = Began()
    index = MinHashLSH(threshold=JACCARD, num_perm=PERMUTATIONS)
    for at, sketch in enumerate(MinHash.generator(test, num_perm=PERMUTATIONS)):
        index.insert(at, sketch)
    wanted = {at: of for copies in made.planted.values() for at, of in copies.items()}
    count, found = 0, []
    for at, sketch in enumerate(MinHash.generator(dev, num_perm=PERMUTATIONS)):
        hits = index.query(sketch)
        count += len(hits)
        if wanted.get(at) in hits:
            found.append((at, wanted[at]))
    return began.measured() | {"found": count, "recall": _recall(made, found)}


def _pairs_of(folded: str) -> list[bytes]:
    return [folded[at : at + 2].encode() for at in range(len(folded) - 1)]


def rapidfuzz(size: int) -> dict[str, Any]:
    """Everything with everything: cdist of a sample of dev with all of test on two cores, and what all would take."""
    from rapidfuzz import fuzz, process

    made = world(size)
    copies = [pair for kind in made.planted.values() for pair in list(kind.items())[: SAMPLE // 10]]
    dev, test = [fold(made.dev[at]) for at, _of in copies], [fold(text) for text in made.test]
    began = Began()
    score = process.cdist(dev, test, scorer=fuzz.ratio, score_cutoff=90, dtype=np.uint8, workers=2)
    taken = began.measured()
    found = [pair for row, pair in enumerate(copies) if score[row, pair[1]] >= 90]
    kinds = {kind: dict(list(pairs.items())[: SAMPLE // 10]) for kind, pairs in made.planted.items()}
    sampled = World(made.dev, made.test, kinds)
    return taken | {
        "sample": len(dev),
        "seconds_for_all": round(taken["seconds"] * size / len(dev), 1),
        "cutoff": 90,
        "recall": _recall(sampled, found),
    }


def meaning(size: int) -> dict[str, Any]:
    """By meaning: a tenth of the texts embedded, kept, read again and compared. Empty without the optional package.

    "embedded_cpu_s" is of both threads, "per_10000_s" and "per_10000_cpu_s" what 10,000 new texts would take.
    """
    from curation import meaning as by

    if not by.installed():
        return {}
    maker = Maker(11)
    sides = [{text_hash(text): text for text in maker.questions(size // 10)} for _side in range(2)]
    before, first, worked = resident(), time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        memory = by.Memory(Path(folder) / "vectors.sqlite3")
        for side in sides:
            memory.vectors(side)
        embedded, cpu = time.perf_counter() - first, time.process_time() - worked
        again = time.perf_counter()
        left, right = (memory.vectors(side) for side in sides)
        read = time.perf_counter() - again
        compared = time.perf_counter()
        found = sum(len(pairs) for pairs in by.alike(left, right))
        taken = time.perf_counter() - compared
    return {
        "texts": len(left) + len(right),
        "embedded_s": round(embedded, 2),
        "embedded_cpu_s": round(cpu, 2),
        "per_10000_s": round(embedded * 10_000 / (len(left) + len(right)), 1),
        "per_10000_cpu_s": round(cpu * 10_000 / (len(left) + len(right)), 1),
        "read_again_s": round(read, 2),
        "compared_s": round(taken, 2),
        "memory_mb": round(resident(peak=True) - before),
        "found": found,
    }


def _recall(made: World, found: Iterable[tuple[int, int]]) -> dict[str, float]:
    """The share of the copies of each kind that were found with the very question they were copied from."""
    seen = set(found)
    return {
        kind: round(sum(pair in seen for pair in copies.items()) / len(copies), 3)
        for kind, copies in made.planted.items()
    }


_RUN: dict[str, Callable[[int], dict[str, Any]]] = {
    "near": near,
    # Few words make texts that share most of their phrases: the worst case of searches by rare phrases.
    "near_few_words": partial(near, nouns=60),
    "near_itself": near_itself,
    "minhash": minhash,
    "rapidfuzz": rapidfuzz,
    "meaning": meaning,
}


def main() -> None:
    if sys.argv[1:2] == ["--part"]:
        tell(_RUN[sys.argv[2]](int(sys.argv[3])), as_json=True)
        return
    given = options(__doc__ or "").parse_args()
    packages = versions("numpy", "scipy", "rapidfuzz", "datasketch")
    tell({"machine": machine(), "versions": packages} | figures(small=given.small), as_json=given.json)


if __name__ == "__main__":
    main()
