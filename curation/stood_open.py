"""Whether an item stood open for several writers at some time: whoever had it then may still be typing."""

from __future__ import annotations

from django.db.models import Q

from curation.models import Item, LogEntry

OPENED = Q(to_state=Item.State.AWAITING_ANSWER) | Q(verb="open_to_all") | Q(details__has_key="opened")


def stood_open(item: Item) -> bool:
    """As the log has it."""
    return LogEntry.objects.filter(OPENED, object_type="item", object_id=str(item.pk)).exists()
