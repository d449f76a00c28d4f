"""Targets per leaf and split, and how the dataset's people work towards them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from curation.actions.datasets import take_turns
from curation.checks.lengths import BANDS, LONGEST, sound
from curation.errors import Conflict, Invalid
from curation.formats.quotas import MOST, SPLITS
from curation.log import Actor, record
from curation.models import Dataset, Quota, Routine
from curation.queries import leaves_of, quotas_of
from curation.rules import require

MOST_PERCENT, MOST_HOURS = 1000, 720
Targets = Mapping[int, Mapping[str, int]]


@dataclass(frozen=True, kw_only=True)
class Change:
    """A target that would be, or was, another."""

    leaf: int
    split: str
    was: int
    now: int


def edition(targets: Targets) -> str:
    """What stands for all targets as they were read: another one means that somebody changed them since."""
    kept = sorted((leaf, split, n) for leaf, row in targets.items() for split, n in row.items() if n)
    return hashlib.sha256(json.dumps(kept).encode()).hexdigest()[:16]


def changes(dataset: Dataset, targets: Targets) -> list[Change]:
    """What setting these targets would change; those that are not named stay.

    Raises Invalid, with the category, for one of another taxonomy, a provisional one, or a number out of range.
    """
    leaves = {leaf.pk: leaf for leaf in leaves_of(dataset)}
    held = quotas_of(dataset)
    found = []
    for pk, row in targets.items():
        leaf = leaves.get(pk)
        if leaf is None:
            raise Invalid(_("This category does not belong to the dataset."), field=str(pk))
        for split in SPLITS:
            was = held.get(pk, {}).get(split, 0)
            now = row.get(split, was)
            if not 0 <= now <= MOST:
                sentence = _("“%(name)s”: a target is a whole number from 0 to %(most)d.")
                raise Invalid(sentence % {"name": leaf.name, "most": MOST}, field=f"{pk}.{split}")
            if now and leaf.provisional:
                sentence = _("“%(name)s” is provisional: its target stays 0.")
                raise Invalid(sentence % {"name": leaf.name}, field=f"{pk}.{split}")
            if now != was:
                found.append(Change(leaf=pk, split=split, was=was, now=now))
    return found


@transaction.atomic
def set_quotas(actor: Actor, dataset: Dataset, targets: Targets, *, base: str = "") -> list[Change]:
    """Set targets, all or none; 0 takes one away. Returns what changed; what is not named stays.

    `base` is the `edition` that was read; raises Conflict where somebody changed a target since.
    """
    require(actor, "set_quotas", dataset)
    take_turns(dataset)
    if base and base != edition(quotas_of(dataset)):
        raise Conflict(
            _("Somebody changed the targets meanwhile. Nothing was saved: compare, then save again.")
        )
    found = changes(dataset, targets)
    for change in found:
        held = Quota.objects.filter(dataset=dataset, category=change.leaf, split=change.split)
        if not change.now:
            held.delete()
        elif not held.update(target=change.now):
            Quota.objects.create(
                dataset=dataset, category_id=change.leaf, split=change.split, target=change.now
            )
    if found:
        told = [[each.leaf, each.split, each.was, each.now] for each in found]
        record(actor, "set_quotas", dataset, changed=told)
    return found


@transaction.atomic
def set_routine(
    actor: Actor, dataset: Dataset, *, soft_cap: int, hard_cap: int | None, reserve_hours: int
) -> bool:
    """Caps in percent of a leaf's target, and for how many hours a place is kept; no hard cap: nothing is refused.

    Returns whether something changed. Raises Invalid for a number out of range.
    """
    require(actor, "set_routine", dataset)
    for name, value in (("soft_cap", soft_cap), ("hard_cap", hard_cap)):
        if value is not None and not 1 <= value <= MOST_PERCENT:
            raise Invalid(_("A cap is 1 to %(most)d percent.") % {"most": MOST_PERCENT}, field=name)
    if hard_cap is not None and hard_cap < soft_cap:
        raise Invalid(_("The hard cap is not below the soft cap."), field="hard_cap")
    if not 1 <= reserve_hours <= MOST_HOURS:
        sentence = _("A place is kept for 1 to %(most)d hours.")
        raise Invalid(sentence % {"most": MOST_HOURS}, field="reserve_hours")
    given = {"soft_cap": soft_cap, "hard_cap": hard_cap, "reserve_hours": reserve_hours}
    take_turns(dataset)
    routine, _new = Routine.objects.get_or_create(dataset=dataset)
    changed = [name for name, value in given.items() if getattr(routine, name) != value]
    Routine.objects.filter(pk=routine.pk).update(**given)
    if changed:
        record(actor, "set_routine", dataset, now=given)
    return bool(changed)


@transaction.atomic
def set_bands(actor: Actor, dataset: Dataset, bands: Mapping[str, Sequence[int]]) -> bool:
    """Least and most characters of "question" and "answer"; a part that is not named has the guideline's again.

    Returns whether something changed. Raises Invalid, with the part, for what is no such pair.
    """
    require(actor, "set_routine", dataset)
    for part, band in bands.items():
        if part not in BANDS or not sound(band):
            sentence = _("A length is two whole numbers from 0 to %(most)d, the least first.")
            raise Invalid(sentence % {"most": LONGEST}, field=part)
    given = {part: list(bands[part]) for part in BANDS if tuple(bands.get(part, ())) not in ((), BANDS[part])}
    take_turns(dataset)
    routine, _new = Routine.objects.get_or_create(dataset=dataset)
    if routine.bands == given:
        return False
    Routine.objects.filter(pk=routine.pk).update(bands=given)
    record(actor, "set_routine", dataset, now={"bands": given})
    return True
