"""Who gives an item that is in somebody's hands to somebody else."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from curation.log import Actor, Operator
from curation.models import Item, Lease, Person
from curation.rules import Role, needs, review, rule, submit

Part = Lease.Part


@rule("hand_over", Item)
def hand_over(actor: Actor, item: Item) -> str | None:
    """Whoever could review it gives away what they hold or nobody holds; a lead what anybody holds."""
    if isinstance(actor, Operator):
        return _("A review needs a person.")
    if needs(actor, item.dataset, Role.LEAD) is None:
        return None
    refusal = review(actor, item)
    if refusal is None and _in_other_hands(actor, item, Part.REVIEW):
        return _("Somebody else is reviewing this item.")
    return refusal


@rule("hand_over_writing", Item)
def hand_over_writing(actor: Actor, item: Item) -> str | None:
    """The same of writing: whoever could write on it, and a lead."""
    if isinstance(actor, Operator):
        return _("A draft needs a person.")
    if needs(actor, item.dataset, Role.LEAD) is None:
        return None
    refusal = submit(actor, item)
    if refusal is None and _in_other_hands(actor, item, Part.WRITE):
        return _("Somebody else is writing this item.")
    return refusal


def _in_other_hands(person: Person, item: Item, part: str) -> bool:
    held = Lease.objects.filter(item=item, part=part, expires_at__gt=timezone.now())
    return held.exclude(person=person).exists()
