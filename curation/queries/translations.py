"""What waits for translators and bilingual reviewers, and which translations are out of date."""

from __future__ import annotations

from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from curation.models import (
    Dataset,
    Item,
    Person,
    Translation,
    TranslationRevision,
)
from curation.queries.datasets import ITEM_ROLES
from curation.rules import roles_of


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
    return with_staleness(translations).filter(current_revision__isnull=False).filter(STALE)


def translations_visible_to(person: Person, dataset: Dataset) -> QuerySet[Translation]:
    if not roles_of(person, dataset) & ITEM_ROLES:
        return Translation.objects.none()
    return Translation.objects.filter(item__dataset=dataset)


def translation_queue(person: Person, dataset: Dataset, locale: str) -> QuerySet[Item]:
    """Approved items that have no translation, a sent-back one or a stale one in the locale.

    Annotated with `translation_state` (None: there is none yet); those sent back come first, then those out of date.
    """
    state = Translation.State
    rows = Translation.objects.filter(item__dataset=dataset, locale=locale)
    done = rows.filter(state__in=[state.IN_REVIEW, state.APPROVED])
    fresh = done.exclude(pk__in=stale(rows).values("pk")).values("item")
    order = Case(
        When(translation_state=state.NEEDS_CHANGES, then=0),
        When(translation_state__in=[state.IN_REVIEW, state.APPROVED], then=1),
        default=2,
    )
    return (
        Item.objects.filter(dataset=dataset, state=Item.State.APPROVED)
        .exclude(pk__in=fresh)
        .annotate(translation_state=Subquery(rows.filter(item=OuterRef("pk")).values("state")))
        .annotate(urgency=order)
        .order_by("urgency", "pk")
    )


def translation_review_queue(person: Person, dataset: Dataset, locale: str) -> QuerySet[Translation]:
    """Translations in review that the person wrote no part of."""
    rows = Translation.objects.filter(item__dataset=dataset, locale=locale, state=Translation.State.IN_REVIEW)
    mine = TranslationRevision.objects.filter(author=person).values("translation")
    return rows.exclude(pk__in=mine).order_by("current_revision_id")
