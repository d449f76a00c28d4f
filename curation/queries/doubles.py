"""Double reviews: which item is in one, and what of it nobody may see yet."""

from __future__ import annotations

from django.db.models import F, QuerySet

from curation.models import Dataset, DoubleReview, Item, Membership, Person, Review, Revision
from curation.rules import roles_of
from curation.second_opinions import open_doubles


def covered_opinions(person: Person, dataset: Dataset) -> QuerySet[Review]:
    """Opinions that the person must not learn of yet: those of others in double reviews that are not settled.

    Everything that shows reviews, or what reviewers do, leaves these out, and their givers' traces on the item. Where
    two opinions differ there is nothing left to sway: the leads who settle it see both.
    """
    doubles = open_doubles().filter(item__dataset=dataset)
    if Membership.Role.LEAD in roles_of(person, dataset):
        doubles = doubles.filter(agreed=None)
    return Review.objects.filter(double__in=doubles, decides=False).exclude(reviewer=person)


def unseen_of(person: Person, item: Item) -> set[int]:
    """Whose comments, events and revisions of the item the person must not see yet: most often nobody's."""
    covered = covered_opinions(person, item.dataset).filter(item=item)
    return {reviewer for reviewer in covered.values_list("reviewer", flat=True) if reviewer is not None}


def revisions_seen(item: Item, unseen: set[int]) -> QuerySet[Revision]:
    """The item's revisions, oldest first, but for what a reviewer wrote of whom nobody is to learn yet."""
    texts = item.revisions.select_related("question_text", "answer_text", "submitted_by")
    return texts.exclude(submitted_by__in=unseen).order_by("number")


def to_settle(person: Person, dataset: Dataset) -> QuerySet[Item]:
    """Items on which two reviewers differ, oldest first, that the person has no part in."""
    differing = open_doubles().filter(item__dataset=dataset, agreed=False)
    mine = differing.filter(opinions__reviewer=person)
    items = Item.objects.filter(pk__in=differing.values("item")).exclude(pk__in=mine.values("item"))
    return items.order_by("current_revision_id")


def read_by_two(dataset: Dataset) -> QuerySet[DoubleReview]:
    """Double reviews with two opinions on one and the same text: not those whose text was mended in between."""
    done = DoubleReview.objects.filter(item__dataset=dataset, agreed__isnull=False)
    mended = Review.objects.filter(double__isnull=False, decision=Review.Decision.FIX_AND_APPROVE)
    return done.exclude(pk__in=mended.values("double")).annotate(dataset=F("item__dataset"))
