"""Writing: start an item, save its draft, submit it, revise it, take it back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from curation.actions.texts import cleaned, content_hash, keep_text, keepable
from curation.errors import Conflict, Invalid, WrongState
from curation.log import Actor, person_of, record
from curation.models import Category, Dataset, Draft, Item, Person, Question, Revision
from curation.rules import allows, require
from curation.similar import folded_hash
from curation.workflow import advance, target, verbs_from

WRITING = {"submit", "submit_question", "revise"}


@dataclass(frozen=True, kw_only=True)
class Wording:
    """What an author hands in. An empty answer means: the question alone."""

    question: str
    answer: str = ""
    category: Category | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    sources: list[str] = field(default_factory=list)


@transaction.atomic
def start_item(actor: Actor, dataset: Dataset, *, category: Category | None = None) -> Item:
    """An empty item in state draft, with an empty draft for its author.

    One that the same person started in the category and never wrote on is given again.
    """
    require(actor, "write", dataset)
    if untouched := _untouched(actor, dataset, category):
        return untouched
    question = Question.objects.create(dataset=dataset)
    item = Item.objects.create(
        dataset=dataset,
        question=question,
        author=person_of(actor),
        external_id=_id_for(dataset, question, 1),
    )
    if isinstance(actor, Person):
        Draft.objects.create(item=item, person=actor, category=category)
    record(actor, "start", item)
    return item


def _untouched(actor: Actor, dataset: Dataset, category: Category | None) -> Item | None:
    if not isinstance(actor, Person):
        return None
    empty = Draft.objects.filter(person=actor, category=category, version=0, question="", answer="")
    return Item.objects.filter(
        dataset=dataset,
        author=actor,
        state=Item.State.DRAFT,
        current_revision=None,
        pk__in=empty.values("item"),
    ).first()


def _id_for(dataset: Dataset, question: Question, answer_number: int) -> str:
    return f"{dataset.slug}-{question.pk:07d}-{answer_number:03d}"


def draft_of(person: Person, item: Item) -> Draft:
    """The person's draft, begun from the newest revision where there is none yet.

    Who is asked for another answer begins with an empty one, not with the words of the former writer.
    """
    draft = Draft.objects.filter(item=item, person=person).select_related("category").first()
    if draft is None:
        revision = item.current_revision
        draft = Draft(item=item, person=person)
        if revision:
            theirs = revision.answer_author_id != person.pk
            asked_for = item.state == Item.State.AWAITING_ANSWER and theirs
            draft.question, draft.answer = revision.question, "" if asked_for else revision.answer
            draft.category = revision.category
            draft.attributes, draft.sources = revision.attributes, revision.sources
    return draft


@transaction.atomic
def save_draft(
    person: Person,
    item: Item,
    *,
    version: int,
    client_id: str,
    question: str | None = None,
    answer: str | None = None,
    category: Category | None = None,
    attributes: dict[str, Any] | None = None,
    sources: list[str] | None = None,
) -> Draft:
    """Keep what has been typed so far. `version` is the one the page last saw.

    The same client id twice is the same save. Raises Conflict where another window has saved since: nothing is
    overwritten, and the caller shows both texts.
    """
    hold(item)
    require(person, "save_draft", item)
    if not verbs_from(item) & WRITING and not allows(person, "fix_and_approve", item):
        target(item, "submit")
    draft = draft_of(person, item)
    if client_id and draft.client_id == client_id:
        return draft
    if draft.version != version:
        raise Conflict(_("This draft was changed in another window. Both texts are kept."))
    keepable({"attributes": attributes, "sources": sources, "question": question, "answer": answer})
    new = {
        "question": question,
        "answer": answer,
        "category": category,
        "attributes": attributes,
        "sources": sources,
    }
    for name, value in new.items():
        if value is not None:
            setattr(draft, name, value)
    draft.version, draft.client_id = version + 1, client_id
    draft.save()
    return draft


def hold(item: Item) -> None:
    """Read the item anew and keep its row until the transaction ends: acts on one item take turns."""
    item.refresh_from_db(from_queryset=Item.objects.select_for_update())


@transaction.atomic
def submit(
    actor: Actor,
    item: Item,
    wording: Wording,
    *,
    base: int | None = None,
    client_id: str | None = None,
) -> Revision:
    """Hand in a question, or a question and its answer: a new revision, and the item moves on.

    The same client id twice answers with the same revision. An approved item is revised by the same act and stays
    releasable in its approved revision until the new one is approved. `base` is the id of the revision that the
    writing began from; raises Conflict where the item has a newer one, as when a sibling's author mended the question.
    """
    hold(item)
    if client_id and (known := item.revisions.filter(client_id=client_id).first()):
        return known
    verb = _verb(item, wording)
    require(actor, verb, item)
    if item.state == Item.State.AWAITING_ANSWER and verb == "submit_question":
        raise Invalid(_("Write an answer first: the question is there already."), field="answer")
    target(item, verb)
    if base is not None and item.current_revision_id not in (None, base):
        raise Conflict(
            _(
                "The item has a newer revision than the one you began from. Your text is kept: compare, then submit."
            )
        )
    revision = add_revision(item, wording, actor=actor, client_id=client_id)
    changes: dict[str, Any] = {"current_revision": revision, "open_to_all": False}
    if item.author_id is None or item.state == Item.State.AWAITING_ANSWER:
        changes["author"] = person_of(actor) or item.author
    advance(item, verb, actor=actor, changes=changes, revision=revision.pk)
    if isinstance(actor, Person):
        Draft.objects.filter(item=item, person=actor).delete()
    return revision


def _verb(item: Item, wording: Wording) -> str:
    if item.state == Item.State.APPROVED:
        return "revise"
    return "submit" if wording.answer.strip() else "submit_question"


def add_revision(
    item: Item,
    wording: Wording,
    *,
    actor: Actor,
    client_id: str | None = None,
    origin: str = "typed",
) -> Revision:
    """Write a revision; siblings whose question changes with it get one too, in the same transaction."""
    question = cleaned(wording.question, field="question")
    answer = cleaned(wording.answer, field="answer")
    keepable({"attributes": wording.attributes, "sources": wording.sources})
    category = _category(item, wording)
    _refuse_unusable(item, question)
    before = item.current_revision
    asked = before or _sibling_revision(item)
    person = person_of(actor)
    revision = Revision(
        item=item,
        number=before.number + 1 if before else 1,
        category=category,
        question_text=keep_text(question),
        answer_text=keep_text(answer) if answer else None,
        question_author=asked.question_author if asked and asked.question == question else person,
        answer_author=_answer_author(before, answer, person),
        submitted_by=person,
        attributes=wording.attributes,
        sources=wording.sources,
        origin=origin,
        content_hash=content_hash(question, answer or None, category, wording.attributes),
        client_id=client_id,
    )
    revision.save()
    if asked and asked.question != question:
        _carry_to_siblings(item, revision)
    return revision


def _sibling_revision(item: Item) -> Revision | None:
    """What the question says already, for an item that has no revision of its own yet."""
    siblings = item.question.items.filter(current_revision__isnull=False).exclude(pk=item.pk)
    sibling = siblings.select_related("current_revision__question_text").order_by("pk").first()
    return sibling.current_revision if sibling else None


def _answer_author(before: Revision | None, answer: str, person: Person | None) -> Person | None:
    if not answer:
        return None
    return before.answer_author if before and before.answer == answer else person


def _category(item: Item, wording: Wording) -> Category:
    category = wording.category or (item.current_revision.category if item.current_revision else None)
    if category is None:
        raise Invalid(_("Choose a category."), field="category")
    if category.taxonomy_id != item.dataset.taxonomy_id or not category.is_leaf:
        raise Invalid(_("Choose a specific harm of this dataset's taxonomy."), field="category")
    return category


def _refuse_unusable(item: Item, question: str) -> None:
    """An empty question, or one that another question of the dataset has already, is refused."""
    folded = folded_hash(question)
    if not folded:
        raise Invalid(_("Write a question first."), field="question")
    twin = (
        Item.objects.filter(dataset=item.dataset, current_revision__question_text__folded_hash=folded)
        .exclude(question=item.question_id)
        .exclude(state__in=[Item.State.REJECTED, Item.State.WITHDRAWN])
        .first()
    )
    if twin:
        message = _("The same question exists already as %(id)s. Change it, or write on that one.")
        raise Invalid(message % {"id": twin.external_id}, field="question")


def _carry_to_siblings(item: Item, revision: Revision) -> None:
    siblings = (
        Item.objects.filter(question=item.question_id, current_revision__isnull=False)
        .exclude(pk=item.pk)
        .exclude(current_revision__question_text=revision.question_text_id)
        .select_related("current_revision__answer_text", "current_revision__category")
    )
    for sibling in siblings:
        old = sibling.current_revision
        assert old is not None
        copy = Revision.objects.create(
            item=sibling,
            number=old.number + 1,
            category=old.category,
            question_text=revision.question_text,
            answer_text=old.answer_text,
            question_author=revision.question_author,
            answer_author=old.answer_author,
            submitted_by=revision.submitted_by,
            attributes=old.attributes,
            sources=old.sources,
            origin=old.origin,
            content_hash=content_hash(revision.question, old.answer or None, old.category, old.attributes),
        )
        Item.objects.filter(pk=sibling.pk).update(current_revision=copy)


@transaction.atomic
def add_answer(actor: Actor, item: Item) -> Item:
    """A sibling: another reference answer to the same question, awaiting its text."""
    require(actor, "write", item.dataset)
    if item.current_revision is None:
        raise WrongState(_("Submit the question first."))
    number = item.question.items.count() + 1
    sibling = Item.objects.create(
        dataset=item.dataset,
        question=item.question,
        author=person_of(actor),
        external_id=_id_for(item.dataset, item.question, number),
        rights=item.rights,
    )
    if isinstance(actor, Person):
        old = item.current_revision
        Draft.objects.create(item=sibling, person=actor, question=old.question, category=old.category)
    record(actor, "start", sibling, sibling_of=item.pk)
    return sibling


@transaction.atomic
def withdraw(actor: Actor, item: Item, *, reason: str) -> None:
    """Take an item out of everything that is yet to be frozen. Frozen releases keep it."""
    hold(item)
    require(actor, "withdraw", item)
    if not reason.strip():
        raise Invalid(_("Say why the item is withdrawn."), field="reason")
    advance(item, "withdraw", actor=actor, reason_length=len(reason))
    _say(actor, item, reason)


@transaction.atomic
def reopen(actor: Actor, item: Item, *, reason: str = "") -> None:
    """Bring a rejected or withdrawn item back to its author."""
    hold(item)
    require(actor, "reopen", item)
    advance(item, "reopen", actor=actor)
    _say(actor, item, reason)


def _say(actor: Actor, item: Item, text: str) -> None:
    person = person_of(actor)
    if person and text.strip():
        item.comments.create(person=person, body=cleaned(text, field="reason"))


@transaction.atomic
def comment(person: Person, item: Item, *, body: str, client_id: str | None = None) -> None:
    """Add a line to the item's discussion."""
    require(person, "comment", item)
    body = cleaned(body, field="body")
    if not body:
        raise Invalid(_("Write a comment first."), field="body")
    hold(item)
    if client_id and item.comments.filter(client_id=client_id).exists():
        return
    made = item.comments.create(person=person, body=body, client_id=client_id)
    record(person, "comment", item, comment=made.pk)
