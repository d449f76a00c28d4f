"""Acts on one item take turns."""

from __future__ import annotations

from curation.models import Item
from curation.prepared import Prepared, slot

ITEM = slot(1)
_ROW = Prepared(lambda: Item.objects.filter(pk=ITEM).select_for_update())


def hold(item: Item) -> None:
    """Read the item anew and keep its row until the transaction ends: acts on one item take turns.

    What was loaded along is forgotten, but for the dataset, which an item never leaves.
    """
    fresh = _ROW.first({ITEM: item.pk})
    if fresh is None:
        raise Item.DoesNotExist
    kept = item._state.fields_cache.get("dataset")
    item._state.fields_cache.clear()
    item.__dict__.pop("_prefetched_objects_cache", None)
    item.__dict__.update({name: value for name, value in fresh.__dict__.items() if name != "_state"})
    if kept is not None and kept.pk == item.dataset_id:
        item.dataset = kept
