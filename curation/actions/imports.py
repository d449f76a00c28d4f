"""Bringing items in from files: all sound rows in one transaction, the others named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction
from django.db.models import F, Model, OuterRef, Subquery
from django.utils.translation import gettext as _

from curation.actions.datasets import create_dataset, load_taxonomy
from curation.actions.rights import rights_named
from curation.actions.texts import LONGEST, content_hash, keep_texts
from curation.formats.reading import ItemRow, read_items
from curation.log import Actor, person_of, record
from curation.models import (
    Category,
    Dataset,
    Item,
    Question,
    Review,
    Revision,
    Rights,
    Text,
    Translation,
    TranslationRevision,
)
from curation.rules import require
from curation.similar import folded_hash, text_hash
from curation.workflow import advance_many

CHUNK = 500
S = Item.State
LONGEST_ID = 120  # the column of Item


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A row that was not taken: its number, the field, and what would be right."""

    row: int | None
    reason: str
    field: str = ""
    where: str = ""


@dataclass(kw_only=True)
class Imported:
    """What an import did: ids of new items, rows that were there already, rows refused."""

    created: list[int] = field(default_factory=list)
    unchanged: int = 0
    refused: list[Refusal] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    states: dict[str, int] = field(default_factory=dict)
    translations: int = 0


@dataclass(kw_only=True)
class _Chosen:
    """A sound row with what the database knows about it."""

    row: ItemRow
    category: Category
    external_id: str
    folded: str
    item: Item | None = None
    revision: Revision | None = None


def import_items(
    actor: Actor,
    dataset: Dataset,
    path: str | Path,
    *,
    format: str | None = None,
    split: str | None = None,
    as_state: str | None = None,
    rights: str | None = None,
    dry_run: bool = False,
) -> Imported:
    """Read a file and write its sound rows; nothing at all with `dry_run`.

    `as_state`: "approved" (every row needs an answer; a review of kind import stands behind it), "draft", or None:
    rows with an answer go to review, questions alone await one. Rows that are there already, id and text alike, count
    as unchanged, so that a repeated import does nothing. Raises UnusableFile where the file as a whole is no use.
    """
    require(actor, "import", dataset)
    found = read_items(path, format=format)
    result = Imported(warnings=[str(notice) for notice in found.warnings])
    for fault in found.quarantined:
        where = f"{fault.file}:{fault.line}" if fault.file else ""
        result.refused.append(Refusal(row=fault.row, reason=fault.reason, field=fault.field, where=where))
    chosen = list(_choose(dataset, found.rows, as_state=as_state, split=split, result=result))
    try:
        with transaction.atomic():
            _write(actor, dataset, chosen, split=split, as_state=as_state, rights=rights, result=result)
            record(actor, "import_items", dataset, items=len(result.created), refused=len(result.refused))
            if dry_run:
                raise _DryRun
    except _DryRun:
        pass
    return result


class _DryRun(Exception):
    """Undoes what a dry run wrote."""


def dataset_for(actor: Actor, name: str) -> Dataset:
    """The dataset of a set that brings its own small taxonomy (xsafety, dna), made with it where there is none yet."""
    known = Dataset.objects.filter(slug=name).first()
    if known:
        return known
    taxonomy, _new = load_taxonomy(actor, name)
    return create_dataset(actor, name=taxonomy.title_en, taxonomy=taxonomy, slug=name)


def _choose(
    dataset: Dataset, rows: Iterable[ItemRow], *, as_state: str | None, split: str | None, result: Imported
) -> Iterator[_Chosen]:
    """Rows that can be written; the others are added to the result with a reason."""
    leaves = _leaves(dataset)
    known = _known_items(dataset)
    known_questions = _known_questions(dataset)
    redacted = _redacted()
    for row in rows:
        answer = (row.answer or "").strip()
        category = leaves.get(row.labels) or (leaves.get(row.labels[-1:]) if len(row.labels) == 1 else None)
        external_id = row.external_id or f"{dataset.slug}-{text_hash(row.question)[:12]}"
        folded = folded_hash(row.question)
        fault = _fault(row, category, folded, answer, as_state)
        if fault:
            result.refused.append(Refusal(row=row.row, reason=fault[1], field=fault[0], where=row.file))
            continue
        assert category is not None
        if external_id in known:
            _compare(row, external_id, known[external_id], result)
            continue
        other = known_questions.get(folded)
        if other and other != (row.question_id or external_id):
            reason = _("The same question exists already as %(id)s.") % {"id": other}
            result.refused.append(Refusal(row=row.row, reason=reason, field="text", where=row.file))
            continue
        if redacted and {folded, text_hash(answer) if answer else ""} & redacted:
            reason = _("A text of this row was removed for good by two people. It cannot be entered again.")
            result.refused.append(Refusal(row=row.row, reason=reason, field="text", where=row.file))
            continue
        known[external_id] = (text_hash(row.question.strip()), text_hash(answer) if answer else None)
        known_questions[folded] = row.question_id or external_id
        yield _Chosen(row=row, category=category, external_id=external_id, folded=folded)


