"""The lead's board: how fast the work goes, what waits, what is accepted, and when the targets are reached.

Everything is computed when it is asked for. `plain` is what programs get.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from curation.aliases import alias
from curation.models import Category, Dataset, Person
from curation.queries import coverage
from curation.queries.lead import (
    Day,
    Judged,
    Queue,
    first_approvals,
    first_decisions,
    midnight,
    queues,
    throughput,
    unsettled,
)
from curation.rules import allows

if TYPE_CHECKING:
    from curation.stats.estimate import Estimate
    from curation.stats.forecast import Forecast

SHOWN_DAYS, JUDGED_DAYS, PACE_DAYS = 30, 90, 28
FEW = 10  # decisions, below which a share says little


@dataclass(frozen=True, kw_only=True)
class Share:
    """How often texts of one author or one category were accepted at the first decision.

    `person` is None for what was imported. `of` says whose or what it is, as the reader may know it.
    """

    of: str
    rate: Estimate
    mended: int
    person: int | None = None
    category: Category | None = None

    @property
    def few(self) -> bool:
        return self.rate.n < FEW


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """When a leaf (None: all of them) reaches its target."""

    category: Category | None
    target: int
    approved: int
    forecast: Forecast

    def day(self, after: float | None) -> date | None:
        """The date so many days from today."""
        return None if after is None else timezone.localdate() + timedelta(days=round(after))


@dataclass(frozen=True, kw_only=True)
class Board:
    """What a lead sees; `named` says whether authors stand there by name."""

    days: list[Day]
    queues: list[Queue]
    authors: list[Share]
    categories: list[Share]
    whole: Outlook
    leaves: list[Outlook]
    unsettled: int
    named: bool


def board_of(person: Person, dataset: Dataset) -> Board:
    """The board as the person may see it: who reviews, too, is told pseudonyms, as on the pages of reviews."""
    since = midnight() - timedelta(days=JUDGED_DAYS - 1)
    found, named = first_decisions(dataset, since), allows(person, "name_authors", dataset)
    cells = coverage(dataset)
    leaves = {cell.category.pk: cell.category for cell in cells}
    categories = [_share(leaf.name, found.by_category.get(pk), category=leaf) for pk, leaf in leaves.items()]
    whole, each = _outlooks(dataset, {cell.category: (cell.target, cell.approved) for cell in cells})
    return Board(
        days=throughput(dataset, SHOWN_DAYS),
        queues=queues(dataset),
        authors=_authors(found.by_author, named=named),
        categories=[share for share in categories if share.rate.n],
        whole=whole,
        leaves=each,
        unsettled=unsettled(person, dataset),
        named=named,
    )


def _authors(judged: Mapping[int | None, Judged], *, named: bool) -> list[Share]:
    """Most decisions first."""
    people = Person.objects.in_bulk([pk for pk in judged if pk is not None])
    shares = []
    for pk, one in judged.items():
        who = people.get(pk or 0)
        shares.append(_share(str(who) if named and who else alias(who), one, person=pk))
    return sorted(shares, key=lambda share: (-share.rate.n, share.of))


def _share(
    of: str, judged: Judged | None, *, person: int | None = None, category: Category | None = None
) -> Share:
    from curation.stats.estimate import Estimate, not_estimable
    from curation.stats.intervals import wilson

    judged = judged or Judged()
    rate = not_estimable("There is nothing to count yet.")
    if judged.n:
        low, high = wilson(judged.accepted, judged.n)
        rate = Estimate(judged.accepted / judged.n, low, high, n=judged.n, n_clusters=judged.n)
    return Share(of=of, rate=rate, mended=judged.mended, person=person, category=category)


def _outlooks(dataset: Dataset, leaves: Mapping[Category, tuple[int, int]]) -> tuple[Outlook, list[Outlook]]:
    """The whole, and each leaf that has a target. What a leaf has beyond its target counts for no other."""
    from curation.stats.forecast import days_to

    approvals, watched = first_approvals(dataset, PACE_DAYS), _watched(dataset)
    wanted = {leaf: numbers for leaf, numbers in leaves.items() if numbers[0]}
    every: Counter[date] = Counter()
    each, missing = [], 0
    for leaf, (target, approved) in wanted.items():
        counts = approvals.get(leaf.pk, Counter())
        lacking = max(target - approved, 0)
        if lacking:
            missing += lacking
            every += counts
        forecast = days_to(lacking, [counts[day] for day in watched])
        each.append(Outlook(category=leaf, target=target, approved=approved, forecast=forecast))
    target = sum(numbers[0] for numbers in wanted.values())
    forecast = days_to(missing, [every[day] for day in watched])
    return Outlook(category=None, target=target, approved=target - missing, forecast=forecast), each


def _watched(dataset: Dataset) -> list[date]:
    """The whole days that the pace is read from: none before the dataset was there."""
    today = timezone.localdate()
    days = min(PACE_DAYS, (today - timezone.localdate(dataset.created_at)).days)
    return [today - timedelta(days=n) for n in range(days, 0, -1)]


def plain(board: Board) -> dict[str, Any]:
    """The board for programs; dates and times in ISO 8601, shares from 0 to 1, no share without n and interval."""
    now = timezone.now()
    return {
        "days": [{**vars(day), "day": day.day.isoformat()} for day in board.days],
        "queues": [
            {
                "state": queue.state,
                "n": queue.n,
                "oldest_s": _seconds(queue.oldest, now),
                "median_s": _seconds(queue.median, now),
            }
            for queue in board.queues
        ],
        "acceptance": {
            "days": JUDGED_DAYS,
            "authors": [{"author": share.of, **_accepted(share)} for share in board.authors],
            "categories": [
                {"labels": share.category.labels, **_accepted(share)}
                for share in board.categories
                if share.category
            ],
        },
        "forecast": {
            "whole": _outlook(board.whole),
            "leaves": [
                {"labels": one.category.labels, **_outlook(one)} for one in board.leaves if one.category
            ],
        },
        "unsettled": board.unsettled,
    }


def _seconds(since: datetime | None, now: datetime) -> int | None:
    return None if since is None else max(0, round((now - since).total_seconds()))


def _accepted(share: Share) -> dict[str, Any]:
    rate = share.rate
    return {"value": rate.value, "low": rate.low, "high": rate.high, "n": rate.n, "mended": share.mended}


def _outlook(one: Outlook) -> dict[str, Any]:
    said = one.forecast
    days = {"days": said.middle, "low": said.low, "high": said.high}
    numbers = {"target": one.target, "approved": one.approved, "missing": said.missing}
    return {**numbers, **days, "n": said.n, "watched_days": said.days, "why": said.why}
