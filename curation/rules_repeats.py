"""Who is answered when the same act comes a second time."""

from __future__ import annotations

from django.utils.translation import gettext as _

from curation.log import Actor
from curation.models import Dataset, Membership, Review, Revision, TranslationReview, TranslationRevision
from curation.rules import needs, rule

Role = Membership.Role


def _sender(actor: Actor, sender: int | None, dataset: Dataset, *roles: str) -> str | None:
    """Whoever sent it, while they have a role in which it can be sent."""
    if sender != actor.pk:
        return _("Somebody else has sent something under this id. Open the page again, then send it.")
    return needs(actor, dataset, *roles)


@rule("repeat", Revision)
def repeat_revision(actor: Actor, row: Revision) -> str | None:
    """A text, or a move."""
    roles = (Role.AUTHOR, Role.REVIEWER, Role.LEAD)
    return _sender(actor, row.submitted_by_id, row.item.dataset, *roles)


@rule("repeat", Review)
def repeat_review(actor: Actor, row: Review) -> str | None:
    return _sender(actor, row.reviewer_id, row.item.dataset, Role.REVIEWER, Role.LEAD)


@rule("repeat", TranslationRevision)
def repeat_translation(actor: Actor, row: TranslationRevision) -> str | None:
    return _sender(actor, row.author_id, row.translation.item.dataset, Role.TRANSLATOR)


@rule("repeat", TranslationReview)
def repeat_translation_review(actor: Actor, row: TranslationReview) -> str | None:
    return _sender(actor, row.reviewer_id, row.translation.item.dataset, Role.BILINGUAL_REVIEWER)
