"""Whether what was sent back is its author's alone to mend, or any writer's."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from curation.actions.holding import hold
from curation.actions.leases import end_lease
from curation.errors import WrongState
from curation.log import Actor, record
from curation.models import Item, Lease
from curation.rules import require


def refuse_to_open(actor: Actor, item: Item) -> None:
    """Raises the error with which `open_to_writers` would refuse."""
    require(actor, "open_to_all", item)
    if item.state != Item.State.NEEDS_CHANGES:
        raise WrongState(_("Only what was sent back can be opened to all writers."))
    if item.open_to_all:
        raise WrongState(_("It is open to all writers already."))


@transaction.atomic
def open_to_writers(actor: Actor, item: Item) -> None:
    """Let any writer mend what was sent back to its author; drafts stay whose they are."""
    hold(item)
    refuse_to_open(actor, item)
    _set(actor, item, True)


@transaction.atomic
def close_to_writers(actor: Actor, item: Item) -> None:
    """Give it back to its author alone; whoever had it in hand keeps their draft."""
    hold(item)
    require(actor, "open_to_all", item)
    end_lease(item, Lease.Part.WRITE)
    _set(actor, item, False)


def _set(actor: Actor, item: Item, opened: bool) -> None:
    Item.objects.filter(pk=item.pk).update(open_to_all=opened, updated_at=timezone.now())
    item.open_to_all = opened
    record(actor, "open_to_all" if opened else "close_to_all", item)
