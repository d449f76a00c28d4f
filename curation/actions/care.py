"""What a person sets for their own sake: covered texts, breaks, and categories of which they want to see nothing."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from curation.errors import Invalid
from curation.log import record
from curation.models import Category, Dataset, Item, Membership, OptOut, Person, WorkedDay
from curation.queries import opted_out
from curation.rules import require

LONGEST_STRETCH = 240  # minutes
PAUSE = timedelta(minutes=10)
MOST_AT_ONCE = 300  # seconds that one sign of life may report


@transaction.atomic
def set_care(
    actor: Person,
    person: Person,
    *,
    dataset: Dataset,
    blur: bool | None = None,
    break_minutes: int | None = None,
) -> bool:
    """Cover texts or not; offer a break after so many minutes of work (0: never). Returns whether something changed.

    What is not given stays. Raises Invalid for minutes out of range.
    """
    require(actor, "care", person)
    if break_minutes is not None and not 0 <= break_minutes <= LONGEST_STRETCH:
        message = _("Choose 0 to %(most)d minutes; 0 means never.")
        raise Invalid(message % {"most": LONGEST_STRETCH}, field="break_minutes")
    given = {"blur": blur, "break_minutes": break_minutes}
    changed = {
        name: value for name, value in given.items() if value is not None and getattr(person, name) != value
    }
    for name, value in changed.items():
        setattr(person, name, value)
    if changed:
        person.save(update_fields=list(changed))
        record(actor, "care", person, dataset=dataset, changed=sorted(changed))
    return bool(changed)


@transaction.atomic
def set_opt_outs(actor: Person, person: Person, dataset: Dataset, categories: Collection[int]) -> int:
    """Keep exactly these categories of the dataset's taxonomy away from the person. Returns how many are stored.

    What lies under a chosen category goes with it and is not stored beside it. No reason is asked for, and the log says
    only that something changed: which categories are nobody's business. Raises Invalid for a category of another tree.
    """
    require(actor, "care", person)
    wanted, _tree = _highest(dataset, categories)
    mine = OptOut.objects.filter(person=person, category__taxonomy=dataset.taxonomy_id)
    known = set(mine.values_list("category", flat=True))
    if known != wanted:
        mine.exclude(category__in=wanted).delete()
        OptOut.objects.bulk_create(
            (OptOut(person=person, category_id=pk) for pk in sorted(wanted - known)), ignore_conflicts=True
        )
        _give_places_back(person, dataset)
        record(actor, "care", person, dataset=dataset, changed=["opt_outs"])
    return len(wanted)


@transaction.atomic
def set_covers(actor: Person, person: Person, dataset: Dataset, categories: Collection[int]) -> int:
    """Keep texts of exactly these categories of the dataset's taxonomy covered until the person asks for them.

    As with opt-outs: what lies below goes with a category, and the log does not say which. Raises Invalid.
    """
    require(actor, "care", person)
    wanted, tree = _highest(dataset, categories)
    others = {pk for pk in person.covers if pk not in tree}
    if set(person.covers) != wanted | others:
        person.covers = sorted(wanted | others)
        person.save(update_fields=["covers"])
        record(actor, "care", person, dataset=dataset, changed=["covers"])
    return len(wanted)


def _highest(dataset: Dataset, categories: Collection[int]) -> tuple[set[int], set[int]]:
    """The chosen categories without those below another of them, and the whole tree. Raises Invalid for others."""
    tree = dict(Category.objects.filter(taxonomy=dataset.taxonomy_id).values_list("pk", "path"))
    if set(categories) - set(tree):
        raise Invalid(_("This category does not belong to the dataset."), field="category")
    chosen = {pk: tree[pk] for pk in categories}
    highest = {
        pk
        for pk, path in chosen.items()
        if not any(path.startswith(above + "\t") for above in chosen.values())
    }
    return highest, set(tree)


@transaction.atomic
def acknowledge_warning(person: Person, dataset: Dataset) -> bool:
    """Note that the person has read what kind of texts await them. Twice does no harm; the first time stays."""
    require(person, "acknowledge_warning", dataset)
    mine = Membership.objects.filter(person=person, dataset=dataset)
    if mine.exclude(warned_at=None).exists():
        return False
    mine.update(warned_at=timezone.now())
    person.__dict__.pop("_roles", None)
    record(person, "acknowledge_warning", dataset)
    return True


def add_work(person: Person, *, part: str, seconds: int, now: datetime | None = None) -> WorkedDay:
    """Add active time of `part` (writing or reviewing) to the person's day, and a break where they had rested before.

    Never more than has passed since the last sign of life, so that two windows count once. Not logged. Raises Invalid.
    """
    require(person, "care", person)
    if part not in ("writing", "reviewing") or not 0 <= seconds <= MOST_AT_ONCE:
        raise Invalid(_("This is no time of work."), field="seconds")
    at = now or timezone.now()
    with transaction.atomic():
        day, new = WorkedDay.objects.select_for_update().get_or_create(
            person=person, day=timezone.localdate(at), defaults={"last_at": at, part: seconds}
        )
        if new:
            return day
        passed = max((at - day.last_at).total_seconds(), 0.0)
        setattr(day, part, getattr(day, part) + min(seconds, round(passed)))
        day.breaks += passed - seconds >= PAUSE.total_seconds()
        day.last_at = max(at, day.last_at)
        day.save(update_fields=[part, "breaks", "last_at"])
    return day


def _give_places_back(person: Person, dataset: Dataset) -> None:
    """What the person began in a leaf that they now want to see nothing of keeps no place from others."""
    closed = opted_out(person, dataset.taxonomy_id)
    begun = Item.objects.filter(
        author=person,
        dataset__taxonomy=dataset.taxonomy_id,
        category__in=closed,
        reserved_until__isnull=False,
    )
    begun.update(reserved_until=None)
