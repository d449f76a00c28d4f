"""What waits for a writer, and what they look at while writing."""

from __future__ import annotations

from django.db.models import Exists, Q, QuerySet
from django.utils import timezone

from curation.models import (
    Category,
    Dataset,
    Draft,
    Item,
    Lease,
    Membership,
    Person,
    Revision,
)
from curation.models.people import LARGEST
from curation.prepared import Prepared, PreparedCount, moment_slot, slot
from curation.queries.coverage import spared
from curation.queries.datasets import ITEM_ROLES
from curation.queries.reviewing import in_other_hands
from curation.rules import roles_of

PERSON, DATASET, ITEM, CATEGORY, AFTER = slot(1), slot(2), slot(3), slot(4), slot(5)
NOW = moment_slot(1)

SHOWN = 3  # examples


def sent_back(person: Person | int, dataset: Dataset | int) -> QuerySet[Item]:
    """What a reviewer sent back to the person, oldest first; both may be keys."""
    return spared(_sent_back(person, dataset), person).order_by("pk")


_WAITING = PreparedCount(lambda: sent_back(PERSON, DATASET).order_by())
_FOLLOWING = Prepared(lambda: sent_back(PERSON, DATASET).filter(pk__gt=AFTER).exclude(pk=ITEM)[:1])


def waiting_for_writer(person: Person, dataset: Dataset) -> int:
    """How many were sent back to the person."""
    return _WAITING.of({PERSON: person.pk, DATASET: dataset.pk})


def next_sent_back(person: Person, dataset: Dataset, *, after: Item) -> Item | None:
    """The first behind the item just left, else the first of the others."""
    given = {PERSON: person.pk, DATASET: dataset.pk, ITEM: after.pk}
    return _FOLLOWING.first(given | {AFTER: after.pk}) or _FOLLOWING.first(given | {AFTER: 0})


def _on_page() -> QuerySet[Item]:
    """With what the writing page shows of it."""
    return Item.objects.filter(dataset=DATASET, pk=ITEM).select_related(
        "question",
        "dataset__routine",
        "current_revision__question_text",
        "current_revision__answer_text",
        "current_revision__category__parent__parent",
    )


_ON_PAGE = Prepared(_on_page)
_BEGUN = Prepared(lambda: Draft.objects.filter(item=ITEM, person=PERSON).only("pk"))
_OWN_QUESTION = Prepared(
    lambda: Revision.objects.filter(item=ITEM, question_author=PERSON).order_by().only("pk")[:1]
)


def item_to_write(person: Person, dataset: Dataset, key: int) -> Item | None:
    """The item with its texts and what its category stands in, where the person may see it."""
    if not roles_of(person, dataset) & ITEM_ROLES or not 0 < key <= LARGEST:
        return None
    return _ON_PAGE.first({DATASET: dataset.pk, ITEM: key})


def has_begun(person: Person, item: Item) -> bool:
    """Whether they have a draft of it: what they typed is theirs, also when others went on with the item."""
    return bool(_BEGUN.tuples({ITEM: item.pk, PERSON: person.pk}))


def asked_it(person: Person, item: Item) -> bool:
    """Whether the question is theirs in any revision."""
    return bool(_OWN_QUESTION.tuples({ITEM: item.pk, PERSON: person.pk}))


def _sent_back(person: Person | int, dataset: Dataset | int) -> QuerySet[Item]:
    return Item.objects.filter(dataset=dataset, author=person, state=Item.State.NEEDS_CHANGES)


def drafts_of(person: Person | int, dataset: Dataset | int) -> QuerySet[Item]:
    """Items that the person has begun and not yet submitted, oldest first: own ones, and answers to open questions.

    Both may be keys.
    A question that was never written on and whose place was given back is begun no more.
    """
    return spared(_drafts_of(person, dataset), person).order_by("pk")


