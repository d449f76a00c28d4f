"""Threads on an item as one person may see them, and whom they may name."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Prefetch, QuerySet

from curation.mentions import pieces
from curation.models import Comment, Dataset, Item, Membership, Mention, Person
from curation.queries.datasets import ITEM_ROLES
from curation.queries.doubles import unseen_of


def mentionable(dataset: Dataset) -> QuerySet[Person]:
    """Who may be named in the dataset: those whom it shows its items."""
    roles = Membership.objects.filter(dataset=dataset, role__in=ITEM_ROLES)
    return Person.objects.filter(is_active=True, pk__in=roles.values("person")).order_by("username")


def comments_seen_by(person: Person, item: Item, unseen: set[int] | None = None) -> QuerySet[Comment]:
    """The item's comments without those of people whose opinion the person must not learn of yet."""
    hidden = unseen_of(person, item) if unseen is None else unseen
    return item.comments.exclude(person__in=hidden)


@dataclass(kw_only=True)
class Thread:
    """A comment with its answers, oldest first; `resolved` as far as the person may know of it."""

    comment: Comment
    resolved: bool = False
    replies: list[Comment] = field(default_factory=list)


def threads_of(person: Person, item: Item, unseen: set[int]) -> list[Thread]:
    """All threads, oldest first, in two queries at most. An answer whose opening the person must not see stands alone."""
    named = Prefetch("mentions", Mention.objects.select_related("person"))
    rows = comments_seen_by(person, item, unseen).select_related("person", "resolved_by")
    threads: dict[int, Thread] = {}
    for row in rows.prefetch_related(named):
        thread = threads.get(row.reply_to_id or 0)
        if thread is not None:
            thread.replies.append(row)
        else:
            resolved = row.resolved_at is not None and row.resolved_by_id not in unseen
            threads[row.pk] = Thread(comment=row, resolved=resolved)
    return list(threads.values())


def in_pieces(comment: Comment) -> list[tuple[str, bool]]:
    """The text of a comment, the names in it apart."""
    return pieces(comment.body, [mention.person.username for mention in comment.mentions.all()])
