"""Taking a leaf: a question is begun there, and its place is kept for some hours."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from curation.actions.items import begin, hold
from curation.actions.reservations import hold_leaf, until
from curation.errors import Invalid, WrongState
from curation.models import Category, Dataset, Item, Person, Routine
from curation.prepared import update
from curation.queries import Cell, cell, routine_of, standing
from curation.rules import require


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A begun question, and how its leaf stands to its caps with this place taken."""

    item: Item
    standing: str


@transaction.atomic
def take_cell(person: Person, dataset: Dataset, leaf: Category) -> Taken:
    """Begin a question in the leaf, or renew the place of one that the person began there and never wrote on.

    Raises Invalid for what is no leaf of the dataset, WrongState where the leaf is at its hard cap or provisional: of people who take the last place at once,
    one gets it.
    """
    require(person, "take", dataset)
    if leaf.taxonomy_id != dataset.taxonomy_id or not leaf.is_leaf:
        raise Invalid(_("Choose a specific harm of this dataset's taxonomy."), field="category")
    routine = routine_of(dataset)
    item = begin(person, dataset, leaf)
    hold(item)  # before the leaf, as a save of its draft does
    hold_leaf(dataset, leaf)
    found = cell(dataset, leaf)
    if item.reserved_until is None or item.reserved_until <= timezone.now():
        # What was begun in this transaction has no place yet, so it is not counted.
        _refuse_full(found, routine)
        found = replace(found, reserved=found.reserved + 1)
    item.reserved_until = until(routine)
    update(Item, {"id": item.pk}, {"reserved_until": item.reserved_until})
    return Taken(item=item, standing=standing(found, routine))


def _refuse_full(found: Cell, routine: Routine) -> None:
    match standing(found, routine):
        case "closed":
            raise WrongState(_("This category is provisional: nothing is written in it yet."))
        case "full":
            sentence = _(
                "“%(name)s” has %(held)d approved, in work or reserved against a target of %(target)d: it takes no more "
                "now. Choose one that needs people."
            )
            raise WrongState(
                sentence % {"name": found.category.name, "held": found.held, "target": found.target}
            )


@transaction.atomic
def let_go(person: Person, item: Item) -> None:
    """Give the place back; the draft stays. Without a place it is nothing new."""
    hold(item)
    require(person, "let_go", item)
    item.reserved_until = None
    Item.objects.filter(pk=item.pk).update(reserved_until=None)
