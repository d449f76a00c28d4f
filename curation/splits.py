"""Which questions go to test: stratified by leaf, seeded, near-duplicates together, the same whatever order they come in."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

TEST, DEV = "test", "dev"


class Candidate(NamedTuple):
    """A question about to be frozen. `split` is empty where it has none yet; `key` is stable across databases.

    `cluster` names the near-duplicates it hangs together with (the same for all of them; empty: it has none), `twin`
    the id of the one it is most like and `score` how much, 0 to 100. Where the cluster holds questions that have a
    split, the twin is best one of those (`curation.twins` prefers them).
    """

    question: int
    key: str
    leaf: str
    split: str = ""
    cluster: str = ""
    twin: str = ""
    score: float = 0.0


class Assigned(NamedTuple):
    """A question's split and why it has it: what `Question.split_why` keeps, less the release's name."""

    split: str
    why: dict[str, Any]


@dataclass(slots=True)
class _Group:
    """Questions that go together: the fresh ones of a cluster, first drawn first; how many are of each leaf."""

    draw: str
    members: Sequence[Candidate]
    leaves: dict[str, int]


class _Places:
    """How many places of test each leaf still has, and how many questions it can give and keep one for dev."""

    def __init__(
        self, candidates: Sequence[Candidate], chosen: dict[int, Assigned], test_per_leaf: int
    ) -> None:
        self.taken: Counter[str] = Counter()
        fresh: Counter[str] = Counter()
        has_dev = set()
        for candidate in candidates:
            split = candidate.split or (
                chosen[candidate.question].split if candidate.question in chosen else ""
            )
            self.taken[candidate.leaf] += split == TEST
            fresh[candidate.leaf] += not split
            if split == DEV:
                has_dev.add(candidate.leaf)
        self.at_first = {
            leaf: max(0, min(test_per_leaf - self.taken[leaf], fresh[leaf] - (leaf not in has_dev)))
            for leaf in fresh
        }
        self.left = dict(self.at_first)

    def take(self, leaves: dict[str, int]) -> bool:
        """Take the places of a group, or none of them where one leaf has too few."""
        for leaf, number in leaves.items():
            if self.left[leaf] < number:
                return False
        for leaf, number in leaves.items():
            self.left[leaf] -= number
        return True


def assign(candidates: Iterable[Candidate], *, test_per_leaf: int, seed: int) -> dict[int, Assigned]:
    """Splits for the questions that have none: each leaf's test part is filled up to K, the rest is dev.

    A question in a cluster with one that has a split follows it (with test questions and dev questions in one cluster:
    into test, so that dev learns nothing more of it). Other clusters are drawn as one, and take as many places as they
    have questions; one that is too large for a leaf's places goes to dev. The order is drawn by sha256(seed, key), so
    the same questions and seed give the same splits on any machine. Dev keeps at least one question of every leaf
    that has none in dev yet: a leaf with a single question, or a single cluster, gives none to test.
    """
    known = sorted(candidates, key=lambda candidate: (candidate.key, candidate.question))
    chosen = _followers(known)
    places = _Places(known, chosen, test_per_leaf)
    groups = _groups([c for c in known if not c.split and c.question not in chosen], seed)
    among = Counter(leaf for group in groups for leaf in group.leaves)
    rank: Counter[str] = Counter()
    for group in groups:
        for leaf in group.leaves:
            rank[leaf] += 1
        split = TEST if places.take(group.leaves) else DEV
        first = group.members[0]
        drawn = {
            "by": "draw",
            "seed": seed,
            "rank": rank[first.leaf],
            "of": among[first.leaf],
            "places": places.at_first[first.leaf],
        }
        chosen[first.question] = Assigned(split=split, why=drawn)
        for member in group.members[1:]:
            chosen[member.question] = Assigned(split=split, why=_twin(member, first))
    return chosen


def _followers(candidates: Sequence[Candidate]) -> dict[int, Assigned]:
    """Fresh questions whose cluster holds one that has a split already."""
    led: dict[str, Candidate] = {}
    for candidate in candidates:
        if candidate.cluster and candidate.split:
            lead = led.setdefault(candidate.cluster, candidate)
            if lead.split == DEV and candidate.split == TEST:
                led[candidate.cluster] = candidate
    return {
        c.question: Assigned(split=led[c.cluster].split, why=_twin(c, led[c.cluster]))
        for c in candidates
        if not c.split and c.cluster in led
    }


def _twin(candidate: Candidate, lead: Candidate) -> dict[str, Any]:
    return {"by": "twin", "of": candidate.twin or lead.key, "score": round(candidate.score, 1)}


def _groups(fresh: Sequence[Candidate], seed: int) -> list[_Group]:
    """Clusters and single questions in the order in which they are drawn."""
    held: dict[str, list[Candidate]] = {}
    groups = []
    for candidate in fresh:
        if candidate.cluster:
            held.setdefault(candidate.cluster, []).append(candidate)
        else:  # most are alone
            groups.append(_Group(_draw(seed, candidate.key), (candidate,), {candidate.leaf: 1}))
    for members in held.values():
        ordered = sorted(members, key=lambda c: (_draw(seed, c.key), c.question))
        groups.append(_Group(_draw(seed, ordered[0].key), ordered, Counter(c.leaf for c in ordered)))
    return sorted(groups, key=lambda group: (group.draw, group.members[0].question))


def _draw(seed: int, key: str) -> str:
    return hashlib.sha256(f"{seed}:{key}".encode()).hexdigest()
