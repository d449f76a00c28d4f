"""What would be frozen, as the gates are asked about it: narrow rows, since a release may hold 100,000 items."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import F, QuerySet

from curation.models import (
    Category,
    Dataset,
    Item,
    Person,
    Question,
    Release,
    Review,
    Rights,
    Text,
    Translation,
)
from curation.queries import redacted_texts

if TYPE_CHECKING:
    from curation.gates.draw import Asked

Approval = tuple[str, int | None, datetime]  # kind of review, guideline, when
_ACCEPTED = [Review.Decision.APPROVE, Review.Decision.FIX_AND_APPROVE]
_AT_ONCE = 2000


class PlanItem(NamedTuple):
    """One item as it would go out: its approved revision, and texts by their hashes alone.

    `split` is the one the question has already, "" where it has none.
    """

    item: int
    question: int
    external_id: str
    split: str
    revision: int
    category: int
    question_hash: str
    folded_hash: str
    answer_hash: str | None
    attributes: dict[str, Any]
    sources: list[Any]
    rights: int | None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What would be frozen: items in the release's order, every question's split with its reason, translations.

    `translations` maps an item to {locale: {"question": hash, "answer": hash or None}} of those that go along;
    `unfinished` the locales in which an item has none that can. `asked` are its questions with their folded texts.
    `rights` are the terms the release goes out under. `embedded` hears of the one step of a gate that may take minutes.
    """

    dataset: Dataset
    name: str
    items: Sequence[PlanItem]
    asked: Asked
    splits: Mapping[int, str]
    why: Mapping[int, dict[str, Any]]
    test_per_leaf: int
    categories: Mapping[int, Category]
    locales: tuple[str, ...] = ()
    translations: Mapping[int, dict[str, Any]] = field(default_factory=dict)
    unfinished: Mapping[int, list[str]] = field(default_factory=dict)
    left_out: bool = False
    rights: Rights | None = None
    viewer: Person | None = None
    embedded: Callable[[int, int], None] | None = None

    def split(self, item: PlanItem) -> str:
        return self.splits[item.question]

    def category(self, item: PlanItem) -> Category:
        return self.categories[item.category]

    @cached_property
    def approvals(self) -> dict[int, Approval]:
        """The last acceptance of each item's approved revision."""
        rows = Review.objects.filter(
            item__dataset=self.dataset,
            decision__in=_ACCEPTED,
            decides=True,
            revision=F("item__approved_revision"),
        )
        found = rows.order_by("pk").values_list("item", "kind", "guideline", "created_at")
        return {item: (kind, guideline, when) for item, kind, guideline, when in found.iterator(_AT_ONCE)}


def releasable(dataset: Dataset) -> list[PlanItem]:
    """Items with an approved revision that are neither withdrawn nor rejected, in the order of a release.

    One whose text was redacted has nothing to go out.
    """
    gone = [Item.State.WITHDRAWN, Item.State.REJECTED]
    columns = (
        "pk",
        "question",
        "external_id",
        "question__split",
        "approved_revision",
        "approved_revision__category",
        "approved_revision__question_text",
        "approved_revision__question_text__folded_hash",
        "approved_revision__answer_text",
        "approved_revision__attributes",
        "approved_revision__sources",
        "rights",
    )
    rows = Item.objects.filter(dataset=dataset, approved_revision__isnull=False).exclude(state__in=gone)
    taken_out = redacted_texts()
    positions = dict(dataset.taxonomy.categories.values_list("pk", "position"))
    found = [_plan_item(*row) for row in rows.order_by().values_list(*columns).iterator(_AT_ONCE)]
    kept = [item for item in found if taken_out.isdisjoint((item.question_hash, item.answer_hash))]
    return sorted(kept, key=lambda item: (positions[item.category], item.external_id))


def _plan_item(pk: int, question: int, external_id: str, split: str, revision: int, *rest: Any) -> PlanItem:
    category, text, folded, answer, attributes, sources, rights = rest
    return PlanItem(
        item=pk,
        question=question,
        external_id=external_id,
        split="" if split == Question.Split.NONE else split,
        revision=revision,
        category=category,
        question_hash=text,
        folded_hash=folded,
        answer_hash=answer,
        attributes=attributes,
        sources=sources,
        rights=rights,
    )


def translations_of(
    dataset: Dataset, items: Sequence[PlanItem], locales: Sequence[str] | None
) -> tuple[tuple[str, ...], dict[int, dict[str, Any]], dict[int, list[str]]]:
    """The locales of a release; per item what goes along; per item the locales in which it has nothing that can.

    A translation goes along where it is approved and translates the very texts that would be frozen. Without `locales`
    those count in which anything was approved.
    """
    rows = Translation.objects.filter(item__dataset=dataset, approved_revision__isnull=False)
    approved_in = rows.order_by("locale").values_list("locale", flat=True).distinct()
    wanted = tuple(sorted(set(approved_in if locales is None else locales)))
    taken_out = redacted_texts()
    approved = rows.filter(state=Translation.State.APPROVED, locale__in=wanted).values_list(
        "item",
        "locale",
        "approved_revision__question_text",
        "approved_revision__answer_text",
        "approved_revision__source_question_hash",
        "approved_revision__source_answer_hash",
    )
    sources = {item.item: (item.question_hash, item.answer_hash) for item in items}
    found: dict[int, dict[str, Any]] = {}
    for item, locale, question, answer, of_question, of_answer in approved.order_by().iterator(_AT_ONCE):
        source = sources.get(item)
        of_these = source and of_question == source[0] and of_answer in ("", source[1])
        if of_these and taken_out.isdisjoint((question, answer)):
            found.setdefault(item, {})[locale] = {"question": question, "answer": answer}
    missing = {
        item.item: [locale for locale in wanted if locale not in found.get(item.item, ())]
        for item in items
        if len(found.get(item.item, ())) < len(wanted)
    }
    return wanted, found, missing


def known_splits(items: Sequence[PlanItem]) -> dict[int, str]:
    """Splits that questions have already: permanent in every version."""
    return {item.question: item.split for item in items if item.split}


def fingerprint(dataset: Dataset) -> str:
    """SHA-256 over what a plan depends on: approved items and their splits, translations, terms, guideline, reasons, what was redacted, releases.

    A plan drawn up before may be frozen where this has not changed since.
    """
    items = Item.objects.filter(dataset=dataset, approved_revision__isnull=False).order_by("pk")
    translations = Translation.objects.filter(item__dataset=dataset).order_by("pk")
    parts: tuple[QuerySet[Any, Any], ...] = (
        items.values_list("pk", "approved_revision", "state", "rights", "question", "question__split"),
        translations.values_list("pk", "item", "locale", "state", "approved_revision"),
        dataset.rights.order_by("pk").values_list(),
        dataset.guidelines.order_by("pk").values_list("pk", "version", "signed_at"),
        dataset.codebooks.order_by("pk").values_list("pk", "version", "signed_at"),
        dataset.quotas.order_by("pk").values_list("pk", "split", "target"),
        dataset.taxonomy.categories.order_by("pk").values_list("pk", "path", "provisional"),
        Text.objects.filter(redacted_at__isnull=False).order_by("hash").values_list("hash"),
        Release.objects.order_by("pk").values_list("pk"),  # anybody's: a test part of theirs may have come
    )
    digest = hashlib.sha256()
    for rows in parts:
        read = rows.iterator(_AT_ONCE)
        while part := list(islice(read, _AT_ONCE)):
            digest.update(repr(part).encode())
        digest.update(b";")
    return digest.hexdigest()
