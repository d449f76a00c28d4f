"""Taking an earlier text of an item into the own draft. What stood in the draft is kept and can be brought back."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from curation.actions.items import draft_of, hold
from curation.errors import Invalid
from curation.log import record
from curation.models import Draft, Item, KeptDraft, Person, Revision
from curation.queries import revisions_seen, unseen_of
from curation.rules import require

FIELDS = ("question", "answer", "category", "attributes", "sources", "criteria", "origins")


@transaction.atomic
def restore_revision(person: Person, item: Item, revision: int) -> Draft:
    """Put the texts of a revision (by its id) into the person's draft; nothing is submitted.

    Raises Invalid for a revision that the item has not, that the person must not see yet, or of which a text was
    removed.
    """
    hold(item)
    require(person, "restore_revision", item)
    found = revisions_seen(item, unseen_of(person, item)).filter(pk=revision).first()
    if found is None:
        raise Invalid(_("The item has no such revision."), field="revision")
    if found.redacted:
        raise Invalid(
            _("A text of this revision was removed: it cannot be taken up again."), field="revision"
        )
    record(person, "restore", item, revision=found.pk)
    return _put(person, item, found)


@transaction.atomic
def bring_back(person: Person, item: Item, kept: int) -> Draft:
    """Put a draft that was kept (by its id) into the person's draft again; what stands there now is kept in turn.

    Raises Invalid where the person has none of that id.
    """
    hold(item)
    require(person, "restore_revision", item)
    found = kept_drafts_of(person, item).filter(pk=kept).first()
    if found is None:
        raise Invalid(_("This draft is not kept any more."), field="kept")
    record(person, "restore", item, kept=found.pk)
    draft = _put(person, item, found)
    if _said(draft) == _said(found):  # not where the question that stands took the place of theirs
        found.delete()
    return draft


def kept_drafts_of(person: Person, item: Item) -> QuerySet[KeptDraft]:
    """What the person's draft of the item held when earlier texts took its place, the newest first."""
    return KeptDraft.objects.filter(person=person, item=item)


def _put(person: Person, item: Item, source: Revision | KeptDraft) -> Draft:
    """Windows that have the draft open get a conflict at their next save, and merge."""
    draft = draft_of(person, item)
    values = _fields(source)
    standing = item.current_revision
    if item.state == Item.State.AWAITING_ANSWER and standing and standing.question_author_id != person.pk:
        values |= {"question": standing.question, "category": standing.category}  # only an answer is wanted
    if _own(draft) and _fields(draft) != values:
        KeptDraft.objects.create(person=person, item=item, **_fields(draft))
    for name, value in values.items():
        setattr(draft, name, value)
    draft.version, draft.client_id = draft.version + 1, ""
    draft.save()
    return draft


def _fields(source: Draft | Revision | KeptDraft) -> dict[str, Any]:
    return {name: getattr(source, name) for name in FIELDS}


def _own(draft: Draft) -> bool:
    """Whether the draft says anything that no revision says."""
    mine = _said(draft)
    if draft.pk is None or not any(mine.values()):
        return False
    told = [_said(each) for each in draft.item.revisions.select_related("question_text", "answer_text")]
    return mine not in told and mine not in [each | {"answer": ""} for each in told]


def _said(source: Draft | Revision | KeptDraft) -> dict[str, Any]:
    return {
        "question": source.question.strip(),
        "answer": source.answer.strip(),
        "sources": source.sources,
        "criteria": {kind: lines for kind, lines in source.criteria.items() if lines},
        "attributes": {name: value for name, value in source.attributes.items() if value},
    }
