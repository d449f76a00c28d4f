"""Rating, skipping, correcting, undoing: what a rater does to the response that was leased to them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.actions.leases import entered, following, lease_end, search, turn_of
from annotation.actions.places import free_places, hold, lock, settle
from annotation.axes import Axis
from annotation.models import Assignment, Rating, RatingTask, Rubric, TaskRater, TaskResponse
from annotation.queries import current, last_decided, last_lease, readiness
from curation.actions.texts import cleaned, keepable
from curation.errors import Conflict, Invalid, WrongState
from curation.log import OPERATOR, record
from curation.models import Person
from curation.prepared import insert
from curation.rules import require
from curation.workflow import advance

A = Assignment.State
LONGEST_TIME = 6 * 3600.0  # seconds; a page left open over night says nothing about the work
TRIES = 5  # times that two requests of one person may cross


@dataclass(frozen=True, kw_only=True)
class Rated:
    """What was written (the main axis's row), and what the person rates next (None at the end)."""

    rating: Rating
    following: Assignment | None


@dataclass(frozen=True, kw_only=True)
class Given:
    """A checked answer: the point of every axis (blank: cannot decide), and what came with it."""

    scores: dict[str, str]
    comment: str = ""
    seconds: float | None = None
    client_id: str | None = None


def checked_score(rubric: Rubric, score: object) -> str:
    """The point of the main axis, as it is stored. Raises Invalid, naming the scale; nothing is rounded."""
    return _point(rubric.axes[0], score, field="score")


def _point(axis: Axis, score: object, *, field: str) -> str:
    text = str("" if score is None else score).strip()
    if text not in axis.points:
        message = _("“%(score)s” is not on the scale: %(scale)s.")
        raise Invalid(message % {"score": text[:40], "scale": ", ".join(axis.points)}, field=field)
    return text


def checked_scores(rubric: Rubric, score: object, scores: Mapping[str, object]) -> dict[str, str]:
    """The points of all axes, the main one first: `score` is the main axis's, `scores` has the further ones.

    Raises Invalid, naming the axis, for one that is missing, unknown or off its scale.
    """
    main, *further = rubric.axes
    found = {main.name: _point(main, score, field="score")}
    unknown = sorted(set(scores) - {axis.name for axis in further})
    if unknown:
        raise Invalid(_("The rubric has no axis “%(axis)s”.") % {"axis": unknown[0][:40]}, field="scores")
    for axis in further:
        found[axis.name] = _point(axis, scores.get(axis.name), field=axis.name)
    return found


def asks_reason(rubric: Rubric, score: str) -> bool:
    """Whether the score on the main axis is one for which the rater says why."""
    return rubric.axes[0].asks_reason(score)


def rate(
    person: Person,
    task: RatingTask,
    *,
    token: str,
    score: object = None,
    scores: Mapping[str, object] | None = None,
    cannot_decide: bool = False,
    comment: str = "",
    seconds: float | None = None,
    client_id: str | None = None,
    and_next: bool = True,
    place: TaskRater | None = None,
) -> Rated:
    """Rate the response that the token's lease names; a second rating of the same response corrects the first.

    `score` is the main axis's point, `scores` has those of the further axes. The rating and the next lease are written
    together. The same client id twice answers with the same rating. Raises Invalid for a score outside the scale or a
    missing reason, WrongState where the lease ran out and others have taken the places meanwhile. Nothing is written
    then. Who has read the person's place in this request hands it in.
    """
    keepable({"client_id": client_id, "token": token})
    place = place or entered(person, task)
    given = Given(
        scores=dict.fromkeys((axis.name for axis in place.task.rubric.axes), "")
        if cannot_decide
        else checked_scores(place.task.rubric, score, scores or {}),
        comment=cleaned(comment, field="comment"),
        seconds=_sane(seconds),
        client_id=client_id or None,
    )
    for left in reversed(range(TRIES)):
        try:
            return _rate(person, place, token, given, and_next=and_next)
        except (
            Conflict,
            IntegrityError,
        ):  # another tab, the same request twice, or the task was closed: look again
            if not left:
                raise
            place = entered(person, task)
    raise AssertionError


def _sane(seconds: float | None) -> float | None:
    return seconds if seconds is not None and 0 <= seconds <= LONGEST_TIME else None


def _rate(person: Person, place: TaskRater, token: str, given: Given, *, and_next: bool) -> Rated:
    last = last_lease(place)
    assignment = last if last is not None and last.token == token else _find(place, token)
    if assignment is None or assignment.state != A.LEASED:
        rating = _known(place, given) or _rate_late(person, place, _given_to(assignment), given)
        return Rated(rating=rating, following=after(person, place) if and_next else None)
    require(person, "rate", place)
    _check_reason(place.task.rubric, given)
    turn = turn_of(person, place, last) if and_next and not readiness(place.task, place) else None
    if turn is not None:
        turn.look()
    with transaction.atomic():
        hold(place)
        advance(assignment, "rate", actor=person, log=False, changes={"ended_at": timezone.now()})
        rating = _write(person, place, assignment, given)
        found = following(turn) if turn is not None else None
    if and_next and found is None:
        found = after(person, place)
    return Rated(rating=rating, following=found)


def after(person: Person, place: TaskRater) -> Assignment | None:
    """What comes next for a rater whose answer is written; None too where something stands before more work."""
    return None if readiness(place.task, place) else search(person, place)


def _known(place: TaskRater, given: Given) -> Rating | None:
    """The rating that the same request wrote when it came first."""
    if given.client_id is None:
        return None
    return Rating.objects.filter(rater=place.rater_id, client_id=given.client_id).first()


@transaction.atomic
def _rate_late(person: Person, place: TaskRater, assignment: Assignment, given: Given) -> Rating:
    """Correct a rating, or take the answer to a lease that ran out, if a place is left for it."""
    hold(place)
    assignment.refresh_from_db(fields=["state"])
    if assignment.state == A.LEASED:
        raise Conflict(_("This has moved on meanwhile. Please try again."))
    _check_reason(place.task.rubric, given)
    if assignment.state == A.RATED:
        require(person, "correct", place.task)
        _standing(place, assignment).update(superseded=True)
        return _write(person, place, assignment, given, verb="correct")
    require(person, "rate", place)
    row = _row(place, assignment)
    if row is not None and free_places(place.task, row, arm=assignment.with_reference) < 1:
        raise WrongState(
            _("Your time for this response ran out, and others have rated it meanwhile. Nothing is missing.")
        )
    advance(assignment, "rate", actor=person, log=False, changes={"ended_at": timezone.now()})
    rating = _write(person, place, assignment, given)
    _settle(row)
    return rating


def _write(
    person: Person, place: TaskRater, assignment: Assignment, given: Given, *, verb: str = "rate"
) -> Rating:
    """One row for each axis; the client's id sits on the main axis's."""
    role = Rating.Role.RATER if assignment.gold_id is None else Rating.Role.GOLD
    rows = [
        Rating(
            task=place.task,
            response_id=assignment.response_id,
            rater=place.rater,
            axis=axis,
            role=role,
            with_reference=assignment.with_reference,
            score=score,
            cannot_decide=not score,
            comment=given.comment if not at else "",
            seconds=given.seconds if not at else None,
            client_id=given.client_id if not at else None,
        )
        for at, (axis, score) in enumerate(given.scores.items())
    ]
    for row in rows:
        insert(row)
    record(person, verb, rows[0], dataset=place.task.dataset, task=place.task_id)
    return rows[0]


def _check_reason(rubric: Rubric, given: Given) -> None:
    asked = any(
        score and axis.asks_reason(score)
        for axis, score in zip(rubric.axes, given.scores.values(), strict=True)
    )
    if asked and not given.comment:
        raise Invalid(_("Write a short reason for this score."), field="comment")


def _standing(place: TaskRater, assignment: Assignment) -> QuerySet[Rating]:
    """The rater's ratings of a response that count now, on all axes."""
    mine = Rating.objects.filter(
        task=place.task_id,
        response=assignment.response_id,
        rater=place.rater_id,
        role__in=[Rating.Role.RATER, Rating.Role.GOLD],
    )
    return current(mine)


def _row(place: TaskRater, assignment: Assignment) -> TaskResponse | None:
    """The response's row in the population, locked; None for a silent check, which has none."""
    if assignment.gold_id is not None:
        return None
    return lock(TaskResponse.objects.filter(task=place.task_id, response=assignment.response_id))


def _settle(*rows: TaskResponse | None) -> None:
    found = [row.pk for row in rows if row is not None]
    if found:
        settle(TaskResponse.objects.filter(pk__in=found))


def _find(place: TaskRater, token: str) -> Assignment | None:
    """The lease that the token names, or the newer one of the same response, if it came back to the same person."""
    mine = Assignment.objects.filter(task=place.task_id, rater=place.rater_id)
    found = mine.filter(token=token).first()
    if found is not None and found.state == A.EXPIRED:
        return mine.filter(response=found.response_id).exclude(state=A.EXPIRED).first() or found
    return found


def _given_to(assignment: Assignment | None) -> Assignment:
    if assignment is None:
        raise Invalid(_("This response was not given to you. Open the page again."), field="token")
    return assignment


def skip(
    person: Person, task: RatingTask, *, token: str, reason: str = "", reason_code: str = ""
) -> Assignment | None:
    """Leave a response to others: why is one of `Assignment.SkipReason` (none is asked for) and words.

    Answers with the next one; twice does no harm.
    """
    keepable({"token": token})
    place = entered(person, task)
    require(person, "skip", place)
    if reason_code and reason_code not in Assignment.SkipReason.values:
        message = _("“%(code)s” is none of the reasons: %(codes)s.")
        values = {"code": reason_code[:40], "codes": ", ".join(Assignment.SkipReason.values)}
        raise Invalid(message % values, field="reason_code")
    words = cleaned(reason, field="reason")
    assignment = _given_to(_find(place, token))
    with suppress(Conflict), transaction.atomic():
        hold(place)
        if assignment.state == A.LEASED:
            row = _row(place, assignment)
            changes = {"ended_at": timezone.now(), "reason": words, "reason_code": reason_code}
            advance(assignment, "skip", actor=person, log=False, changes=changes)
            _settle(row)
            record(person, "skip", assignment, dataset=place.task.dataset, task=place.task_id)
    return after(person, place)


@transaction.atomic
def undo(person: Person, task: RatingTask, *, token: str = "") -> Assignment:
    """Take back the last rating or skip (or the one the token names) and hold its response again.

    The response held now goes back first; it comes again afterwards, with what was typed. The rating stays on record as
    superseded.
    """
    keepable({"token": token})
    require(person, "correct", task)
    place = entered(person, task)
    hold(place)
    last = _given_to(_find(place, token)) if token else last_decided(place)
    if last is None or last.state == A.EXPIRED:
        raise WrongState(_("There is nothing to take back."))
    if last.state == A.LEASED:
        return last
    held = Assignment.objects.filter(task=task, rater=place.rater_id, state=A.LEASED).first()
    concerned = [one.response_id for one in (last, held) if one is not None and one.gold_id is None]
    rows = TaskResponse.objects.filter(task=task, response__in=concerned)
    locked = {row.response_id: row for row in rows.select_for_update().order_by("pk")}
    row = locked.get(last.response_id) if last.gold_id is None else None
    if last.state == A.SKIPPED and row and free_places(place.task, row, arm=last.with_reference) < 1:
        raise Conflict(_("Others have rated that response meanwhile. It cannot come back."))
    if held is not None:
        advance(held, "expire", actor=OPERATOR, log=False)
    _standing(place, last).update(superseded=True)
    changes = {"expires_at": lease_end(), "ended_at": None, "reason": "", "reason_code": ""}
    advance(last, "undo", actor=person, log=False, changes=changes)
    _settle(*locked.values())
    record(person, "undo", last, dataset=place.task.dataset, task=place.task_id)
    return last
