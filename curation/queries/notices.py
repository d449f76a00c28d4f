"""What has happened that concerns a person, as far as they may know of it now."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from curation.models import Dataset, Item, Notice, Person
from curation.queries.coverage import spared
from curation.queries.datasets import ITEM_ROLES
from curation.queries.doubles import covered_opinions
from curation.rules import roles_of


def notices_of(person: Person, dataset: Dataset) -> QuerySet[Notice]:
    """The person's notices, newest first.

    Left out, as long as it holds: items that they may not see or opted out of, and what somebody said whose opinion on
    the item they must not learn of yet.
    """
    rows = Notice.objects.filter(person=person, dataset=dataset)
    roles = roles_of(person, dataset)
    if not roles:
        return rows.none()
    if not roles & ITEM_ROLES:
        return rows.filter(item=None).order_by("-pk")
    shown = spared(Item.objects.filter(pk=OuterRef("item")), person)
    covered = covered_opinions(person, dataset).filter(item=OuterRef("item"), reviewer=OuterRef("actor"))
    return rows.filter(Q(item=None) | Exists(shown)).filter(~Exists(covered)).order_by("-pk")
