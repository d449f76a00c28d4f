"""What a campaign's record says about its blindness: the order, the arms, the silent checks. Pure.

The order is not taken on trust. Each turn on record is drawn again from the task's seed, on the places that were open at
that moment by the leases on record, and held against the response that was given.
"""

from __future__ import annotations

import hashlib
import heapq
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from annotation.quality import share

MOST_DRAWN_AGAIN = 400  # turns that are held against their draw; more would keep the page waiting


@dataclass(frozen=True, kw_only=True)
class Row:
    """A response's place in the population."""

    response: int
    question: str
    position: int
    side: int = 0
    offered: bool = True
    category: int | None = None


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One lease. `until` is when its place was free again; None where it never was (rated, or out still)."""

    rater: int
    number: int
    response: int
    question: str
    at: datetime
    until: datetime | None = None
    with_reference: bool = False
    gold: bool = False
    expired: bool = False
    begun: bool = True


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """The task as far as its blindness goes. `slots` numbers the raters, `closed` are categories they opted out of."""

    seed: int
    arms: str
    overlap: int
    gold_share: float
    rows: Sequence[Row]
    turns: Sequence[Turn]
    slots: dict[int, int]
    closed: dict[int, frozenset[int]] = field(default_factory=dict)


def draw(seed: int, rater: int, turn: int, what: str) -> float:
    """A number in [0, 1), as the leases draw theirs: the first 48 bits of sha256."""
    words = f"{seed}/{rater}/{turn}/{what}"
    return int.from_bytes(hashlib.sha256(words.encode()).digest()[:6]) / 2**48


def report(campaign: Campaign) -> dict[str, Any]:
    """Counts with their n: `order`, `questions_in_a_row`, `arms`, `gold`."""
    turns = sorted(campaign.turns, key=lambda turn: (turn.at, turn.rater, turn.number))
    return {
        "seed": campaign.seed,
        "order": asdict(_order(campaign, turns)),
        "questions_in_a_row": _in_a_row(turns),
        "arms": _arms(campaign, turns),
        "gold": _gold(campaign, turns),
    }


# --- The order -------------------------------------------------------------------------------------------------


@dataclass
class Order:
    """Turns with the response that the seed draws. `raced`: another place was open by the record, so somebody else
    gave or took one at that moment, or an opt-out has changed since. `again`: one's own that ran out and came back."""

    turns: int = 0
    checked: int = 0
    as_drawn: int = 0
    again: int = 0
    raced: int = 0