def _redacted() -> set[str]:
    """Folded hashes of redacted texts, so that none comes back written a little differently, and their exact hashes."""
    rows = Text.objects.filter(redacted_at__isnull=False).values_list("hash", "folded_hash")
    return {digest for pair in rows for digest in pair if digest}


def _leaves(dataset: Dataset) -> dict[tuple[str, ...], Category]:
    """Leaves by their full path of labels, and by their own label where only one leaf has it."""
    leaves = list(dataset.taxonomy.categories.filter(level=3).select_related("taxonomy"))
    found: dict[tuple[str, ...], Category] = {tuple(leaf.labels): leaf for leaf in leaves}
    labels = [leaf.label for leaf in leaves]
    found.update({(leaf.label,): leaf for leaf in leaves if labels.count(leaf.label) == 1})
    return found


def _known_items(dataset: Dataset) -> dict[str, tuple[str, str | None]]:
    rows = Item.objects.filter(dataset=dataset).values_list(
        "external_id", "current_revision__question_text", "current_revision__answer_text"
    )
    return {external_id: (question, answer) for external_id, question, answer in rows.iterator()}


def _known_questions(dataset: Dataset) -> dict[str, str]:
    rows = (
        Item.objects.filter(dataset=dataset, current_revision__isnull=False)
        .exclude(state__in=[S.REJECTED, S.WITHDRAWN])
        .values_list("current_revision__question_text__folded_hash", "external_id")
    )
    return dict(rows.iterator())


def _fault(
    row: ItemRow, category: Category | None, folded: str, answer: str, as_state: str | None
) -> tuple[str, str] | None:
    if row.external_id and len(row.external_id) > LONGEST_ID:
        return "ID", _("The ID has %(n)d characters; at most %(most)d can be kept.") % {
            "n": len(row.external_id),
            "most": LONGEST_ID,
        }
    if category is None:
        labels = " > ".join(row.labels) or "-"
        return "category", _("The labels “%(labels)s” are not in the dataset's taxonomy.") % {
            "labels": labels
        }
    if not folded:
        return "text", _("The question is empty, or has no letters.")
    if as_state == "approved" and not answer:
        return "output", _("An approved item needs an answer.")
    if max(len(row.question), len(answer)) > LONGEST:
        return "text", _("A text is longer than %(most)d characters.") % {"most": LONGEST}
    return None


def _compare(row: ItemRow, external_id: str, known: tuple[str, str | None], result: Imported) -> None:
    answer = (row.answer or "").strip()
    if known == (text_hash(row.question.strip()), text_hash(answer) if answer else None) or (
        known[0] == text_hash(row.question.strip()) and not answer
    ):
        result.unchanged += 1
        return
    reason = _("%(id)s exists already with another text. Revise it there, or give the row another id.")
    result.refused.append(
        Refusal(row=row.row, reason=reason % {"id": external_id}, field="ID", where=row.file)
    )


def _write(
    actor: Actor,
    dataset: Dataset,
    chosen: Sequence[_Chosen],
    *,
    split: str | None,
    as_state: str | None,
    rights: str | None,
    result: Imported,
) -> None:
    terms = rights_named(dataset, rights) if rights else None
    keep_texts(_bodies(chosen))
    _write_items(actor, dataset, chosen, split=split, rights=terms)
    _write_revisions(actor, chosen, approved=as_state == "approved")
    _move(actor, dataset, chosen, as_state=as_state, result=result)
    _write_translations(actor, dataset, chosen, result=result)
    result.created = [row.item.pk for row in chosen if row.item]


def _bodies(chosen: Sequence[_Chosen]) -> Iterator[str]:
    for one in chosen:
        yield one.row.question.strip()
        if one.row.answer and one.row.answer.strip():
            yield one.row.answer.strip()
        for texts in one.row.translations.values():
            yield from (text.strip() for text in texts.values() if text and text.strip())


def _write_items(
    actor: Actor, dataset: Dataset, chosen: Sequence[_Chosen], *, split: str | None, rights: Rights | None
) -> None:
    """Questions (one for siblings) and items, in state draft."""
    questions: dict[str, Question] = {}
    for one in chosen:
        key = one.row.question_id or one.external_id
        wanted = one.row.split or split or Question.Split.NONE
        questions.setdefault(
            key,
            Question(
                dataset=dataset,
                split=wanted,
                split_why={"by": "import"} if wanted != Question.Split.NONE else {},
            ),
        )
    Question.objects.bulk_create(questions.values(), batch_size=CHUNK)
    for one in chosen:
        one.item = Item(
            dataset=dataset,
            question=questions[one.row.question_id or one.external_id],
            external_id=one.external_id,
            author=person_of(actor),
            rights=rights,
        )
    Item.objects.bulk_create([one.item for one in chosen if one.item], batch_size=CHUNK)


