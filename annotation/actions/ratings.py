"""Rating, skipping, correcting, undoing: what a rater does to the response that was leased to them."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.actions.leases import has_place, lease, lease_end, lock_place, rater_of
from annotation.models import Assignment, Rater, Rating, RatingTask, Rubric, TaskResponse
from annotation.queries import current, last_decided, taken
from curation.actions.texts import cleaned, keepable
from curation.errors import Conflict, Invalid, WrongState
from curation.log import record
from curation.models import Person
from curation.rules import require
from curation.workflow import advance

A = Assignment.State
LONGEST_TIME = 6 * 3600.0  # seconds; a page left open over night says nothing about the work


@dataclass(frozen=True, kw_only=True)
class Rated:
    """What was written, and what the person rates next (None at the end)."""

    rating: Rating
    following: Assignment | None


def checked_score(rubric: Rubric, score: object) -> str:
    """The point of the scale, as it is stored. Raises Invalid, naming the scale; nothing is rounded."""
    text = str(score).strip()
    if text not in rubric.points:
        raise Invalid(
            _("“%(score)s” is not on the scale: %(scale)s.")
            % {"score": text[:40], "scale": ", ".join(rubric.points)},
            field="score",
        )
    return text


def asks_reason(rubric: Rubric, score: str) -> bool:
    """Whether the score is one for which the rater says why."""
    cut = rubric.reason_at_most
    return cut is not None and rubric.kind == Rubric.Kind.ORDINAL and float(score) <= cut


def rate(
    person: Person,
    task: RatingTask,
    *,
    token: str,
    score: object = None,
    cannot_decide: bool = False,
    comment: str = "",
    seconds: float | None = None,
    client_id: str | None = None,
    and_next: bool = True,
) -> Rated:
    """Rate the response that the token's lease names; a second rating of the same response corrects the first.

    The same client id twice answers with the same rating. Raises Invalid for a score outside the scale or a missing
    reason, WrongState where the lease ran out and others have taken the places meanwhile. Nothing is written then.
    """
    keepable({"client_id": client_id})
    with transaction.atomic():
        rater = rater_of(person, task)
        Rater.objects.select_for_update().get(pk=rater.pk)
        known = Rating.objects.filter(rater=rater, client_id=client_id).first() if client_id else None
        rating = known or _rate(
            person,
            task,
            rater,
            assignment=find_assignment(task, rater, token),
            score="" if cannot_decide else checked_score(task.rubric, score),
            comment=cleaned(comment, field="comment"),
            seconds=_sane(seconds),
            client_id=client_id or None,
        )
    return Rated(rating=rating, following=lease(person, task) if and_next else None)


def _rate(
    person: Person,
    task: RatingTask,
    rater: Rater,
    *,
    assignment: Assignment,
    score: str,
    comment: str,
    seconds: float | None,
    client_id: str | None,
) -> Rating:
    if score and not comment and asks_reason(task.rubric, score):
        raise Invalid(_("Write a short reason for this score."), field="comment")
    if assignment.state == A.RATED:
        require(person, "correct", task)
        old = current(Rating.objects.filter(task=task, response=assignment.response_id, rater=rater))
        corrected = old.update(superseded=True)
    else:
        require(person, "rate", task)
        end_lease(assignment, "rate", person=person, rater=rater)
        corrected = 0
    rating = Rating.objects.create(
        task=task,
        response_id=assignment.response_id,
        rater=rater,
        axis=task.rubric.axis,
        score=score,
        cannot_decide=not score,
        comment=comment,
        seconds=seconds,
        client_id=client_id,
    )
    record(person, "correct" if corrected else "rate", rating, dataset=task.dataset, task=task.pk)
    return rating


def _sane(seconds: float | None) -> float | None:
    return seconds if seconds is not None and 0 <= seconds <= LONGEST_TIME else None


def find_assignment(task: RatingTask, rater: Rater, token: str) -> Assignment:
    keepable({"token": token})
    found = Assignment.objects.filter(task=task, rater=rater, token=token).first()
    if found is None:
        raise Invalid(_("This response was not given to you. Open the page again."), field="token")
    if found.state == A.EXPIRED:
        # The same response may have come back to the same person, in another tab.
        again = Assignment.objects.filter(task=task, rater=rater, response=found.response_id)
        found = again.exclude(state=A.EXPIRED).first() or found
    return found


def end_lease(assignment: Assignment, verb: str, *, person: Person, rater: Rater) -> None:
    """Move a lease by `rate` or `skip`. One that ran out still counts where a place is left for it."""
    row = lock_place(
        assignment.task,
        TaskResponse.objects.values_list("pk", flat=True).get(
            task=assignment.task_id, response=assignment.response_id
        ),
    )
    late = assignment.state == A.EXPIRED or assignment.expires_at <= timezone.now()
    if late and verb == "rate" and not has_place(row, rater):
        raise WrongState(
            _("Your time for this response ran out, and others have rated it meanwhile. Nothing is missing.")
        )
    advance(assignment, verb, actor=person, log=False, changes={"ended_at": timezone.now()})


def skip(person: Person, task: RatingTask, *, token: str, reason: str = "") -> Assignment | None:
    """Leave a response to others, with or without a reason. Answers with the next one; twice does no harm."""
    with transaction.atomic():
        require(person, "skip", task)
        rater = rater_of(person, task)
        Rater.objects.select_for_update().get(pk=rater.pk)
        assignment = find_assignment(task, rater, token)
        if assignment.state == A.LEASED:
            assignment.reason = cleaned(reason, field="reason")
            end_lease(assignment, "skip", person=person, rater=rater)
            Assignment.objects.filter(pk=assignment.pk).update(reason=assignment.reason)
            record(person, "skip", assignment, dataset=task.dataset, task=task.pk)
    return lease(person, task)


@transaction.atomic
def undo(person: Person, task: RatingTask, *, token: str = "") -> Assignment:
    """Take back the last rating or skip (or the one the token names) and hold its response again.

    The response held now goes back first. The rating stays on record as superseded.
    """
    require(person, "correct", task)
    rater = rater_of(person, task)
    Rater.objects.select_for_update().get(pk=rater.pk)
    last = find_assignment(task, rater, token) if token else last_decided(task, rater)
    if last is None:
        raise WrongState(_("There is nothing to take back."))
    if last.state == A.LEASED:
        return last
    row = TaskResponse.objects.select_for_update().get(task=task, response=last.response_id)
    if last.state == A.SKIPPED and _others_filled(row, rater):
        raise Conflict(_("Others have rated that response meanwhile. It cannot come back."))
    for held in Assignment.objects.filter(task=task, rater=rater, state=A.LEASED):
        advance(held, "expire", actor=person, log=False)
    current(Rating.objects.filter(task=task, response=last.response_id, rater=rater)).update(superseded=True)
    advance(last, "undo", actor=person, log=False, changes={"expires_at": lease_end(), "ended_at": None})
    record(person, "undo", last, dataset=task.dataset, task=task.pk)
    return last


def _others_filled(row: TaskResponse, rater: Rater) -> bool:
    return taken(TaskResponse.objects.filter(pk=row.pk), but=rater.pk).get().taken >= row.task.overlap
