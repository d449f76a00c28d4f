"""How the work of a dataset goes, for those who lead it: counts of days, waits, first decisions. Ids and numbers only."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import CharField, Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Cast, Coalesce, TruncDate
from django.utils import timezone

from curation.models import Dataset, Item, LogEntry, Person, Review
from curation.queries.doubles import to_settle
from curation.queries.reviewing import at_most

D, S = Review.Decision, Item.State
WRITTEN = ("submit", "submit_question", "revise")
REVIEWED = ("approve", "request_changes", "request_answer", "reject", "give_opinion")
TAKEN_BACK = "take_back"
QUEUES = (S.AWAITING_ANSWER, S.IN_REVIEW, S.NEEDS_CHANGES)
ACCEPTED = (D.APPROVE, D.FIX_AND_APPROVE)


@dataclass(frozen=True, kw_only=True)
class Day:
    """What people did on one day: texts handed in, texts judged, items accepted."""

    day: date
    written: int = 0
    reviewed: int = 0
    approved: int = 0


@dataclass(frozen=True, kw_only=True)
class Queue:
    """Items in one state, and since when they have been in it: the longest, and the median."""

    state: str
    n: int
    oldest: datetime | None = None
    median: datetime | None = None


@dataclass(kw_only=True)
class Judged:
    """Texts at their first decision: how many, how many were accepted, how many of those after a fix."""

    n: int = 0
    accepted: int = 0
    mended: int = 0

    def add(self, n: int, accepted: int, mended: int) -> None:
        self.n, self.accepted, self.mended = self.n + n, self.accepted + accepted, self.mended + mended


@dataclass(kw_only=True)
class FirstDecisions:
    """First decisions on items, by the leaf and by the person who handed the text in."""

    by_category: dict[int, Judged] = field(default_factory=dict)
    by_author: dict[int | None, Judged] = field(default_factory=dict)


def midnight(now: datetime | None = None) -> datetime:
    """When the site's day began."""
    return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)


def throughput(dataset: Dataset, days: int, *, now: datetime | None = None) -> list[Day]:
    """The last `days` days, today included, oldest first. What was imported is nobody's work and is left out."""
    today = midnight(now)
    first = today - timedelta(days=days - 1)
    steps = LogEntry.objects.filter(
        dataset=dataset, verb__in={*WRITTEN, *REVIEWED, TAKEN_BACK}, object_type="item", created_at__gte=first
    )
    # A step of a bulk act names no revision and no review.
    rows = steps.exclude(details={}).order_by().annotate(day=TruncDate("created_at"))
    counted: dict[date, Counter[str]] = {}
    for day, verb, left, n in rows.values_list("day", "verb", "from_state").annotate(n=Count("pk")):
        verbs = counted.setdefault(day, Counter())
        verbs[verb] += n
        if verb == TAKEN_BACK and left == S.APPROVED:
            verbs["approve"] -= n
        elif verb == TAKEN_BACK:
            verbs["give_opinion"] -= n  # or another: they are counted together
    found = []
    for at in range(days):
        day = first.date() + timedelta(days=at)
        verbs = counted.get(day, Counter())
        written, reviewed = (sum(verbs[verb] for verb in kind) for kind in (WRITTEN, REVIEWED))
        found.append(Day(day=day, written=written, reviewed=reviewed, approved=verbs["approve"]))
    return found


def queues(dataset: Dataset) -> list[Queue]:
    """What waits for an answer, a review, or its author, and since when: since the step that led to the state."""
    came = LogEntry.objects.filter(
        object_type="item", object_id=Cast(OuterRef("pk"), CharField()), to_state=OuterRef("state")
    )
    since = Subquery(came.order_by("-id").values("created_at")[:1])
    waiting = Item.objects.filter(dataset=dataset, state__in=QUEUES).order_by()
    rows = waiting.annotate(since=Coalesce(since, F("current_revision__created_at"), F("created_at")))
    times: dict[str, list[datetime]] = {state: [] for state in QUEUES}
    for state, at in rows.values_list("state", "since"):
        times[state].append(at)
    return [_queue(state, sorted(found)) for state, found in times.items()]


def _queue(state: str, since: list[datetime]) -> Queue:
    if not since:
        return Queue(state=state, n=0)
    upper, lower = since[len(since) // 2], since[(len(since) - 1) // 2]
    return Queue(state=state, n=len(since), oldest=since[0], median=lower + (upper - lower) / 2)


def first_decisions(dataset: Dataset, since: datetime) -> FirstDecisions:
    """Each item once: at the first decision that a person made on it, where that was made `since` then."""
    deciding = Review.objects.filter(kind=Review.Kind.PERSON, decides=True)
    before = deciding.filter(item=OuterRef("item"), pk__lt=OuterRef("pk"))
    rows = deciding.filter(~Exists(before), item__dataset=dataset, created_at__gte=since).order_by()
    counts = {
        "n": Count("pk"),
        "accepted": Count("pk", filter=Q(decision__in=ACCEPTED)),
        "mended": Count("pk", filter=Q(decision=D.FIX_AND_APPROVE)),
    }
    found = FirstDecisions()
    by_both = rows.values_list("revision__category", "revision__submitted_by").annotate(**counts)
    for category, author, *numbers in by_both:
        found.by_category.setdefault(category, Judged()).add(*numbers)
        found.by_author.setdefault(author, Judged()).add(*numbers)
    return found


def first_approvals(dataset: Dataset, days: int, *, now: datetime | None = None) -> dict[int, Counter[date]]:
    """Leaf -> day -> items that a person accepted for the first time in the `days` whole days before today, and which
    still are accepted."""
    today = midnight(now)
    approving = Review.objects.filter(decides=True, decision__in=ACCEPTED)
    before = approving.filter(item=OuterRef("item"), pk__lt=OuterRef("pk"))
    rows = approving.filter(
        ~Exists(before),
        kind=Review.Kind.PERSON,
        item__dataset=dataset,
        item__state=S.APPROVED,
        created_at__gte=today - timedelta(days=days),
        created_at__lt=today,
    ).order_by()
    found: dict[int, Counter[date]] = {}
    daily = rows.annotate(day=TruncDate("created_at")).values_list("item__category", "day")
    for leaf, day, n in daily.annotate(n=Count("pk")):
        found.setdefault(leaf, Counter())[day] += n
    return found


def unsettled(person: Person, dataset: Dataset) -> int:
    """How many second opinions the person has to settle, counted no further than a hundred."""
    return at_most(to_settle(person, dataset))