def _write_revisions(actor: Actor, chosen: Sequence[_Chosen], *, approved: bool) -> None:
    person = person_of(actor)
    for one in chosen:
        question, answer = one.row.question.strip(), (one.row.answer or "").strip()
        assert one.item is not None
        one.revision = Revision(
            item=one.item,
            number=1,
            category=one.category,
            question_text_id=text_hash(question),
            answer_text_id=text_hash(answer) if answer else None,
            question_author=person,
            answer_author=person if answer else None,
            submitted_by=person,
            attributes=one.row.attributes,
            sources=list(one.row.sources),
            origin=Revision.Origin.IMPORTED,
            content_hash=content_hash(question, answer or None, one.category, one.row.attributes),
        )
    Revision.objects.bulk_create([one.revision for one in chosen if one.revision], batch_size=CHUNK)
    first = Subquery(Revision.objects.filter(item=OuterRef("pk")).values("pk"))
    ids = [one.item.pk for one in chosen if one.item]
    _point_at(Item, ids, current_revision=first)
    if approved:
        _point_at(Item, ids, approved_revision=F("current_revision"))


def _point_at(model: type[Model], ids: Sequence[int], **values: Subquery | F) -> None:
    """Set columns of new rows by an expression: a value per row (bulk_update) took as long as all the rest."""
    for at in range(0, len(ids), CHUNK):
        model._default_manager.filter(pk__in=ids[at : at + CHUNK]).update(**values)


def _move(
    actor: Actor, dataset: Dataset, chosen: Sequence[_Chosen], *, as_state: str | None, result: Imported
) -> None:
    """From draft to where the import wants them, step by step, each step logged."""
    answered = [one.item.pk for one in chosen if one.item and one.revision and one.revision.answer_text_id]
    alone = [one.item.pk for one in chosen if one.item and one.revision and not one.revision.answer_text_id]
    if as_state == "draft":
        result.states = {S.DRAFT.value: len(chosen)}
        return
    advance_many(Item, alone, "submit_question", from_state=S.DRAFT, actor=actor, dataset=dataset)
    advance_many(Item, answered, "submit", from_state=S.DRAFT, actor=actor, dataset=dataset)
    counts = {S.AWAITING_ANSWER.value: len(alone), S.IN_REVIEW.value: len(answered)}
    if as_state == "approved":
        _write_reviews(actor, chosen)
        advance_many(Item, answered, "approve", from_state=S.IN_REVIEW, actor=actor, dataset=dataset)
        counts = {S.APPROVED.value: len(answered)}
    result.states = {state: n for state, n in counts.items() if n}


def _write_reviews(actor: Actor, chosen: Sequence[_Chosen]) -> None:
    reviews = [
        Review(
            item=one.item,
            revision=one.revision,
            reviewer=person_of(actor),
            kind=Review.Kind.IMPORT,
            decision=Review.Decision.APPROVE,
            question_ok=True,
            answer_ok=True,
        )
        for one in chosen
    ]
    Review.objects.bulk_create(reviews, batch_size=CHUNK)


def _write_translations(
    actor: Actor, dataset: Dataset, chosen: Sequence[_Chosen], *, result: Imported
) -> None:
    """Translations that came with the rows, waiting for a bilingual reviewer."""
    pairs = [(one, locale, texts) for one in chosen for locale, texts in one.row.translations.items()]
    pairs = [(one, locale, texts) for one, locale, texts in pairs if (texts.get("question") or "").strip()]
    rows = [Translation(item=one.item, locale=locale) for one, locale, _texts in pairs]
    Translation.objects.bulk_create(rows, batch_size=CHUNK)
    revisions = []
    for translation, (one, _locale, texts) in zip(rows, pairs, strict=True):
        assert one.revision is not None
        answer = (texts.get("answer") or "").strip() if one.revision.answer_text_id else ""
        revisions.append(
            TranslationRevision(
                translation=translation,
                number=1,
                source_revision=one.revision,
                source_question_hash=one.revision.question_text_id,
                source_answer_hash=one.revision.answer_text_id or "" if answer else "",
                question_text_id=text_hash((texts["question"] or "").strip()),
                answer_text_id=text_hash(answer) if answer else None,
                author=person_of(actor),
                origin=TranslationRevision.Origin.IMPORTED,
            )
        )
    TranslationRevision.objects.bulk_create(revisions, batch_size=CHUNK)
    ids = [row.pk for row in rows]
    first = Subquery(TranslationRevision.objects.filter(translation=OuterRef("pk")).values("pk"))
    _point_at(Translation, ids, current_revision=first)
    advance_many(
        Translation, ids, "translate", from_state=Translation.State.DRAFT, actor=actor, dataset=dataset
    )
    result.translations = len(rows)
