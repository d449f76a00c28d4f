"""What a person sets for their own sake: covered texts, breaks, and categories of which they want to see nothing."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from curation.errors import Invalid
from curation.log import record
from curation.models import Category, Dataset, OptOut, Person
from curation.rules import require

LONGEST_STRETCH = 240  # minutes


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
    tree = dict(Category.objects.filter(taxonomy=dataset.taxonomy_id).values_list("pk", "path"))
    if set(categories) - set(tree):
        raise Invalid(_("This category does not belong to the dataset."), field="category")
    chosen = {pk: tree[pk] for pk in categories}
    wanted = {
        pk
        for pk, path in chosen.items()
        if not any(path.startswith(above + "\t") for above in chosen.values())
    }
    mine = OptOut.objects.filter(person=person, category__taxonomy=dataset.taxonomy_id)
    known = set(mine.values_list("category", flat=True))
    if known != wanted:
        mine.exclude(category__in=wanted).delete()
        OptOut.objects.bulk_create(
            (OptOut(person=person, category_id=pk) for pk in sorted(wanted - known)), ignore_conflicts=True
        )
        record(actor, "care", person, dataset=dataset, changed=["opt_outs"])
    return len(wanted)
