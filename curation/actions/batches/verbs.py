"""What a batch does to one item, through the action of single items, and what would refuse it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from curation.actions import items, moves, reviews
from curation.actions.codebooks import codebook_of
from curation.actions.doubles import why_second
from curation.actions.leases import refuse_held
from curation.actions.opening import open_to_writers, refuse_to_open
from curation.actions.reasons import judged
from curation.errors import Invalid, WrongState
from curation.models import Batch, Category, Dataset, Item, Person
from curation.rules import require
from curation.second_opinions import double_of
from curation.workflow import target

Verb = Batch.Verb
NEED_COMMENT = (Verb.REQUEST_CHANGES, Verb.WITHDRAW)
TAKE_COMMENT = (*NEED_COMMENT, Verb.MOVE, Verb.REOPEN)
PARTS = ("question", "answer")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A verb with what it needs beside the item."""

    verb: str
    category: Category | None = None
    reasons: dict[str, str] = field(default_factory=dict)
    open_to_all: bool = False

    @property
    def arguments(self) -> dict[str, Any]:
        """As a batch keeps them: ids and codes."""
        if self.verb == Verb.MOVE:
            return {"category": self.category.pk if self.category else None}
        if self.verb == Verb.REQUEST_CHANGES:
            return {"reasons": self.reasons, "open_to_all": self.open_to_all}
        return {}

    @property
    def said(self) -> dict[str, bool | None]:
        """Parts without a reason are good."""
        return {part: part not in self.reasons for part in PARTS}


def plan_of(batch: Batch) -> Plan:
    given = batch.arguments
    category = Category.objects.filter(pk=given.get("category")).first()
    return Plan(
        verb=batch.verb,
        category=category,
        reasons=given.get("reasons", {}),
        open_to_all=given.get("open_to_all", False),
    )


def sound(dataset: Dataset, plan: Plan) -> Plan:
    """The plan; raises Invalid, naming the field, where it could be carried out on no item at all."""
    if plan.verb not in Verb.values:
        raise Invalid(_("Choose what is to be done with the items."), field="verb")
    if plan.verb == Verb.MOVE:
        leaf = plan.category
        if leaf is None or leaf.taxonomy_id != dataset.taxonomy_id or not leaf.is_leaf:
            raise Invalid(_("Choose a specific harm of this dataset's taxonomy."), field="category")
    if plan.verb == Verb.REQUEST_CHANGES:
        judged(
            codebook_of(dataset).book, plan.verb, said=plan.said, reasons=plan.reasons, reason="", comment="…"
        )
    return plan


def need_comment(plan: Plan, comment: str) -> None:
    """Raises Invalid where the verb says something to the author and nothing is said."""
    if plan.verb in NEED_COMMENT and not comment.strip():
        raise Invalid(_("Write what should change, in so many words."), field="comment")


def refuse(person: Person, item: Item, plan: Plan) -> None:
    """Raises the error with which the action would refuse the item as it is. Writes nothing."""
    if plan.verb == Verb.MOVE:
        assert plan.category is not None
        moves.refuse_move(person, item, plan.category)
    elif plan.verb == Verb.OPEN:
        refuse_to_open(person, item)
    else:
        target(item, plan.verb)
        require(person, plan.verb, item)
        if plan.verb == Verb.REQUEST_CHANGES:
            refuse_held(person, item)
            _refuse_two(item)


def _refuse_two(item: Item) -> None:
    """What two people review is read by each of them."""
    if double_of(item) or why_second(item, fix=False, asked=False):
        raise WrongState(_("Two people review this text: decide it on its own page."))


def act(person: Person, item: Item, plan: Plan, comment: str) -> int | None:
    """Do it. Returns the id of the review that was made, where one was."""
    revision = item.current_revision_id or 0
    match plan.verb:
        case Verb.MOVE:
            assert plan.category is not None
            moves.move(person, item, plan.category, revision=revision, comment=comment)
        case Verb.REQUEST_CHANGES:
            _refuse_two(item)
            made = reviews.review(
                person,
                item,
                decision=plan.verb,
                revision=revision,
                reasons=plan.reasons,
                question_ok=plan.said["question"],
                answer_ok=plan.said["answer"],
                comment=comment,
                open_to_all=plan.open_to_all,
            )
            return made.pk
        case Verb.OPEN:
            open_to_writers(person, item)
        case Verb.WITHDRAW:
            items.withdraw(person, item, reason=comment)
        case Verb.REOPEN:
            items.reopen(person, item, reason=comment)
    return None


def stamp(item: Item) -> dict[str, Any]:
    """What has to be as it was for an act that was looked at before."""
    return {
        "state": str(item.state),
        "revision": item.current_revision_id,
        "category": item.category_id,
        "open": item.open_to_all,
        "author": item.author_id,
    }


def unchanged(item: Item, known: Mapping[str, Any]) -> bool:
    """Whether the item is as its stamp says, as far as that goes: earlier ones knew no author."""
    return all(known.get(name, value) == value for name, value in stamp(item).items())
