"""Who changes many items at once, and who takes that back."""

from __future__ import annotations

from django.utils.translation import gettext as _

from curation.log import Actor, Operator
from curation.models import Batch
from curation.rules import Role, needs, rule


@rule("undo", Batch)
def undo_batch(actor: Actor, batch: Batch) -> str | None:
    return needs(actor, batch.dataset, Role.LEAD)


@rule("carry_out", Batch)
def carry_out(actor: Actor, batch: Batch) -> str | None:
    """What was looked at is carried out by whoever looked at it."""
    if isinstance(actor, Operator) or batch.person_id != actor.pk:
        return _("Only who prepared it carries it out.")
    return undo_batch(actor, batch)
