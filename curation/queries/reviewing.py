"""What waits for a reviewer, who has what in hand, and what comes next."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from curation.models import (
    Dataset,
    DoubleReview,
    Item,
    Lease,
    LogEntry,
    Membership,
    Person,
    Review,
    Revision,
    Suggestion,
)
from curation.origins import counts
from curation.prepared import Prepared, PreparedCount, moment_slot, slot, word_slot
from curation.queries.coverage import spared

MANY = 100  # from here on a count is not worth its time: shown as "99+"
REVIEW = Lease.Part.REVIEW
PERSON, DATASET, ITEM, AFTER = slot(1), slot(2), slot(3), slot(4)
PART, NOW = word_slot(1), moment_slot(1)


def review_queue(person: Person | int, dataset: Dataset | int) -> QuerySet[Item]:
    """Items in review that are for the person, oldest submission first (revisions number upwards); both may be keys.

    Nothing they wrote any part of, nothing of a category that they want to see nothing of. Each item is asked about
    itself alone, so that the first ones cost the same in a dataset of any size.
    """
    wrote = Q(question_author=person) | Q(answer_author=person) | Q(submitted_by=person)
    mine = Revision.objects.filter(wrote, item=OuterRef("pk"))
    waiting = Item.objects.filter(dataset=dataset, state=Item.State.IN_REVIEW, current_revision__isnull=False)
    waiting = waiting.filter(~Exists(mine), ~Exists(_judged(person)))
    return spared(waiting, person).order_by("current_revision_id")


def _judged(person: Person | int) -> QuerySet[DoubleReview]:
    """Whether the person gave one of two opinions on the text, or two differ already."""
    double = DoubleReview.objects.filter(revision=OuterRef("current_revision"))
    given = Review.objects.filter(double=OuterRef("pk"), reviewer=person)
    return double.filter(Q(agreed=False) | Exists(given))


def free_to_review(
    person: Person | int, dataset: Dataset | int, now: datetime | None = None
) -> QuerySet[Item]:
    """The queue without what others have in hand now."""
    return review_queue(person, dataset).filter(~Exists(in_other_hands(person, REVIEW, now)))


def _next() -> QuerySet[Item]:
    """Rows that others lock just now are passed over where the database can."""
    free = free_to_review(PERSON, DATASET, NOW).filter(current_revision__gt=AFTER)
    if connection.features.has_select_for_update_skip_locked:
        free = free.select_for_update(skip_locked=True, of=("self",))
    return free[:1]


_NEXT = Prepared(_next)
_WAITING = PreparedCount(lambda: free_to_review(PERSON, DATASET, NOW).order_by()[:MANY])


def next_to_review(person: Person, dataset: Dataset, after: int = 0) -> Item | None:
    """The first that is free behind the revision `after`, locked: for a transaction."""
    return _NEXT.first({PERSON: person.pk, DATASET: dataset.pk, NOW: timezone.now(), AFTER: after})


def waiting_for_review(person: Person, dataset: Dataset) -> int:
    """How many are free for the person, counted no further than MANY."""
    return _WAITING.of({PERSON: person.pk, DATASET: dataset.pk, NOW: timezone.now()})


def in_other_hands(person: Person | int, part: str, now: datetime | None = None) -> QuerySet[Lease]:
    """Of an outer query's item: the live lease that somebody else has."""
    return live_leases(now).filter(item=OuterRef("pk"), part=part).exclude(person=person)


def live_leases(now: datetime | None = None) -> QuerySet[Lease]:
    """Leases that have not run out."""
    return Lease.objects.filter(expires_at__gt=now or timezone.now())


_HOLDER = Prepared(
    lambda: (
        Lease.objects.filter(expires_at__gt=NOW, item=ITEM, part=PART)
        .select_related("person")
        .order_by("pk")[:1]
    )
)


def holder_of(item: Item, part: str = REVIEW) -> Lease | None:
    """The live lease of an item, with its person."""
    return _HOLDER.first({NOW: timezone.now(), ITEM: item.pk, PART: part})


def holders_of(items: Collection[Item], part: str = REVIEW) -> dict[int, Lease]:
    """Live leases of a part by item: one query, whatever the number of rows."""
    held = live_leases().filter(item__in=items, part=part).select_related("person")
    return {lease.item_id: lease for lease in held}


def held_for_review(person: Person, dataset: Dataset) -> Lease | None:
    """What the person is reviewing in the dataset, with its item."""
    mine = live_leases().filter(person=person, part=REVIEW, handed=False, item__dataset=dataset)
    return mine.select_related("item").first()


def at_most(rows: QuerySet[Any], most: int = MANY) -> int:
    """How many rows there are, counted no further than `most`."""
    return rows.order_by()[:most].count()


def reviewers_for(item: Item) -> QuerySet[Person]:
    """Reviewers of the dataset who wrote no part of the item."""
    wrote = (
        Q(question_author=OuterRef("pk")) | Q(answer_author=OuterRef("pk")) | Q(submitted_by=OuterRef("pk"))
    )
    roles = Membership.objects.filter(dataset=item.dataset_id, role=Membership.Role.REVIEWER)
    people = Person.objects.filter(is_active=True, pk__in=roles.values("person"))
    return people.filter(~Exists(Revision.objects.filter(wrote, item=item))).order_by(
        "display_name", "username"
    )


def prompts_of(revision: Revision) -> dict[str, list[str]]:
    """By part, the prompts by which the drafting aid was asked on the item before the revision was handed in.

    Only of parts in which a machine wrote characters; no query where it wrote none. [] where the text came from elsewhere.
    """
    parts = [part for part, runs in revision.origins.items() if counts(runs).get("machine")]
    if not parts:
        return {}
    asked = LogEntry.objects.filter(object_type="item", object_id=str(revision.item_id), verb="ask_aid")
    found = asked.filter(created_at__lte=revision.created_at).order_by("pk").values_list("details", flat=True)
    said = [(Suggestion(kind=each["kind"]).part, each["prompt"]) for each in found if "prompt" in each]
    return {part: list(dict.fromkeys(prompt for of, prompt in said if of == part)) for part in parts}
