"""The same act sent twice: its answer was lost on the way, and whoever sent it asks again."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import TypeVar

from django.db.models import Manager
from django.utils.translation import gettext as _

from curation.errors import Conflict
from curation.log import Actor
from curation.models import Review, Revision, TranslationReview, TranslationRevision
from curation.rules import require

Row = TypeVar("Row", Revision, Review, TranslationRevision, TranslationReview)


def sent_before(
    actor: Actor, rows: Manager[Row], client_id: str | None, said: Mapping[str, object]
) -> Row | None:
    """What the actor wrote under the client's id; None where the id is new.

    `said`: attributes of the row, by dotted names, that are as given where it is the same act. Raises NotAllowed for an id of somebody else and for
    who has lost the role, Conflict where it says something else now: that was never kept.
    """
    known = rows.filter(client_id=client_id).first() if client_id else None
    if known is None:
        return None
    require(actor, "repeat", known)
    if any(attrgetter(name)(known) != value for name, value in said.items()):
        raise Conflict(
            _("This was sent before and said something else then. What you sent first stands; compare.")
        )
    return known
