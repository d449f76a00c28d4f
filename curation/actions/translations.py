"""Translating an item into another locale, and checking that the safety concern survives."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from curation.actions.codebooks import codebook_of
from curation.actions.drafts import keep
from curation.actions.reasons import need_reason
from curation.actions.repeats import sent_before
from curation.actions.texts import cleaned, keep_text
from curation.errors import Conflict, Invalid, WrongState
from curation.log import Actor, person_of
from curation.models import (
    Item,
    Person,
    Revision,
    Translation,
    TranslationDraft,
    TranslationReview,
    TranslationRevision,
)
from curation.queries import source_revision, stale
from curation.rules import require
from curation.workflow import advance, target

D = TranslationReview.Decision


def translation_of(item: Item, locale: str) -> Translation:
    """The row of an item and a locale, made in state draft where there is none."""
    return Translation.objects.get_or_create(item=item, locale=locale)[0]


def is_stale(translation: Translation) -> bool:
    """Whether the source has moved on since the newest translation revision."""
    return stale(Translation.objects.filter(pk=translation.pk)).exists()


def hold(translation: Translation) -> None:
    """Read the translation anew and keep its row until the transaction ends: acts on one translation take turns."""
    translation.refresh_from_db(from_queryset=Translation.objects.select_for_update())


def draft_of(person: Person, translation: Translation) -> TranslationDraft:
    """The person's draft, begun from the newest revision where there is none yet."""
    found = (
        TranslationDraft.objects.filter(translation=translation, person=person) if translation.pk else None
    )
    draft = found.first() if found is not None else None
    if draft is None:
        draft = TranslationDraft(translation=translation, person=person)
        if translation.current_revision:
            draft.question = translation.current_revision.question
            draft.answer = translation.current_revision.answer
    return draft


@transaction.atomic
def save_draft(
    person: Person,
    translation: Translation,
    *,
    version: int,
    client_id: str,
    question: str,
    answer: str,
) -> TranslationDraft:
    """Keep what has been typed so far; as `items.save_draft`."""
    hold(translation)
    require(person, "translate", translation.item)
    draft = draft_of(person, translation)
    return keep(draft, version=version, client_id=client_id, question=question, answer=answer)


@transaction.atomic
def submit(
    actor: Actor,
    translation: Translation,
    *,
    question: str,
    answer: str = "",
    source: int | None = None,
    client_id: str | None = None,
    origin: str = "typed",
) -> TranslationRevision:
    """Hand in a translation of the source revision that was read (its id), or of today's where none is named.

    Raises Conflict where the source text has moved on meanwhile; the draft is kept.
    """
    hold(translation)
    said = {part: cleaned(text, field=part) for part, text in (("question", question), ("answer", answer))}
    if known := sent_before(actor, translation.revisions, client_id, said):
        return known
    require(actor, "translate", translation.item)
    target(translation, "translate")
    current = _source(translation)
    if source is not None and source != current.pk:
        raise Conflict(
            _("The Japanese has changed since you opened it. Your draft is kept: compare, then submit.")
        )
    revision = add_translation_revision(
        translation,
        current,
        question=question,
        answer=answer,
        actor=actor,
        client_id=client_id,
        origin=origin,
    )
    advance(
        translation,
        "translate",
        actor=actor,
        changes={"current_revision": revision},
        revision=revision.pk,
    )
    person = person_of(actor)
    if person:
        TranslationDraft.objects.filter(translation=translation, person=person).delete()
    return revision


def add_translation_revision(
    translation: Translation,
    source: Revision,
    *,
    question: str,
    answer: str,
    actor: Actor,
    client_id: str | None = None,
    origin: str = "typed",
) -> TranslationRevision:
    """Write the revision with the hashes of what it translates; an empty answer covers the question only."""
    question, answer = (
        cleaned(question, field="question"),
        cleaned(answer, field="answer"),
    )
    if not question:
        raise Invalid(_("Translate the question first."), field="question")
    if answer and source.answer_text_id is None:
        raise Invalid(
            _("The item has no answer yet, so only the question can be translated."),
            field="answer",
        )
    before = translation.current_revision
    return TranslationRevision.objects.create(
        translation=translation,
        number=before.number + 1 if before else 1,
        source_revision=source,
        source_question_hash=source.question_text_id,
        source_answer_hash=source.answer_text_id or "" if answer else "",
        question_text=keep_text(question),
        answer_text=keep_text(answer) if answer else None,
        author=person_of(actor),
        origin=origin,
        client_id=client_id,
    )


@transaction.atomic
def review(
    person: Person,
    translation: Translation,
    *,
    decision: str,
    revision: int,
    adequacy: int | None = None,
    fluency: int | None = None,
    safety_kept: bool | None = None,
    reason: str = "",
    comment: str = "",
    client_id: str | None = None,
) -> TranslationReview:
    """Decide on the translation revision that was read, against the source as it is now.

    A stale translation cannot be approved: the source has moved on, so it goes back first.
    """
    hold(translation)
    said = {"decision": decision, "comment": comment.strip()}
    if known := sent_before(person, translation.reviews, client_id, said):
        return known
    _decidable(person, translation, decision, revision)
    _on_scale(adequacy=adequacy, fluency=fluency)
    changes: dict[str, Any] = {}
    if decision == D.APPROVE:
        _approvable(translation, safety_kept)
        changes["approved_revision"] = translation.current_revision
    codes = codebook_of(translation.item.dataset)
    if decision != D.APPROVE:
        need_reason(codes.book, decision, "translation", reason=reason, comment=comment)
    row = TranslationReview.objects.create(
        translation=translation,
        revision_id=revision,
        source_revision=_source(translation),
        reviewer=person,
        decision=decision,
        adequacy=adequacy,
        fluency=fluency,
        safety_kept=safety_kept,
        reason=reason,
        codebook=codes,
        comment=comment.strip(),
        client_id=client_id,
    )
    advance(translation, decision, actor=person, changes=changes, review=row.pk)
    return row


def _decidable(person: Person, translation: Translation, decision: str, revision: int) -> None:
    if decision not in D.values:
        raise Invalid(_("Choose a decision."), field="decision")
    require(person, decision, translation)
    if translation.current_revision_id != revision:
        raise Conflict(_("There is a newer translation than the one you read. Read it again, then decide."))


def _on_scale(**marks: int | None) -> None:
    for name, value in marks.items():
        if value is not None and value not in range(1, 6):
            raise Invalid(_("Give a whole number from 1 to 5."), field=name)


def _approvable(translation: Translation, safety_kept: bool | None) -> None:
    if is_stale(translation):
        raise WrongState(_("The Japanese has changed since: send it back to be translated again."))
    if not safety_kept:
        raise Invalid(_("Confirm that the safety concern is kept, or send it back."), field="safety_kept")


def _source(translation: Translation) -> Revision:
    source = source_revision(translation.item)
    if source is None:
        raise WrongState(_("The item has no text yet."))
    return source
