"""Items that a person may see, as lists, by a search, and what happened to one."""

from __future__ import annotations

from django.db import connections
from django.db.models import Exists, OuterRef, Q, QuerySet

from curation.models import (
    Category,
    Dataset,
    Item,
    LogEntry,
    OptOut,
    Person,
    Review,
    Revision,
)
from curation.pairs import revisions_with
from curation.prepared import Prepared, slot
from curation.queries.datasets import ITEM_ROLES
from curation.queries.guidelines import in_words
from curation.rules import roles_of
from curation.similar import fold

FEW = 5000  # texts; what more of them contain is in every 80th and more


def items_visible_to(person: Person, dataset: Dataset) -> QuerySet[Item]:
    """Items of the dataset for whoever has a role in it other than rater; nothing for a stranger."""
    if not roles_of(person, dataset) & ITEM_ROLES:
        return Item.objects.none()
    return Item.objects.filter(dataset=dataset)


def items_in_list(items: QuerySet[Item]) -> QuerySet[Item]:
    """Narrow columns for a list: one query, whatever the number of rows."""
    return items.select_related(
        "question",
        "author",
        "current_revision__question_text",
        "current_revision__category__parent",
    ).defer("current_revision__question_text__folded", "current_revision__attributes")


PERSON, DATASET, TAXONOMY = slot(1), slot(2), slot(3)


def _categories() -> QuerySet[Category]:
    mine = OptOut.objects.filter(person=PERSON)
    here = (
        Q(category=OuterRef("pk")) | Q(category=OuterRef("parent")) | Q(category=OuterRef("parent__parent"))
    )
    rows = Category.objects.filter(taxonomy=TAXONOMY).annotate(closed=Exists(mine.filter(here)))
    return rows.defer("definition_ja", "definition_en", "hints", "default_quota").order_by("position")


def _authors() -> QuerySet[Person]:
    theirs = Item.objects.filter(dataset=DATASET, author=OuterRef("pk"))
    people = Person.objects.filter(Exists(theirs)).order_by("pseudonym", "pk")
    return people.only("pseudonym", "display_name", "username")


_CATEGORIES, _AUTHORS = Prepared(_categories), Prepared(_authors)


def categories_for(person: Person, dataset: Dataset) -> list[Category]:
    """The whole taxonomy in its order; `closed`: whether the person opted out of it, or of what stands above it."""
    return _CATEGORIES.rows({PERSON: person.pk, TAXONOMY: dataset.taxonomy_id})


def authors_in(dataset: Dataset) -> list[Person]:
    """Whoever is the author of an item, whatever their roles are now."""
    return _AUTHORS.rows({DATASET: dataset.pk})


def matching(items: QuerySet[Item], query: str) -> QuerySet[Item]:
    """Items whose question or answer contains the query after folding width, case and kana, or with this id.

    One character is enough; a query that folds to nothing finds nothing. PostgreSQL knows the texts with few letters by
    their index; what many texts contain is met soon while the items are read in their order.
    """
    query = query.replace("\x00", "")  # PostgreSQL refuses it, SQLite ends the pattern there
    folded = fold(query)
    if not folded:
        return items.none()
    typed = query.strip()
    found = Q(external_id__in={typed, typed.lower(), typed.upper()})  # in any case would read them all
    connection = connections[items.db]
    few = revisions_with(connection, folded, most=FEW) if connection.vendor == "postgresql" else None
    if few is not None:
        return items.filter(found | Q(current_revision__in=few))
    for part in ("question_text", "answer_text"):
        found |= Q(**{f"current_revision__{part}__folded__contains": folded})
    return items.filter(found)


def source_revision(item: Item) -> Revision | None:
    """The revision that a translation should follow: the approved one, else the newest."""
    return item.approved_revision or item.current_revision


def history_of(item: Item) -> QuerySet[LogEntry]:
    return (
        LogEntry.objects.filter(object_type="item", object_id=str(item.pk))
        .select_related("person")
        .order_by("id")
    )


def reviews_of(item: Item) -> QuerySet[Review]:
    return in_words(Review.objects.filter(item=item).select_related("reviewer", "revision"))
