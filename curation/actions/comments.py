"""Talk about an item: say something, answer, name people, settle a thread."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from curation.actions.holding import hold
from curation.actions.notices import tell_of_comment
from curation.actions.texts import cleaned
from curation.errors import Invalid
from curation.log import record
from curation.mentions import places
from curation.models import Comment, Item, Mention, Person
from curation.queries import comments_seen_by, mentionable
from curation.rules import require


@transaction.atomic
def comment(
    person: Person,
    item: Item,
    *,
    body: str,
    reply_to: int | None = None,
    client_id: str | None = None,
) -> Comment:
    """Add a line to the item's discussion, as an answer to the line `reply_to` or as the opening of a thread.

    The same client id with the same text is the same comment; with another text it is a new one, for then somebody
    went on writing. Raises Invalid for an answer to a line that the person cannot see.
    """
    require(person, "comment", item)
    body = cleaned(body, field="body")
    if not body:
        raise Invalid(_("Write a comment first."), field="body")
    hold(item)
    if client_id and (known := Comment.objects.filter(client_id=client_id).first()):
        if (known.person_id, known.item_id, known.body) == (person.pk, item.pk, body):
            return known
        client_id = None
    opening = _opening(person, item, reply_to)
    made = Comment.objects.create(
        item=item, person=person, body=body, reply_to=opening, client_id=client_id or None
    )
    _name(made)
    record(person, "comment", item, comment=made.pk)
    tell_of_comment(made)
    return made


def _opening(person: Person, item: Item, reply_to: int | None) -> Comment | None:
    """The line that opened the thread of the line that is answered."""
    if reply_to is None:
        return None
    found = comments_seen_by(person, item).select_related("reply_to").filter(pk=reply_to).first()
    if found is None:
        raise Invalid(_("What you answer is not here any more."), field="reply_to")
    return found.reply_to or found


def _name(made: Comment) -> None:
    """Keep whom the text names, as far as the dataset shows them its items."""
    if "@" not in made.body and "＠" not in made.body:
        return
    names = dict(mentionable(made.item.dataset).values_list("username", "pk"))
    named = {names[place.name] for place in places(made.body, names)}
    Mention.objects.bulk_create(Mention(comment=made, person_id=pk) for pk in sorted(named))


@transaction.atomic
def resolve(person: Person, opening: Comment, *, resolved: bool = True) -> bool:
    """Mark a thread, named by the line that opened it, as settled, or take it up again. Returns whether that changed it."""
    require(person, "resolve", opening)
    changes = (
        {"resolved_by": person, "resolved_at": timezone.now()}
        if resolved
        else {"resolved_by": None, "resolved_at": None}
    )
    rows = Comment.objects.filter(pk=opening.pk, reply_to=None, resolved_at__isnull=resolved)
    if not rows.update(**changes):
        return False
    record(person, "resolve" if resolved else "take_up", opening.item, comment=opening.pk)
    return True
