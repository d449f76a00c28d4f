"""Places in a leaf: how many it has, who keeps one, and that no two people are given the last one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from curation.models import Category, Dataset, Item, Quota, Routine
from curation.prepared import Prepared, slot, update
from curation.queries import cell, coverage, routine_of, standing

DATASET, LEAF = slot(1), slot(2)


def _rows() -> QuerySet[Quota]:
    return Quota.objects.select_for_update().filter(dataset=DATASET, category=LEAF).order_by("pk").only("pk")


_LEAF = Prepared(_rows)


def hold_leaf(dataset: Dataset, leaf: Category) -> None:
    """Until the transaction ends, nobody else is given a place in the leaf: they wait.

    A leaf without a target has no cap, and nothing to wait for. SQLite has one writer at a time anyway.
    """
    if connection.features.has_select_for_update:
        _LEAF.rows({DATASET: dataset.pk, LEAF: leaf.pk})


def has_room(dataset: Dataset, leaf: Category, routine: Routine) -> bool:
    """Whether one more may be begun in the leaf; only sure between `hold_leaf` and the end of the transaction."""
    return standing(cell(dataset, leaf), routine) not in ("full", "closed")


def until(routine: Routine) -> datetime:
    """When a place that is given now runs out."""
    return timezone.now() + timedelta(hours=routine.reserve_hours)


def keep_place(item: Item, leaf: Category | None) -> None:
    """Bring a begun item to the leaf that its author's draft has chosen, and renew its place there.

    Called with every save. A place is renewed when less than half of its time is left; one that has run out, or one in
    another leaf, is given anew where there is room. Where there is none the text is kept all the same, without a place.
    """
    moved = item.category_id != (leaf.pk if leaf else None)
    routine = routine_of(item.dataset)
    left = item.reserved_until - timezone.now() if item.reserved_until else timedelta(0)
    if not moved and left > timedelta(hours=routine.reserve_hours) / 2:
        return
    item.category = leaf
    if leaf is None:
        item.reserved_until = None
    elif moved or left <= timedelta(0):
        hold_leaf(item.dataset, leaf)
        item.reserved_until = until(routine) if has_room(item.dataset, leaf, routine) else None
    else:
        item.reserved_until = until(routine)
    update(Item, {"id": item.pk}, {"category": leaf, "reserved_until": item.reserved_until})


def over_cap(dataset: Dataset, leaves: Collection[int], more: Mapping[int, int]) -> list[str]:
    """A sentence for each of the leaves that holds more than its hard cap: imports say so and go on.

    `more`: leaf -> items that are not there yet and count already.
    """
    routine = routine_of(dataset)
    if routine.hard_cap is None:
        return []
    said = _("“%(name)s” now has %(held)d approved, in work or reserved against a target of %(target)d.")
    sentences = []
    for found in coverage(dataset):
        held = found.held + more.get(found.category.pk, 0)
        wanted = found.category.pk in leaves and found.target
        if wanted and 100 * (held - 1) >= found.target * routine.hard_cap:
            sentences.append(said % {"name": found.category.name, "held": held, "target": found.target})
    return sentences
