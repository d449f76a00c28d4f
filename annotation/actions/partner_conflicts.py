"""Deciding what no rule decides: whose version stands, and who somebody over there is."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.actions.partner_pull import apply_waiting, withdraw_ratings, write_ratings
from annotation.actions.partner_raters import Raters, waiting_of
from annotation.actions.places import lock, settle_responses
from annotation.models import (
    Exchange,
    PartnerAnnotation,
    PartnerConflict,
    Rater,
    Rating,
    RatingTask,
    TaskResponse,
)
from annotation.queries import current
from curation.errors import Conflict, Invalid
from curation.log import Actor, person_of, record
from curation.rules import require

Kind, Decision, Status = PartnerConflict.Kind, PartnerConflict.Decision, PartnerAnnotation.Status

# What may be decided of each kind, the harmless first.
CHOICES: dict[str, tuple[PartnerConflict.Decision, ...]] = {
    Kind.EDITED: (Decision.KEEP, Decision.TAKE, Decision.IGNORE),
    Kind.BOTH: (Decision.KEEP, Decision.TAKE, Decision.IGNORE),
    Kind.DELETED: (Decision.KEEP, Decision.TAKE, Decision.IGNORE),
    Kind.OFF_SCALE: (Decision.KEEP, Decision.IGNORE),
    Kind.SURPLUS: (Decision.KEEP, Decision.TAKE, Decision.IGNORE),
    Kind.UNKNOWN_RATER: (Decision.LINK, Decision.EXTERNAL, Decision.IGNORE),
}


def decide(
    actor: Actor, task: RatingTask, conflict: int, *, decision: str, rater: int | None = None
) -> PartnerConflict:
    """Decide a conflict of the task, once; nothing is overwritten: ratings that give way are superseded.

    `keep`: this version is left out, a later one asks again. `take`: theirs stands in place of ours (of a deleted one:
    our rating stands no longer). `ignore`: nothing of the annotation, or of the unknown person, asks again. `link` needs
    the `rater`. Raises Conflict where it was decided otherwise or overtaken meanwhile, Invalid for what cannot be.
    """
    require(actor, "decide_conflict", task)
    with transaction.atomic():
        rows = PartnerConflict.objects.select_for_update(of=("self",)).filter(exchange__task=task)
        found = rows.select_related("exchange", "annotation__rating", "who").filter(pk=conflict).first()
        if found is None:
            raise Invalid(_("The task has no such conflict."), field="conflict")
        if found.decision == decision:
            return found
        if found.decision:
            raise Conflict(
                _("This was decided meanwhile, or a later change overtook it. Nothing was changed.")
            )
        if decision not in CHOICES[found.kind]:
            raise Invalid(_("This cannot be decided so."), field="decision")
        found.exchange.task = task
        found.decision, found.decided_by, found.decided_at = decision, person_of(actor), timezone.now()
        found.save(update_fields=["decision", "decided_by", "decided_at"])
        if found.kind == Kind.UNKNOWN_RATER:
            _decide_who(found, rater)
        else:
            _decide_what(found)
        record(actor, "decide_conflict", found, dataset=task.dataset, task=task.pk, decision=decision)
    return found


def _decide_what(conflict: PartnerConflict) -> None:
    task, row = conflict.exchange.task, conflict.annotation
    assert row is not None
    lock(TaskResponse.objects.filter(task=task, response=row.response_id))
    versions = PartnerAnnotation.objects.filter(project=row.project_id, annotation_id=row.annotation_id)
    if conflict.decision == Decision.IGNORE:
        versions.update(never_again=True)
    if conflict.decision != Decision.TAKE:
        versions.filter(status=Status.WAITING).update(status=Status.LEFT)
        return
    if conflict.kind == Kind.DELETED:
        withdraw_ratings(task, row)
    else:
        assert conflict.who is not None
        assert conflict.who.rater is not None
        write_ratings(task, row, conflict.who.rater)
    settle_responses(task, {row.response_id})


def _decide_who(conflict: PartnerConflict, rater: int | None) -> None:
    who, exchange = conflict.who, conflict.exchange
    assert who is not None
    if conflict.decision == Decision.IGNORE:
        who.ignored = True
        who.save(update_fields=["ignored"])
        waiting_of(exchange, who.user_id).update(status=Status.LEFT)
        return
    who.rater = (
        _external(exchange, who.user_id)
        if conflict.decision == Decision.EXTERNAL
        else _named(exchange, rater)
    )
    who.save(update_fields=["rater"])
    # The person may have annotated for other tasks of the dataset too: those ask no more either.
    for other in Exchange.objects.filter(url=exchange.url, task__dataset=exchange.task.dataset_id):
        apply_waiting(other, Raters(other, None), who.user_id)


def standing(task: RatingTask, conflicts: Iterable[PartnerConflict]) -> dict[int, Rating]:
    """Conflict -> what stands here of its rater for its response, on the main axis; one query for all."""
    asked = {
        one.pk: (one.annotation.response_id, one.who.rater_id)
        for one in conflicts
        if one.annotation is not None and one.who is not None and one.who.rater_id is not None
    }
    rows = Rating.objects.filter(
        task=task,
        axis=task.rubric.axis,
        role=Rating.Role.RATER,
        response__in={response for response, _rater in asked.values()},
        rater__in={rater for _response, rater in asked.values()},
    )
    found = {(row.response_id, row.rater_id): row for row in current(rows)}
    return {pk: found[key] for pk, key in asked.items() if key in found}


def _named(exchange: Exchange, rater: int | None) -> Rater:
    found = Rater.objects.filter(dataset=exchange.task.dataset_id, pk=rater or 0).first()
    if found is None:
        raise Invalid(_("Choose a rater of this dataset."), field="rater")
    return found


def _external(exchange: Exchange, user: int) -> Rater:
    """A rater who signs in there alone, under a pseudonym that says no more than the number."""
    names = set(Rater.objects.filter(dataset=exchange.task.dataset_id).values_list("pseudonym", flat=True))
    pseudonym, number = f"labelstudio-{user}", 1
    while pseudonym in names:
        number += 1
        pseudonym = f"labelstudio-{user}-{number}"
    return Rater.objects.create(dataset=exchange.task.dataset, pseudonym=pseudonym)
