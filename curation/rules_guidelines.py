"""Rules about the guideline and the coded reasons: who writes a new version, and who signs it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from curation.log import Actor, Operator
from curation.models import Codebook, Dataset, Guideline
from curation.rules import Role, needs, rule


@rule("write_codebook", Dataset)
@rule("write_guideline", Dataset)
def write_guideline(actor: Actor, dataset: Dataset) -> str | None:
    if isinstance(actor, Operator):
        return _("A guideline needs a person who wrote it.")
    return needs(actor, dataset, Role.LEAD)


@rule("read", Guideline)
def read(actor: Actor, guideline: Guideline) -> str | None:
    """Everybody says for themselves that they have read it."""
    if isinstance(actor, Operator):
        return _("Everybody confirms this for themselves.")
    return needs(actor, guideline.dataset, *Role.values)


@rule("sign", Codebook)
@rule("sign", Guideline)
def sign(actor: Actor, guideline: Guideline | Codebook) -> str | None:
    """Somebody who leads or reviews by it, and did not write it."""
    if isinstance(actor, Operator):
        return _("A signature needs a person.")
    refusal = needs(actor, guideline.dataset, Role.LEAD, Role.REVIEWER)
    if refusal is None and actor.pk == guideline.written_by_id:
        return _("Somebody else has to sign what you wrote.")
    return refusal
