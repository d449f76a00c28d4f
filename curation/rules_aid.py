"""Who may ask a model for suggestions."""

from __future__ import annotations

from django.utils.translation import gettext as _

from curation.log import Actor, Operator
from curation.models import Item, Routine
from curation.rules import rule, submit
from curation.workflow import verbs_from


@rule("ask_aid", Item)
def ask_aid(actor: Actor, item: Item) -> str | None:
    """Whoever may write this item now, and only where the lead has named a model."""
    if isinstance(actor, Operator):
        return _("A draft needs a person.")
    refusal = submit(actor, item)
    if refusal:
        return refusal
    if not verbs_from(item) & {"submit", "revise"}:
        return _("The item is closed. A lead can reopen it.")
    if not Routine.objects.filter(dataset=item.dataset_id, aid__isnull=False).exists():
        return _("The drafting aid is off in this dataset.")
    return None
