"""A reviewer takes their own decision back, while nothing came of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from curation.actions.holding import hold
from curation.actions.leases import lease_item
from curation.actions.notices import forget_decision
from curation.errors import Conflict, Invalid
from curation.log import record
from curation.models import Draft, Item, Lease, LogEntry, Person, ReleaseItem, Review
from curation.rules import require
from curation.workflow import advance

DAY = timedelta(days=1)


@transaction.atomic
def take_back(person: Person, item: Item) -> Review:
    """Put the item back into review and into the person's hands. Answers with what they had decided and typed, kept no more.

    Raises Invalid where they decided nothing within a day, Conflict where something came of it since.
    """
    hold(item)
    given = Review.objects.filter(item=item, reviewer=person, kind=Review.Kind.PERSON).order_by("pk").last()
    if given is None or given.created_at < timezone.now() - DAY:
        raise Invalid(_("There is nothing to take back."))
    require(person, "take_back", given)
    entry = _untouched(person, item, given)
    review, double = given.pk, given.double
    if given.decides:
        advance(item, "take_back", actor=person, changes=_before(entry, given, item), taken_back=review)
    else:
        record(person, "take_back", item, taken_back=review)
    given.delete()
    if double is not None:
        double.delete()
    forget_decision(item, given)
    lease_item(person, item)
    return given


def _untouched(person: Person, item: Item, given: Review) -> LogEntry:
    """The entry of the decision, which is the last that happened to the item. Raises Conflict where it is not."""
    entries = LogEntry.objects.filter(object_type="item", object_id=str(item.pk))
    last = entries.order_by("pk").last()
    if last is None or last.details.get("review") != given.pk:
        raise Conflict(_("Something happened to it since."))
    now = timezone.now()
    if Lease.objects.filter(item=item, expires_at__gt=now).exclude(person=person).exists():
        raise Conflict(_("Somebody has it in hand."))
    if Draft.objects.filter(item=item, saved_at__gt=given.created_at).exists():
        raise Conflict(_("Its writer has begun to mend it."))
    if ReleaseItem.objects.filter(item=item, revision=given.revision_id).exists():
        raise Conflict(_("It is in a release already."))
    return last


def _before(entry: LogEntry, given: Review, item: Item) -> dict[str, Any]:
    """What the decision had set on the item beside its state."""
    if given.decision == Review.Decision.APPROVE:
        return {"approved_revision_id": entry.details.get("approved_before")}
    if given.decision == Review.Decision.REQUEST_CHANGES:
        return {"open_to_all": False, "author_id": entry.details.get("author_before", item.author_id)}
    return {}
