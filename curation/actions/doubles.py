"""Two people review one text, neither knowing what the other said: drawn by lot, asked for, or after a fix."""

from __future__ import annotations

from hashlib import sha256

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from curation.errors import Invalid
from curation.log import Actor, record
from curation.models import Dataset, DoubleReview, Item, Person, Review, Revision, Routine
from curation.queries import routine_of
from curation.rules import require

Why = DoubleReview.Why
MOST_MINUTES = 240


@transaction.atomic
def set_reviewing(
    actor: Actor, dataset: Dataset, *, lease_minutes: int, twice_share: int, second_after_fix: bool
) -> bool:
    """How long an item stays in a reviewer's hands, and what two people review. Returns whether something changed.

    Raises Invalid for a number out of range.
    """
    require(actor, "set_routine", dataset)
    if not 1 <= lease_minutes <= MOST_MINUTES:
        message = _("An item stays in somebody's hands for 1 to %(most)d minutes.")
        raise Invalid(message % {"most": MOST_MINUTES}, field="lease_minutes")
    if not 0 <= twice_share <= 100:
        raise Invalid(_("The share is 0 to 100 percent."), field="twice_share")
    given = {"lease_minutes": lease_minutes, "twice_share": twice_share, "second_after_fix": second_after_fix}
    routine, _new = Routine.objects.get_or_create(dataset=dataset)
    changed = any(getattr(routine, name) != value for name, value in given.items())
    if changed:
        Routine.objects.filter(pk=routine.pk).update(**given)
        record(actor, "set_routine", dataset, now=given)
    return changed


def drawn(item: int, revision: int, percent: int) -> bool:
    """Whether a revision is of the share that is reviewed twice: by its own numbers, so that no counter is needed."""
    lot = int.from_bytes(sha256(f"{item}:{revision}".encode()).digest()[:8], "big")
    return lot * 100 < percent << 64


def why_second(item: Item, *, fix: bool, asked: bool) -> str:
    """Why a first decision is an opinion only; "" where it decides."""
    if asked:
        return Why.ASKED
    routine = routine_of(item.dataset)
    if drawn(item.pk, item.current_revision_id or 0, routine.twice_share):
        return Why.SAMPLED
    return Why.FIXED if fix and routine.second_after_fix else ""


def agrees(double: DoubleReview, decision: str) -> bool:
    """Whether a second decision leads where the first would have led; to accept is one, with a fix or without."""
    accepts = (Review.Decision.APPROVE, Review.Decision.FIX_AND_APPROVE)
    first = double.opinions.order_by("pk").values_list("decision", flat=True)[0]
    return first == decision or (first in accepts and decision in accepts)


def close(double: DoubleReview, *, agreed: bool | None, by: Person | None, text: Revision) -> None:
    """After the second opinion, or after a lead's word: who differs goes on with the text that was written last."""
    if agreed is not None:
        double.agreed = agreed
    if agreed is False:
        double.revision = text
    else:
        double.settled_at, double.settled_by = timezone.now(), by
    double.save()
