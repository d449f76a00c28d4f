"""What a person may see, what waits for them, and how many. Querysets in, querysets out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from curation.models import (
    Category,
    Dataset,
    Draft,
    Item,
    Job,
    LogEntry,
    Membership,
    Person,
    Question,
    Redaction,
    Release,
    Review,
    Revision,
    Rights,
    Translation,
    TranslationRevision,
)
from curation.prepared import Prepared, slot, word_slot
from curation.rules import roles_of
from curation.similar import fold, nearest
from curation.stats.data import PATH_SEPARATOR

Role = Membership.Role
# Raters see responses through their task alone: an item's page would show them the reference and the discussion.
ITEM_ROLES = frozenset(Role.values) - {Role.RATER}


def datasets_of(person: Person | int) -> QuerySet[Dataset]:
    """The datasets in which the person has any role; all others do not exist for them."""
    mine = Membership.objects.filter(person=person).values("dataset")
    return Dataset.objects.filter(pk__in=mine).select_related("taxonomy").order_by("name")


PERSON, SLUG = slot(1), word_slot(2)


_AT = Prepared(lambda: datasets_of(PERSON).filter(slug=SLUG)[:1])


def dataset_at(person: Person, slug: str) -> Dataset | None:
    """The dataset at an address, if the person has any role in it: asked by every page."""
    return _AT.first({PERSON: person.pk, SLUG: slug})


def items_visible_to(person: Person, dataset: Dataset) -> QuerySet[Item]:
    """Items of the dataset for whoever has a role in it other than rater; nothing for a stranger."""
    if not roles_of(person, dataset) & ITEM_ROLES:
        return Item.objects.none()
    return Item.objects.filter(dataset=dataset)


def named_steps(dataset: Dataset, paths: Iterable[str]) -> list[list[str]]:
    """Display names from the risk area down, for paths of labels joined by a tab.

    A label that the dataset's taxonomy does not hold (any more) stands for itself.
    """
    known = {
        category.path: category.name for category in Category.objects.filter(taxonomy=dataset.taxonomy_id)
    }
    steps = []
    for path in paths:
        labels = path.split("\t")
        above = ["\t".join(labels[: depth + 1]) for depth in range(len(labels))]
        steps.append([known.get(each, label) for each, label in zip(above, labels, strict=True)])
    return steps


def path_words(dataset: Dataset, paths: Iterable[str]) -> dict[str, str]:
    """Display names of category paths as statistics keep them, in exact labels; no paths, no query."""
    asked = sorted(set(paths))
    steps = named_steps(dataset, [path.replace(PATH_SEPARATOR, "\t") for path in asked]) if asked else []
    return {path: " › ".join(found) for path, found in zip(asked, steps, strict=True)}


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
    query = query.replace("\x00", "")  # PostgreSQL refuses it, SQLite ends the pattern there
    folded = fold(query)
    if not folded:
        return items.none()
    return items.filter(
        Q(current_revision__question_text__folded__contains=folded)
        | Q(current_revision__answer_text__folded__contains=folded)
        | Q(external_id__iexact=query.strip())
    )


def review_queue(person: Person, dataset: Dataset) -> QuerySet[Item]:
    """Items in review that the person wrote no part of, oldest submission first (revisions number upwards)."""
    mine = (
        Revision.objects.filter(item__dataset=dataset)
        .filter(Q(question_author=person) | Q(answer_author=person) | Q(submitted_by=person))
        .values("item")
    )
    waiting = Item.objects.filter(dataset=dataset, state=Item.State.IN_REVIEW)
    return waiting.exclude(pk__in=mine).order_by("current_revision_id")


def sent_back(person: Person, dataset: Dataset) -> QuerySet[Item]:
    """What a reviewer sent back to the person, oldest first."""
    return Item.objects.filter(dataset=dataset, author=person, state=Item.State.NEEDS_CHANGES).order_by("pk")


def drafts_of(person: Person, dataset: Dataset) -> QuerySet[Item]:
    """Items that the person has begun and not yet submitted, oldest first: own ones, and answers to open questions."""
    begun = Draft.objects.filter(person=person).values("item")
    own = Q(author=person, state=Item.State.DRAFT)
    answers = Q(pk__in=begun, state=Item.State.AWAITING_ANSWER)
    return Item.objects.filter(own | answers, dataset=dataset).order_by("pk")


def open_to_writers(person: Person, dataset: Dataset) -> QuerySet[Item]:
    """What any author may take: questions without an answer, items open to another writer, imported drafts."""
    state = Item.State
    nobodys = Q(author=None, state__in=[state.DRAFT, state.NEEDS_CHANGES])
    opened = Q(state=state.NEEDS_CHANGES, open_to_all=True) & ~Q(author=person)
    waiting = Item.objects.filter(Q(state=state.AWAITING_ANSWER) | opened | nobodys, dataset=dataset)
    return waiting.order_by("pk")


def next_to_write(person: Person, dataset: Dataset, *, after: int | None = None) -> Item | None:
    """What was sent back first, then what anybody may take; `after` is the item just left, and comes last."""
    for waiting in (sent_back(person, dataset), open_to_writers(person, dataset)):
        others = waiting.exclude(pk=after or 0)
        found = others.filter(pk__gt=after or 0).first() or others.first()
        if found:
            return found
    return None


def twins(dataset: Dataset, text: str, *, but: Question, limit: int = 3) -> list[dict[str, Any]]:
    """Questions of the dataset most like the text: `item`, `score` (0 to 100, after folding), best first.

    One item a question; its own siblings, rejected and withdrawn items are left out.
    """
    rows = (
        Item.objects.filter(dataset=dataset, current_revision__isnull=False)
        .exclude(question=but)
        .exclude(state__in=[Item.State.REJECTED, Item.State.WITHDRAWN])
        .order_by("-pk")
        .values_list("question", "pk", "current_revision__question_text__folded")
    )
    questions = {question: (pk, folded) for question, pk, folded in rows}
    ids = [pk for pk, _folded in questions.values()]
    found = nearest(text, [folded for _pk, folded in questions.values()], limit=limit, folded=True)
    items = items_in_list(Item.objects.filter(pk__in=[ids[index] for index, _score in found])).in_bulk()
    return [{"item": items[ids[index]], "score": score} for index, score in found if ids[index] in items]


def examples(category: Category, dataset: Dataset, *, but: Item, limit: int = 3) -> QuerySet[Item]:
    """Approved items of the leaf to learn from, the newest first."""
    approved = Item.objects.filter(
        dataset=dataset, state=Item.State.APPROVED, approved_revision__category=category
    )
    texts = approved.select_related("approved_revision__question_text", "approved_revision__answer_text")
    return texts.exclude(pk=but.pk).order_by("-pk")[:limit]


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


def releases_visible_to(person: Person, dataset: Dataset) -> QuerySet[Release]:
    if not roles_of(person, dataset) & ITEM_ROLES:
        return Release.objects.none()
    return Release.objects.filter(dataset=dataset)


def redactions_visible_to(person: Person, dataset: Dataset) -> QuerySet[Redaction]:
    """Requests to remove a text, for those who may ask and confirm."""
    if not roles_of(person, dataset) & {Role.LEAD, Role.RELEASE_MANAGER}:
        return Redaction.objects.none()
    return Redaction.objects.filter(dataset=dataset).select_related("dataset")


def open_redactions(person: Person, dataset: Dataset) -> QuerySet[Redaction]:
    return redactions_visible_to(person, dataset).filter(confirmed_at=None)


def redacted_rows(release: Release) -> int:
    """How many rows of a release have lost their question or answer."""
    gone = Q(question_text__redacted_at__isnull=False) | Q(answer_text__redacted_at__isnull=False)
    return release.items.filter(gone).count()


def rights_visible_to(person: Person, dataset: Dataset) -> QuerySet[Rights]:
    if not roles_of(person, dataset) & ITEM_ROLES:
        return Rights.objects.none()
    return Rights.objects.filter(dataset=dataset)


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
    counts: dict[int, dict[str, int]] = {}
    rows = (
        Item.objects.filter(dataset=dataset, current_revision__isnull=False)
        .values("state", "question__split", category=F("current_revision__category"))
        .annotate(n=Count("pk"))
    )
    for row in rows:
        cell = counts.setdefault(row["category"], {"approved": 0, "in_work": 0, "dev": 0, "test": 0})
        if row["state"] == Item.State.APPROVED:
            cell["approved"] += row["n"]
            if row["question__split"] != Question.Split.NONE:
                cell[row["question__split"]] += row["n"]
        elif row["state"] not in (Item.State.REJECTED, Item.State.WITHDRAWN):
            cell["in_work"] += row["n"]
    targets: dict[int, int] = {}
    for category, target in dataset.quotas.values_list("category_id", "target"):
        targets[category] = targets.get(category, 0) + target
    leaves = Category.objects.filter(taxonomy=dataset.taxonomy_id, level=3).select_related("parent__parent")
    empty = {"approved": 0, "in_work": 0, "dev": 0, "test": 0}
    return [
        {
            "category": leaf,
            "target": targets.get(leaf.pk, 0),
            **counts.get(leaf.pk, empty),
        }
        for leaf in leaves
    ]
