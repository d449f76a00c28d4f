"""One item in one pair of hands: a lease is let, kept up, given back, handed over; whose time is over has lost it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from curation.actions.holding import hold
from curation.actions.notices import tell_of_hand_over
from curation.errors import Conflict, InHand, Invalid, NotAllowed, WrongState
from curation.log import record
from curation.models import Dataset, Item, Lease, Person, Routine
from curation.prepared import Prepared, delete, slot, word_slot
from curation.queries import (
    free_to_write,
    holder_of,
    next_to_review,
    review_queue,
    stands_open,
    writable_by_several,
)
from curation.rules import allows, require
from curation.workflow import target

REVIEW, WRITE = Lease.Part.REVIEW, Lease.Part.WRITE
Waiting = dict[str, Callable[[Person, Dataset], QuerySet[Item]]]
VERB: dict[str, str] = {REVIEW: "approve", WRITE: "submit"}  # what the item is taken in hand for
QUEUE: Waiting = {REVIEW: review_queue, WRITE: writable_by_several}
GIVE: dict[str, str] = {REVIEW: "hand_over", WRITE: "hand_over_writing"}
PERSON, PART = slot(1), word_slot(1)
_OF_PERSON = Prepared(
    lambda: Lease.objects.filter(person=PERSON, part=PART).select_related("item").order_by("taken_at", "pk")
)
HANDED = timedelta(hours=24)  # what was handed over waits so long for the one it was handed to
TRIES = 20  # items that others may snatch away before a search ends


def lease_review(person: Person, dataset: Dataset, *, after: int = 0) -> Lease | None:
    """The item that the person reviews now: what they hold, else what was handed to them, else the next; None at the end.

    `after` is the revision they left: the search goes on behind it and begins anew at the end.
    """
    return _lease_next(person, dataset, REVIEW, after)


def lease_writing(person: Person, dataset: Dataset, *, after: int = 0) -> Lease | None:
    """The next item that stands open for writers: what was handed to the person, else the next behind the item `after`.

    A writer may have several in hand: drafts are begun and left for later.
    """
    return _lease_next(person, dataset, WRITE, after)


def _lease_next(person: Person, dataset: Dataset, part: str, after: int) -> Lease | None:
    """Safe for any number of clients: the item's row is locked while its lease is written, and the lease is unique in
    the database.
    """
    for _try in range(TRIES):
        try:
            with transaction.atomic():
                begun, given = _theirs(person, part)
                held = (begun and _held(begun, person, dataset)) or _handed(given, person, dataset, part)
                if held is not None:
                    return held
                item = _next(person, dataset, part, after)
                return None if item is None else _let(person, item, part)
        except (IntegrityError, Conflict):  # another client was faster, or another window of the same person
            continue
    return None


def _theirs(person: Person, part: str) -> tuple[Lease | None, list[Lease]]:
    """What the person is reviewing, and what was handed to them, in its order."""
    rows = _OF_PERSON.rows({PERSON: person.pk, PART: part})
    begun = next((lease for lease in rows if not lease.handed), None) if part == REVIEW else None
    return begun, [lease for lease in rows if lease.handed]


def _held(lease: Lease, person: Person, dataset: Dataset) -> Lease | None:
    """Their lease, kept up, where the item still is for them; one that nobody took over is theirs though it ran out."""
    if not review_queue(person, dataset).filter(pk=lease.item_id).exists():
        lease.delete()
        return None
    return lease if _renew(lease) else None


def _handed(given: list[Lease], person: Person, dataset: Dataset, part: str) -> Lease | None:
    """The first of those that somebody handed to them, begun now."""
    for lease in given:
        if lease.item.dataset_id != dataset.pk or lease.expires_at <= timezone.now():
            continue
        hold(lease.item)
        if QUEUE[part](person, dataset).filter(pk=lease.item_id).exists() and _renew(lease, begin=True):
            return lease
    return None


def _next(person: Person, dataset: Dataset, part: str, after: int) -> Item | None:
    """The first that is free behind `after`, else the first of all; locked, and those that others lock are passed over."""
    first = NEXT[part]
    return (first(person, dataset, after) if after else None) or first(person, dataset, 0)


def _next_to_write(person: Person, dataset: Dataset, after: int) -> Item | None:
    free = free_to_write(person, dataset)
    if connection.features.has_select_for_update_skip_locked:
        free = free.select_for_update(skip_locked=True, of=("self",))
    return free.filter(pk__gt=after).first()


NEXT: dict[str, Callable[[Person, Dataset, int], Item | None]] = {
    REVIEW: next_to_review,
    WRITE: _next_to_write,
}


def lease_item(person: Person, item: Item, part: str = REVIEW) -> Lease:
    """Take this very item. Raises Conflict, naming the holder, where somebody else has it in hand, WrongState where
    there is nothing to review, or nobody but its author writes.

    Who reviews another one lets it go by that.
    """
    require(person, VERB[part], item)
    for _try in range(TRIES):
        try:
            with transaction.atomic():
                hold(item)
                _refuse_closed(item, part)
                refuse_held(person, item, part)
                mine = Lease.objects.filter(item=item, part=part, person=person).first()
                if mine is not None and _renew(mine, begin=mine.handed):
                    return mine
                return _let(person, item, part)
        except IntegrityError:  # another window of theirs was faster
            continue
    raise Conflict(_("You are opening several items at once. Try again."))


def _refuse_closed(item: Item, part: str) -> None:
    """Raises WrongState for an item that nobody needs to take in hand."""
    if part == REVIEW:
        target(item, "approve")
    elif not stands_open(item):
        raise WrongState(_("This item does not stand open for several writers."))


def _let(person: Person, item: Item, part: str) -> Lease:
    """Write the lease in the place of one that ran out; the caller has locked the item."""
    now = timezone.now()
    over = Q(item=item, part=part, expires_at__lte=now)
    if part == REVIEW:
        over |= Q(person=person, part=REVIEW, handed=False)
    Lease.objects.filter(over).delete()
    times = {"taken_at": now, "beat_at": now, "expires_at": _end(item.pk, now)}
    return Lease.objects.create(item=item, part=part, person=person, **times)


def _end(item: int, now: datetime) -> datetime:
    """When a lease that is let or kept up now runs out, as the dataset of the item has it."""
    said = Routine.objects.filter(dataset__items=item).values_list("lease_minutes", flat=True).first()
    return now + timedelta(minutes=said or Routine().lease_minutes)


def _renew(lease: Lease, *, begin: bool = False) -> bool:
    """Keep it up if it is still theirs: one UPDATE compares and sets. Begun leases are one a person."""
    now = timezone.now()
    changes = {"beat_at": now, "expires_at": _end(lease.item_id, now)}
    if begin:
        if lease.part == REVIEW:
            Lease.objects.filter(person=lease.person, part=REVIEW, handed=False).exclude(pk=lease.pk).delete()
        changes["taken_at"] = now
    still = Lease.objects.filter(pk=lease.pk, token=lease.token)
    if not still.update(**changes, **({"handed": False} if begin else {})):
        return False
    lease.refresh_from_db()
    return True


def refuse_held(person: Person, item: Item, part: str = REVIEW) -> None:
    """Raises InHand where somebody else has the item in hand."""
    held = holder_of(item, part)
    if held is not None and held.person_id != person.pk:
        raise InHand(in_hand(held))


def in_hand(lease: Lease) -> str:
    """Who has it, since when, for people."""
    taken, today = timezone.localtime(lease.taken_at), timezone.localdate()
    said = {"who": lease.person, "time": date_format(taken, "H:i" if taken.date() == today else "m-d H:i")}
    if lease.handed:
        return _("It was handed to %(who)s at %(time)s.") % said
    if lease.part == REVIEW:
        return _("%(who)s is reviewing this since %(time)s.") % said
    return _("%(who)s is writing this since %(time)s.") % said


@transaction.atomic  # on SQLite only transactions stand in the line of writers
def beat(person: Person, *, token: str) -> Lease:
    """The page is still being worked on. Raises Conflict where the lease is gone: it ran out and somebody took it."""
    lease = Lease.objects.filter(token=token, person=person).first()
    if lease is None or not _renew(lease):
        raise Conflict(_("You no longer hold this item: your time ran out, or it was decided."))
    return lease


@transaction.atomic
def let_go(person: Person, item: Item, part: str = REVIEW) -> bool:
    """Give it back for others to take. Returns whether the person held it."""
    return bool(Lease.objects.filter(item=item, part=part, person=person).delete()[0])


def end_lease(item: Item, part: str = REVIEW) -> None:
    """The work is done, whoever held it."""
    delete(Lease, item=item, part=part)


@transaction.atomic
def hand_over(person: Person, item: Item, *, to: Person, part: str = REVIEW) -> Lease:
    """Give it to somebody by name: it waits for them a day, then anybody's turn comes again.

    For whoever holds it, and for a lead. Raises NotAllowed where it is not for that person; why stays untold, for it
    may be what they opted out of, or an opinion that they gave. What the one who loses it wrote stays their draft.
    """
    hold(item)
    require(person, GIVE[part], item)
    held = holder_of(item, part)
    if to.pk == (held.person_id if held else person.pk):
        raise Invalid(_("Choose somebody else."), field="to")
    if not allows(to, VERB[part], item) or not QUEUE[part](to, item.dataset).filter(pk=item.pk).exists():
        for_writing = _("This item is not for them to write.")
        raise NotAllowed(for_writing if part == WRITE else _("This item is not for them to review."))
    end_lease(item, part)
    now = timezone.now()
    times = {"taken_at": now, "beat_at": now, "expires_at": now + HANDED}
    lease = Lease.objects.create(item=item, part=part, person=to, handed=True, **times)
    record(person, GIVE[part], item, to=to.pk)
    tell_of_hand_over(lease, held=held, by=person)
    return lease
