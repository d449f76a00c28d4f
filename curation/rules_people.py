"""Rules about people: who sees the board and whose name, and what is everybody's own."""

from __future__ import annotations

from django.utils.translation import gettext as _

from curation.log import Actor, Operator
from curation.models import Dataset, Person
from curation.rules import Role, needs, rule


@rule("see_board", Dataset)
def see_board(actor: Actor, dataset: Dataset) -> str | None:
    return needs(actor, dataset, Role.LEAD, Role.RELEASE_MANAGER)


@rule("name_authors", Dataset)
def name_authors(actor: Actor, dataset: Dataset) -> str | None:
    """Whoever reviews knows authors by their pseudonym alone, whatever their other roles."""
    refusal = see_board(actor, dataset)
    if refusal is None and needs(actor, dataset, Role.REVIEWER) is None and isinstance(actor, Person):
        return _("Reviewers know authors by their pseudonym.")
    return refusal


@rule("acknowledge_warning", Dataset)
def acknowledge_warning(actor: Actor, dataset: Dataset) -> str | None:
    """Each reads it for themselves."""
    if isinstance(actor, Operator):
        return _("Everybody sets this for themselves.")
    return needs(actor, dataset, *Role.values)


@rule("care", Person)
def care(actor: Actor, person: Person) -> str | None:
    """What somebody wants to be spared is theirs alone to say."""
    if isinstance(actor, Operator) or actor.pk != person.pk:
        return _("Everybody sets this for themselves.")
    return None