def _order(campaign: Campaign, turns: Sequence[Turn]) -> Order:
    found = Order(turns=sum(not turn.gold for turn in turns))
    every = max(1, -(-found.turns // MOST_DRAWN_AGAIN))
    places = _Places(campaign)
    last: dict[int, Turn] = {}
    ordinary = 0
    for turn in turns:
        before = last.get(turn.rater)
        if not turn.gold:
            if ordinary % every == 0:
                _hold_against(found, places, turn, before)
            ordinary += 1
        places.give(turn)
        last[turn.rater] = turn
    return found


def _hold_against(found: Order, places: _Places, turn: Turn, before: Turn | None) -> None:
    found.checked += 1
    if before is not None and before.expired and before.response == turn.response:
        found.again += 1
    elif places.drawn(turn, before) == turn.response:
        found.as_drawn += 1
    else:
        found.raced += 1


class _Places:
    """Who had which place when, replayed from the leases in the order of their time."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self.rows = sorted((row for row in campaign.rows if row.offered), key=lambda row: row.position)
        self.held: Counter[tuple[int, bool]] = Counter()
        self.ends: list[tuple[datetime, int, bool]] = []
        self.begun: set[tuple[int, int]] = set()

    def give(self, turn: Turn) -> None:
        if not turn.gold:
            self.held[turn.response, turn.with_reference] += 1
            if turn.until is not None:
                heapq.heappush(self.ends, (turn.until, turn.response, turn.with_reference))
        if turn.begun:
            self.begun.add((turn.rater, turn.response))

    def give_back(self, now: datetime) -> None:
        while self.ends and self.ends[0][0] <= now:
            _at, response, arm = heapq.heappop(self.ends)
            self.held[response, arm] -= 1

    def free(self, row: Row, *, arm: bool) -> bool:
        return self.held[row.response, arm] < self.campaign.overlap

    def drawn(self, turn: Turn, before: Turn | None) -> int | None:
        """The response that the draw of this turn meets first among the open ones."""
        self.give_back(turn.at)
        arms = arms_of(self.campaign.arms)
        open_now = [row for row in self.rows if any(self.free(row, arm=arm) for arm in arms)]
        if not open_now:
            return None
        start = int(
            draw(self.campaign.seed, turn.rater, turn.number, "position") * (open_now[-1].position + 1)
        )
        closed = self.campaign.closed.get(turn.rater, frozenset())
        mine = [row for row in open_now if row.category not in closed and self._mine(row, turn)]
        seen = before.question if before is not None else None
        for rows in ([row for row in mine if row.question != seen], mine):
            ahead = [row for row in rows if row.position >= start] or rows
            if ahead:
                return ahead[0].response
        return None

    def _mine(self, row: Row, turn: Turn) -> bool:
        arm = arm_for(self.campaign.arms, self.campaign.slots.get(turn.rater, 0), row.side)
        return (turn.rater, row.response) not in self.begun and self.free(row, arm=arm)


def arms_of(arms: str) -> list[bool]:
    return {"without": [False], "with": [True]}.get(arms, [False, True])


def arm_for(arms: str, slot: int, side: int) -> bool:
    """Whether a rater of this number sees the reference answer of a question on this side."""
    return (slot + side) % 2 == 1 if arms == "both" else arms == "with"


# --- What was seen ---------------------------------------------------------------------------------------------


def _by_rater(turns: Iterable[Turn]) -> dict[int, list[Turn]]:
    rows: dict[int, list[Turn]] = defaultdict(list)
    for turn in turns:
        rows[turn.rater].append(turn)
    return {rater: sorted(own, key=lambda turn: turn.number) for rater, own in rows.items()}


def _in_a_row(turns: Sequence[Turn]) -> dict[str, int]:
    """Neighbouring turns of a rater on one question, of all neighbouring turns. The same response coming back to
    whoever let it run out is no second response to the question."""
    pairs = again = 0
    for own in _by_rater(turns).values():
        for one, other in itertools.pairwise(own):
            if one.response == other.response:
                continue
            pairs += 1
            again += one.question == other.question
    return {"pairs": pairs, "same_question": again}


def _arms(campaign: Campaign, turns: Sequence[Turn]) -> dict[str, Any]:
    """How often each arm was dealt, by rater too; `in_both`: questions that a rater saw in both arms, of n."""
    dealt = [turn for turn in turns if not turn.gold and turn.begun]
    side = {row.response: row.side for row in campaign.rows}
    seen: dict[tuple[int, str], set[bool]] = defaultdict(set)
    for turn in dealt:
        seen[turn.rater, turn.question].add(turn.with_reference)
    wrong = sum(
        turn.with_reference
        != arm_for(campaign.arms, campaign.slots.get(turn.rater, 0), side.get(turn.response, 0))
        for turn in dealt
    )
    by_rater = {
        rater: {"turns": len(own), "with": sum(turn.with_reference for turn in own)}
        for rater, own in _by_rater(dealt).items()
    }
    counted = Counter(turn.with_reference for turn in dealt)
    return {
        "planned": campaign.arms,
        "turns": len(dealt),
        "without": counted[False],
        "with": counted[True],
        "not_as_dealt": wrong,
        "questions": len(seen),
        "in_both": sum(len(arms) > 1 for arms in seen.values()),
        "by_rater": by_rater,
    }


def _gold(campaign: Campaign, turns: Sequence[Turn]) -> dict[str, Any]:
    """Silent checks among the turns: asked, served, and those whose turn was not drawn for one (`undrawn`: 0)."""
    served = [turn for turn in turns if turn.gold]
    hit = [
        draw(campaign.seed, turn.rater, turn.number, "gold") < campaign.gold_share
        for turn in turns
        if turn.number
    ]
    undrawn = sum(
        draw(campaign.seed, turn.rater, turn.number, "gold") >= campaign.gold_share for turn in served
    )
    return {
        "asked": campaign.gold_share,
        "turns": len(turns),
        "served": len(served),
        "share": share(len(served), len(turns)),
        "drawn": sum(hit),
        "undrawn": undrawn,
        "by_rater": {rater: sum(turn.gold for turn in own) for rater, own in _by_rater(turns).items()},
    }
