"""States and who may follow whom. `advance` is the only writer of any `state`, on every floor."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from operator import methodcaller
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from curation.errors import Conflict, WrongState
from curation.log import Actor, record, record_many
from curation.models import Batch, Dataset, Item, Job, Publication, Translation
from curation.prepared import update

Table = dict[str, dict[str, str]]  # verb -> {from: to}
CHUNK = 500  # rows a statement: SQLite binds at most 999 variables in older builds

S, T, J, P, B = Item.State, Translation.State, Job.State, Publication.State, Batch.State

ITEM: Table = {
    "submit_question": {S.DRAFT: S.AWAITING_ANSWER, S.NEEDS_CHANGES: S.AWAITING_ANSWER},
    "submit": dict.fromkeys((S.DRAFT, S.NEEDS_CHANGES, S.AWAITING_ANSWER), S.IN_REVIEW),
    "approve": {S.IN_REVIEW: S.APPROVED},
    "request_changes": {S.IN_REVIEW: S.NEEDS_CHANGES},
    "request_answer": {S.IN_REVIEW: S.AWAITING_ANSWER},
    "reject": {S.IN_REVIEW: S.REJECTED},
    "take_back": dict.fromkeys((S.APPROVED, S.NEEDS_CHANGES, S.AWAITING_ANSWER, S.REJECTED), S.IN_REVIEW),
    "revise": {S.APPROVED: S.IN_REVIEW},
    "withdraw": {s: S.WITHDRAWN for s in S.values if s != S.WITHDRAWN},
    "reopen": {S.REJECTED: S.NEEDS_CHANGES, S.WITHDRAWN: S.NEEDS_CHANGES},
}

TRANSLATION: Table = {
    "translate": dict.fromkeys((T.DRAFT, T.NEEDS_CHANGES, T.APPROVED, T.IN_REVIEW), T.IN_REVIEW),
    "approve": {T.IN_REVIEW: T.APPROVED},
    "request_changes": {T.IN_REVIEW: T.NEEDS_CHANGES, T.APPROVED: T.NEEDS_CHANGES},
}

JOB: Table = {
    "start": {J.QUEUED: J.RUNNING},
    "put_back": {J.RUNNING: J.QUEUED},
    "succeed": {J.RUNNING: J.SUCCEEDED},
    "fail": {J.QUEUED: J.FAILED, J.RUNNING: J.FAILED},
    "cancel": {J.QUEUED: J.CANCELLED, J.RUNNING: J.CANCELLED},
    "resume": {J.CANCELLED: J.QUEUED, J.FAILED: J.QUEUED},
}

PUBLICATION: Table = {
    "publish": {P.PLANNED: P.PUBLISHING, P.FAILED: P.PUBLISHING},
    "succeed": {P.PUBLISHING: P.PUBLISHED},
    "fail": {P.PUBLISHING: P.FAILED},
}

BATCH: Table = {
    "carry_out": {B.PREPARED: B.RUNNING},
    "finish": {B.RUNNING: B.DONE},
    "undo": {B.RUNNING: B.UNDOING, B.DONE: B.UNDOING},
    "finish_undo": {B.UNDOING: B.UNDONE},
}

_tables: dict[type[models.Model], Table] = {
    Item: ITEM,
    Translation: TRANSLATION,
    Job: JOB,
    Publication: PUBLICATION,
    Batch: BATCH,
}


def add_table(model: type[models.Model], table: Table) -> None:
    """Give a higher floor's model its transitions."""
    _tables[model] = table


def verbs_from(subject: models.Model) -> set[str]:
    """The verbs that the object's present state has, whoever asks."""
    state = _state(subject)
    return {verb for verb, steps in _tables[type(subject)].items() if state in steps}


# Django makes the method for each field with choices.
_state_words = methodcaller("get_state_display")


def target(subject: models.Model, verb: str) -> str:
    """The state a verb leads to from here.

    Raises WrongState, with a sentence that names the present state, where there is no such step.
    """
    state = _state(subject)
    steps = _tables[type(subject)][verb]
    if state not in steps:
        label = _state_words(subject)
        raise WrongState(_("This is not possible now: the state is “%(state)s”.") % {"state": label})
    return str(steps[state])


def _state(subject: models.Model) -> str:
    return str(subject.serializable_value("state"))


@cache
def _dated(model: type[models.Model]) -> bool:
    return any(field.name == "updated_at" for field in model._meta.get_fields())


def _moment(model: type[models.Model]) -> dict[str, Any]:
    """When it changed, for kinds that keep that: an UPDATE sets no `auto_now` by itself."""
    return {"updated_at": timezone.now()} if _dated(model) else {}


def _key(subject: models.Model) -> str:
    assert subject._meta.pk is not None
    return subject._meta.pk.name


def advance(
    subject: models.Model,
    verb: str,
    *,
    actor: Actor,
    log: bool = True,
    changes: dict[str, Any] | None = None,
    **details: Any,
) -> None:
    """Move the object by a verb, together with `changes`, if nobody moved it first; log the step.

    One UPDATE compares and sets: of two people who act at once, the late one gets Conflict and nothing is written.
    """
    _advance_to(target(subject, verb), subject, verb, actor=actor, log=log, changes=changes, details=details)


def advance_back(
    subject: models.Model,
    verb: str,
    to_state: str,
    *,
    actor: Actor,
    changes: dict[str, Any] | None = None,
    **details: Any,
) -> None:
    """Take a step of a verb back to the state that it began from; logged as `undo`. Raises as `advance` does."""
    if _tables[type(subject)][verb].get(to_state) != _state(subject):
        raise WrongState(
            _("This is not possible now: the state is “%(state)s”.") % {"state": _state_words(subject)}
        )
    _advance_to(to_state, subject, "undo", actor=actor, log=True, changes=changes, details=details)


def _advance_to(
    to_state: str,
    subject: models.Model,
    verb: str,
    *,
    actor: Actor,
    log: bool,
    changes: dict[str, Any] | None,
    details: dict[str, Any],
) -> None:
    from_state = _state(subject)
    values = {"state": to_state, **_moment(type(subject)), **(changes or {})}
    if update(type(subject), {_key(subject): subject.pk, "state": from_state}, values) != 1:
        raise Conflict(_("Somebody else was faster: this has moved on meanwhile. Nothing was changed."))
    for name, value in values.items():
        setattr(subject, name, value)
    if log:
        record(actor, verb, subject, from_state=from_state, to_state=to_state, **details)


def advance_many(
    model: type[models.Model],
    ids: Sequence[int],
    verb: str,
    *,
    from_state: str,
    actor: Actor,
    dataset: Dataset,
) -> int:
    """Move many objects of one state by a verb, for imports; each step is logged. Returns how many moved.

    Pointers that the new state needs (an approved revision) are set by the caller first.
    """
    steps = _tables[model][verb]
    if from_state not in steps:
        raise WrongState(_("This is not possible now: the state is “%(state)s”.") % {"state": from_state})
    to_state = str(steps[from_state])
    moved = 0
    for start in range(0, len(ids), CHUNK):
        chunk = list(ids[start : start + CHUNK])
        rows = model._default_manager.filter(pk__in=chunk, state=from_state)
        moved += rows.update(state=to_state, **_moment(model))
        record_many(
            actor,
            verb,
            model,
            chunk,
            dataset=dataset,
            from_state=from_state,
            to_state=to_state,
        )
    return moved
