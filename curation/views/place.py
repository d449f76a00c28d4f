"""Where an item stands in the coverage map, for the head of its writing page."""

from __future__ import annotations

from typing import Any

from curation.models import Category, Item
from curation.queries import cell, known_routine, standing
from curation.views.write_list import Leaf, place_of


def head_of(item: Item, chosen: Category | None) -> dict[str, Any]:
    """The leaf that is chosen on the page with its numbers and caps, and how the item's own place there stands.

    `place`: kept or over, and nothing where the item has none to keep. `settled` is false until the server has heard of
    the choice, or where the next save asks for a place again: the head is then asked for anew after that save.
    """
    if chosen is None:
        return {"cell": None, "settled": item.category_id is None}
    routine, counted = known_routine(item.dataset), cell(item.dataset, chosen)
    here = item.category_id == chosen.pk
    place = place_of(item) if here else ""
    return {
        "cell": Leaf(**vars(counted), standing=standing(counted, routine)),
        "soft": cap(counted.target, routine.soft_cap),
        "hard": cap(counted.target, routine.hard_cap),
        "place": place,
        "until": item.reserved_until,
        "settled": here and place != "over",
    }


def cap(target: int, percent: int | None) -> int | None:
    """From how many items on a leaf is at the cap; None where it has no such cap."""
    return None if percent is None or not target else -(-target * percent // 100)
