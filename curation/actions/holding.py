"""Acts on one item take turns."""

from __future__ import annotations

from curation.models import Item


def hold(item: Item) -> None:
    """Read the item anew and keep its row until the transaction ends: acts on one item take turns."""
    item.refresh_from_db(from_queryset=Item.objects.select_for_update())
