"""What has happened that concerns a person, as far as they may know of it now."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from curation.models import Dataset, Item, Notice, Person, Review
from curation.queries.coverage import spared
from curation.queries.datasets import ITEM_ROLES
from curation.queries.doubles import covered_opinions
from curation.queries.guidelines import in_words
from curation.rules import roles_of

Kind, Decision = Notice.Kind, Review.Decision
BACK = (Kind.SENT_BACK, Kind.OPENED, Kind.ANSWER_ASKED, Kind.REJECTED)
DECISIONS_BACK = (Decision.REQUEST_CHANGES, Decision.REQUEST_ANSWER, Decision.REJECT)


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


def decisions_behind(rows: list[Notice]) -> dict[int, Review]:
    """By notice, the decision by which its item came back, `in_words`: two queries for all of them, none where none did."""
    back = [row for row in rows if row.kind in BACK and row.item_id]
    if not back:
        return {}
    items = {row.item_id for row in back}
    given = Review.objects.filter(item__in=items, decides=True, decision__in=DECISIONS_BACK).order_by("-pk")
    last: dict[int, list[Review]] = {}
    for each in in_words(given):
        last.setdefault(each.item_id, []).append(each)
    found = {}
    for row in back:
        before = [each for each in last.get(row.item_id or 0, []) if each.created_at <= row.created_at]
        if before:
            found[row.pk] = before[0]
    return found
