"""Writing a chunk of sound rows: texts, questions, items, revisions, reviews, translations, and each step's log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.db.models import F, Model, OuterRef, Subquery

from curation.actions.imports.choosing import Compared
from curation.actions.texts import content_hash, keep_texts
from curation.formats.reading import ItemRow
from curation.formats.spool import Kept
from curation.log import Actor, person_of
from curation.models import (
    Category,
    Dataset,
    Item,
    Question,
    Review,
    Revision,
    Rights,
    Translation,
    TranslationRevision,
)
from curation.similar import text_hash
from curation.workflow import advance_many

CHUNK = 500
S = Item.State


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How rows come in: the split of questions whose row names none, and the state that all are brought to."""

    split: str | None = None
    as_state: str | None = None


@dataclass(kw_only=True)
class Written:
    """What became of a chunk."""

    items: int = 0
    states: Counter[str] = field(default_factory=Counter)
    translations: int = 0


@dataclass(kw_only=True)
class _Chosen:
    """A row that is written, with what is made of it."""

    row: ItemRow
    category: Category
    external_id: str
    item: Item | None = None
    revision: Revision | None = None


def would_write(chunk: Sequence[Kept], *, as_state: str | None) -> Written:
    """What `write` would say of these rows."""
    answered = sum(bool((kept.row.answer or "").strip()) for kept in chunk)
    translated = sum(_is_translated(texts) for kept in chunk for texts in kept.row.translations.values())
    return Written(
        items=len(chunk), states=_states(answered, len(chunk) - answered, as_state), translations=translated
    )


def _states(answered: int, alone: int, as_state: str | None) -> Counter[str]:
    if as_state == "draft":
        return Counter({S.DRAFT.value: answered + alone})
    reviewed = S.APPROVED if as_state == "approved" else S.IN_REVIEW
    return +Counter({S.AWAITING_ANSWER.value: alone, reviewed.value: answered})


def _is_translated(texts: dict[str, str | None]) -> bool:
    return bool((texts.get("question") or "").strip())


def write(
    actor: Actor,
    dataset: Dataset,
    compared: Compared,
    leaves: dict[int, Category],
    manner: Manner,
    rights: Rights | None,
) -> Written:
    """Write the new rows of a chunk. Who calls has begun a transaction and compared the chunk within it."""
    chosen = [
        _Chosen(row=kept.row, category=leaves[kept.leaf], external_id=kept.external_id)
        for kept in compared.new
    ]
    keep_texts(_bodies(chosen))
    _write_items(actor, dataset, chosen, compared.questions, split=manner.split, rights=rights)
    _write_revisions(actor, chosen, approved=manner.as_state == "approved")
    states = _move(actor, dataset, chosen, as_state=manner.as_state)
    translations = _write_translations(actor, dataset, chosen)
    return Written(items=len(chosen), states=states, translations=translations)


def _bodies(chosen: Sequence[_Chosen]) -> Iterator[str]:
    for one in chosen:
        yield one.row.question.strip()
        if one.row.answer and one.row.answer.strip():
            yield one.row.answer.strip()
        for texts in one.row.translations.values():
            yield from (text.strip() for text in texts.values() if text and text.strip())


def _write_items(
    actor: Actor,
    dataset: Dataset,
    chosen: Sequence[_Chosen],
    known: dict[str, int],
    *,
    split: str | None,
    rights: Rights | None,
) -> None:
    """Questions (one for siblings, also for those of an earlier chunk) and items, in state draft."""
    questions: dict[str, Question] = {}
    for one in chosen:
        key = one.row.question_id or one.external_id
        if key in known:
            continue
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
        key = one.row.question_id or one.external_id
        one.item = Item(
            dataset=dataset,
            question_id=known.get(key) or questions[key].pk,
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
            criteria=one.row.criteria,
            origin=Revision.Origin.IMPORTED,
            content_hash=content_hash(question, answer or None, one.category, one.row.attributes),
        )
    Revision.objects.bulk_create([one.revision for one in chosen if one.revision], batch_size=CHUNK)
    first = Subquery(Revision.objects.filter(item=OuterRef("pk")).values("pk"))
    ids = [one.item.pk for one in chosen if one.item]
    leaf = Subquery(Revision.objects.filter(item=OuterRef("pk")).values("category"))
    _point_at(Item, ids, current_revision=first, category=leaf)
    if approved:
        _point_at(Item, ids, approved_revision=F("current_revision"))


def _point_at(model: type[Model], ids: Sequence[int], **values: Subquery | F) -> None:
    """Set columns of new rows by an expression: a value per row (bulk_update) took as long as all the rest."""
    for at in range(0, len(ids), CHUNK):
        model._default_manager.filter(pk__in=ids[at : at + CHUNK]).update(**values)


def _move(actor: Actor, dataset: Dataset, chosen: Sequence[_Chosen], *, as_state: str | None) -> Counter[str]:
    """From draft to where the import wants them, step by step, each step logged."""
    answered = [one.item.pk for one in chosen if one.item and one.revision and one.revision.answer_text_id]
    alone = [one.item.pk for one in chosen if one.item and one.revision and not one.revision.answer_text_id]
    states = _states(len(answered), len(alone), as_state)
    if as_state == "draft":
        return states
    advance_many(Item, alone, "submit_question", from_state=S.DRAFT, actor=actor, dataset=dataset)
    advance_many(Item, answered, "submit", from_state=S.DRAFT, actor=actor, dataset=dataset)
    if as_state == "approved":
        _write_reviews(actor, chosen)
        advance_many(Item, answered, "approve", from_state=S.IN_REVIEW, actor=actor, dataset=dataset)
    return states


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


def _write_translations(actor: Actor, dataset: Dataset, chosen: Sequence[_Chosen]) -> int:
    """Translations that came with the rows, waiting for a bilingual reviewer."""
    pairs = [(one, locale, texts) for one in chosen for locale, texts in one.row.translations.items()]
    pairs = [(one, locale, texts) for one, locale, texts in pairs if _is_translated(texts)]
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
    return len(rows)