_KEPT = Prepared(
    lambda: drafts_of(PERSON, DATASET).filter(reserved_until__gt=NOW).order_by().values_list("category")
)


def places_of(person: Person, dataset: Dataset) -> set[int | None]:
    """The leaves in which the person keeps a place for what they began."""
    given = {PERSON: person.pk, DATASET: dataset.pk, NOW: timezone.now()}
    return {leaf for (leaf,) in _KEPT.tuples(given)}


def _drafts_of(person: Person | int, dataset: Dataset | int) -> QuerySet[Item]:
    mine = Draft.objects.filter(person=person)
    own = Q(author=person, state=Item.State.DRAFT)
    answers = Q(pk__in=mine.values("item"), state=Item.State.AWAITING_ANSWER)
    empty = mine.filter(version=0, question="", answer="").values("item")
    given_back = Q(state=Item.State.DRAFT, reserved_until=None, current_revision=None, pk__in=empty)
    return Item.objects.filter(own | answers, dataset=dataset).exclude(given_back)


def set_aside(person: Person, dataset: Dataset) -> int:
    """How many of the person's own pieces are kept out of their lists, in categories that they opted out of."""
    mine = Item.objects.filter(
        Q(pk__in=_sent_back(person, dataset).values("pk"))
        | Q(pk__in=_drafts_of(person, dataset).values("pk"))
    )
    return mine.exclude(pk__in=spared(mine, person).values("pk")).count()


def open_to_writers(person: Person, dataset: Dataset) -> QuerySet[Item]:
    """What any author may take: questions without an answer, items open to another writer, imported drafts."""
    own = Q(state=Item.State.NEEDS_CHANGES, author=person)  # came back to them: `sent_back` has it
    return writable_by_several(person, dataset).exclude(own)


def writable_by_several(person: Person, dataset: Dataset) -> QuerySet[Item]:
    """What stands open for several writers, the person among them, whoever began it."""
    state = Item.State
    nobodys = Q(author=None, state__in=[state.DRAFT, state.NEEDS_CHANGES])
    opened = Q(state=state.NEEDS_CHANGES, open_to_all=True)
    waiting = Item.objects.filter(Q(state=state.AWAITING_ANSWER) | opened | nobodys, dataset=dataset)
    return spared(waiting, person).order_by("pk")


def stands_open(item: Item) -> bool:
    """Whether several people may write on the item: as `writable_by_several` has it."""
    state = item.State
    if item.state == state.AWAITING_ANSWER:
        return True
    nobodys = item.author_id is None and item.state in (state.DRAFT, state.NEEDS_CHANGES)
    return nobodys or (item.state == state.NEEDS_CHANGES and item.open_to_all)


def free_to_write(person: Person, dataset: Dataset) -> QuerySet[Item]:
    """What any author may take, without what others have in hand now."""
    return open_to_writers(person, dataset).filter(~Exists(in_other_hands(person, Lease.Part.WRITE)))


def writers_for(item: Item) -> QuerySet[Person]:
    """Authors of the dataset."""
    roles = Membership.objects.filter(dataset=item.dataset_id, role=Membership.Role.AUTHOR)
    people = Person.objects.filter(is_active=True, pk__in=roles.values("person"))
    return people.order_by("display_name", "username")


def _examples() -> QuerySet[Item]:
    approved = Item.objects.filter(
        dataset=DATASET, state=Item.State.APPROVED, approved_revision__category=CATEGORY
    )
    texts = approved.select_related("approved_revision__question_text", "approved_revision__answer_text")
    return texts.exclude(pk=ITEM).order_by("-pk")[:SHOWN]


_EXAMPLES = Prepared(_examples)


def examples(category: Category, dataset: Dataset, *, but: Item) -> list[Item]:
    """Approved items of the leaf to learn from, the newest first: three at most."""
    return _EXAMPLES.rows({DATASET: dataset.pk, CATEGORY: category.pk, ITEM: but.pk})
