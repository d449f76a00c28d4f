"""Saying that a check's finding is all right as it is, and taking that back."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from curation.actions.items import draft_of, hold
from curation.actions.texts import cleaned
from curation.checks import Finding
from curation.errors import Conflict, Invalid
from curation.log import record
from curation.models import Dismissal, Item, Person
from curation.queries import findings_in
from curation.rules import require

LONGEST = 500  # characters of a reason: a sentence, not a discussion


@transaction.atomic
def dismiss(person: Person, item: Item, *, fingerprint: str, reason: str) -> Dismissal:
    """Dismiss the finding for everybody who reads this text. Dismissed twice, the first word stands.

    The finding has to be one of the person's own draft or of the newest revision. Raises Conflict where it is not,
    as when the text has changed since the page was shown; Invalid without a reason.
    """
    hold(item)
    require(person, "dismiss", item)
    reason = cleaned(reason, field="reason")
    if not reason:
        raise Invalid(_("Say why it is all right as it is."), field="reason")
    if len(reason) > LONGEST:
        raise Invalid(_("Say it in at most %(n)d characters.") % {"n": LONGEST}, field="reason")
    known = Dismissal.objects.filter(item=item, fingerprint=fingerprint).first()
    if known:
        return known
    finding = next((each for each in standing(person, item) if each.fingerprint == fingerprint), None)
    if finding is None or finding.level == "pass":
        raise Conflict(_("The text has changed since. Look at what the checks say now."))
    made = Dismissal.objects.create(
        item=item,
        person=person,
        key=finding.key,
        part=finding.part,
        fingerprint=fingerprint,
        reason=reason,
    )
    record(person, "dismiss", item, check=finding.key, part=finding.part)
    return made


def standing(person: Person, item: Item) -> list[Finding]:
    """What the checks say of the person's own draft and of the newest revision."""
    draft = draft_of(person, item)
    found = findings_in(
        item, question=draft.question, answer=draft.answer, author=person, category=draft.category
    )
    revision = item.current_revision
    if revision is None:
        return found
    return found + findings_in(
        item,
        question=revision.question,
        answer=revision.answer,
        author=item.author,
        category=revision.category,
    )


@transaction.atomic
def bring_back(person: Person, item: Item, *, fingerprint: str) -> None:
    """Let the finding count again; one that nobody dismissed is left as it is."""
    hold(item)
    require(person, "dismiss", item)
    held = Dismissal.objects.filter(item=item, fingerprint=fingerprint).first()
    if held is None:
        return
    record(person, "bring_back", item, check=held.key, part=held.part)
    held.delete()
