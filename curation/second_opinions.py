"""Double reviews that are open, and who has a part in a text: what the rules ask of every page."""

from __future__ import annotations

from django.db import models

from curation.models import DoubleReview, Item, Person, Revision
from curation.prepared import Prepared, slot

ITEM, PERSON = slot(1), slot(2)


def open_doubles() -> models.QuerySet[DoubleReview]:
    """Double reviews that are neither agreed nor settled; a newer text or another state of the item ends one, too."""
    return DoubleReview.objects.filter(
        settled_at=None, item__state=Item.State.IN_REVIEW, item__current_revision=models.F("revision")
    )


def _written() -> models.QuerySet[Revision]:
    mine = models.Q(question_author=PERSON) | models.Q(answer_author=PERSON) | models.Q(submitted_by=PERSON)
    return Revision.objects.filter(mine, item=ITEM).order_by().only("pk")[:1]


_OPEN = Prepared(lambda: open_doubles().filter(item=ITEM).order_by("pk")[:1])
_WRITTEN = Prepared(_written)


def double_of(item: Item) -> DoubleReview | None:
    """The double review that the item's newest revision is in."""
    return _OPEN.first({ITEM: item.pk})


def wrote_part(person: Person, item: Item) -> bool:
    """Whether any part of any revision of the item came from the person, whatever their role is now."""
    return bool(_WRITTEN.rows({ITEM: item.pk, PERSON: person.pk}))
