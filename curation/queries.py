"""What a person may see, what waits for them, and how many. Querysets in, querysets out."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Coalesce

from curation.models import (
    Category,
    Dataset,
    Item,
    Job,
    LogEntry,
    Membership,
    Person,
    Question,
    Release,
    Review,
    Revision,
    Translation,
)
from curation.rules import roles_of
from curation.similar import fold

Role = Membership.Role
# Raters see responses through their task alone: an item's page would show them the reference and the discussion.
ITEM_ROLES = frozenset(Role.values) - {Role.RATER}


def datasets_of(person: Person) -> QuerySet[Dataset]:
    """The datasets in which the person has any role; all others do not exist for them."""
    mine = Membership.objects.filter(person=person).values("dataset")
    return (
        Dataset.objects.filter(pk__in=mine).select_related("taxonomy").order_by("name")
    )


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


def matching(items: QuerySet[Item], query: str) -> QuerySet[Item]:
    """Items whose question or answer contains the query after folding width, case and kana, or with this id.

    One character is enough; a query that folds to nothing finds nothing.
    """
    folded = fold(query)
    if not folded:
        return items.none()
    return items.filter(
        Q(current_revision__question_text__folded__contains=folded)
        | Q(current_revision__answer_text__folded__contains=folded)
        | Q(external_id__iexact=query.strip())
    )


def review_queue(person: Person, dataset: Dataset) -> QuerySet[Item]:
    """Items in review that the person wrote no part of, oldest submission first."""
    mine = (
        Revision.objects.filter(item__dataset=dataset)
        .filter(
            Q(question_author=person) | Q(answer_author=person) | Q(submitted_by=person)
        )
        .values("item")
    )
    waiting = Item.objects.filter(dataset=dataset, state=Item.State.IN_REVIEW)
    return waiting.exclude(pk__in=mine).order_by("current_revision__created_at", "pk")


def writing_queue(person: Person, dataset: Dataset) -> QuerySet[Item]:
    """What the person can write on: sent back first, then own drafts, then questions without an answer."""
    S = Item.State
    own = Q(author=person) & Q(state__in=[S.NEEDS_CHANGES, S.DRAFT])
    shared = Q(state=S.AWAITING_ANSWER) | Q(state=S.NEEDS_CHANGES, open_to_all=True)
    waiting = Item.objects.filter(dataset=dataset).filter(own | shared)
    return waiting.annotate(
        urgency=Count("pk", filter=Q(state=S.NEEDS_CHANGES))
    ).order_by("-urgency", "state", "pk")


def sent_back(person: Person, dataset: Dataset) -> QuerySet[Item]:
    return Item.objects.filter(
        dataset=dataset, author=person, state=Item.State.NEEDS_CHANGES
    )


def source_revision(item: Item) -> Revision | None:
    """The revision that a translation should follow: the approved one, else the newest."""
    return item.approved_revision or item.current_revision


def with_staleness(translations: QuerySet[Translation]) -> QuerySet[Translation]:
    """Annotate `source_question`, `source_answer`: the hashes a translation would have to name to be fresh."""
    return translations.annotate(
        source_question=Coalesce(
            "item__approved_revision__question_text_id",
            "item__current_revision__question_text_id",
        ),
        source_answer=Coalesce(
            "item__approved_revision__answer_text_id",
            "item__current_revision__answer_text_id",
        ),
    )


STALE = ~Q(current_revision__source_question_hash=F("source_question")) | (
    ~Q(current_revision__source_answer_hash="")
    & ~Q(
        current_revision__source_answer_hash=Coalesce(
            F("source_answer"), F("current_revision__source_question_hash")
        )
    )
)


def stale(translations: QuerySet[Translation]) -> QuerySet[Translation]:
    """Translations whose source text has moved on since, per part."""
    return (
        with_staleness(translations)
        .filter(current_revision__isnull=False)
        .filter(STALE)
    )


def translations_visible_to(person: Person, dataset: Dataset) -> QuerySet[Translation]:
    if not roles_of(person, dataset) & ITEM_ROLES:
        return Translation.objects.none()
    return Translation.objects.filter(item__dataset=dataset)


def translation_queue(person: Person, dataset: Dataset, locale: str) -> QuerySet[Item]:
    """Approved items that have no translation, a sent-back one or a stale one in the locale."""
    rows = Translation.objects.filter(item__dataset=dataset, locale=locale)
    fresh = (
        rows.filter(state__in=[Translation.State.IN_REVIEW, Translation.State.APPROVED])
        .exclude(pk__in=stale(rows).values("pk"))
        .values("item")
    )
    return (
        Item.objects.filter(dataset=dataset, state=Item.State.APPROVED)
        .exclude(pk__in=fresh)
        .order_by("pk")
    )


def translation_review_queue(
    person: Person, dataset: Dataset, locale: str
) -> QuerySet[Translation]:
    """Translations in review that the person wrote no part of."""
    rows = Translation.objects.filter(
        item__dataset=dataset, locale=locale, state=Translation.State.IN_REVIEW
    )
    return rows.exclude(revisions__author=person).order_by("updated_at", "pk")


def releases_visible_to(person: Person, dataset: Dataset) -> QuerySet[Release]:
    if not roles_of(person, dataset) & ITEM_ROLES:
        return Release.objects.none()
    return Release.objects.filter(dataset=dataset)


def jobs_visible_to(person: Person, dataset: Dataset) -> QuerySet[Job]:
    """All jobs of the dataset for those who answer for it, one's own for everybody else."""
    jobs = Job.objects.filter(dataset=dataset)
    roles = roles_of(person, dataset)
    if roles & {Role.LEAD, Role.RELEASE_MANAGER, Role.RESEARCHER}:
        return jobs
    return jobs.filter(person=person) if roles else jobs.none()


def history_of(item: Item) -> QuerySet[LogEntry]:
    return (
        LogEntry.objects.filter(object_type="item", object_id=str(item.pk))
        .select_related("person")
        .order_by("id")
    )


def reviews_of(item: Item) -> QuerySet[Review]:
    return Review.objects.filter(item=item).select_related("reviewer", "revision")


def coverage(dataset: Dataset) -> list[dict[str, Any]]:
    """Per leaf: `category`, `approved`, `in_work`, `dev`, `test` (approved, per split) and `target`."""
    S = Item.State
    counts: dict[int, dict[str, int]] = {}
    rows = (
        Item.objects.filter(dataset=dataset, current_revision__isnull=False)
        .values("state", "question__split", category=F("current_revision__category"))
        .annotate(n=Count("pk"))
    )
    for row in rows:
        cell = counts.setdefault(
            row["category"], {"approved": 0, "in_work": 0, "dev": 0, "test": 0}
        )
        if row["state"] == S.APPROVED:
            cell["approved"] += row["n"]
            if row["question__split"] != Question.Split.NONE:
                cell[row["question__split"]] += row["n"]
        elif row["state"] not in (S.REJECTED, S.WITHDRAWN):
            cell["in_work"] += row["n"]
    targets: dict[int, int] = {}
    for category, target in dataset.quotas.values_list("category_id", "target"):
        targets[category] = targets.get(category, 0) + target
    leaves = Category.objects.filter(
        taxonomy=dataset.taxonomy_id, level=3
    ).select_related("parent__parent")
    empty = {"approved": 0, "in_work": 0, "dev": 0, "test": 0}
    return [
        {
            "category": leaf,
            "target": targets.get(leaf.pk, 0),
            **counts.get(leaf.pk, empty),
        }
        for leaf in leaves
    ]
