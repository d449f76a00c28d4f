"""Final values: what a lead or researcher decides where raters disagree. The raw ratings stay as they are beside them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from zlib import crc32

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from annotation.actions.tasks import rater_for
from annotation.axes import Axis
from annotation.models import Rating, RatingTask, Rubric, TaskResponse
from annotation.queries import current
from annotation.results import open_to, to_adjudicate
from curation.actions.texts import cleaned, keepable
from curation.errors import Conflict, Invalid
from curation.log import record
from curation.models import Person
from curation.rules import require

Role = Rating.Role


def standing(row: TaskResponse) -> QuerySet[Rating]:
    """The standing ratings and final values of a response of the task."""
    rows = Rating.objects.filter(
        task=row.task_id, response=row.response_id, role__in=[Role.RATER, Role.FINAL]
    )
    return current(rows).select_related("rater").order_by("role", "rater", "pk")


def seen_of(row: TaskResponse) -> str:
    """Names what an adjudicator looks at: another text means that a rating or a final value changed since."""
    ids = sorted(standing(row).values_list("pk", flat=True))
    return hashlib.sha256(json.dumps(ids).encode()).hexdigest()[:32]


def queue_of(person: Person, task: RatingTask) -> QuerySet[TaskResponse]:
    """What waits for a final value and may get it from this person."""
    return open_to(person, to_adjudicate(task))


def next_for(person: Person, task: RatingTask, *, after: int | None = None) -> TaskResponse | None:
    """The next row of the queue for the person: after the position they were at, else from a place of their own, so that
    two who begin together do not read the same responses; at the end of the queue it goes on at its beginning.
    """
    queue = queue_of(person, task)
    if after is None:
        after = crc32(f"{task.seed} {person.pk}".encode()) % max(1, task.population.count()) - 1
    return queue.filter(position__gt=after).first() or queue.first()


def adjudicate(
    person: Person,
    row: TaskResponse,
    *,
    scores: Mapping[str, object],
    reason: str,
    seen: str,
    cannot_decide: bool = False,
    with_reference: bool = False,
    client_id: str | None = None,
) -> list[Rating]:
    """Give a response its final value on the axes that `scores` names; one that stands there is superseded.

    `seen` is what `seen_of` said when the page was made: where a rating or a final value changed since, nothing is written
    and Conflict says what happened. With `cannot_decide` the named axes get a final value without a point. The same client
    id twice answers with the same rows. Raises Invalid for a missing reason or a point outside the scale.
    """
    keepable({"client_id": client_id})
    require(person, "adjudicate", row)
    words = cleaned(reason, field="reason")
    points = checked_points(row.task.rubric, scores, cannot_decide=cannot_decide)
    if not words:
        raise Invalid(_("Write why this is the final value."), field="reason")
    try:
        with transaction.atomic():
            return _settle(person, row, points, words, seen, with_reference, client_id)
    except IntegrityError:  # somebody else's final value came in between, where the database locks no rows
        raise _overtaken(row, person) from None


def checked_points(rubric: Rubric, scores: Mapping[str, object], *, cannot_decide: bool) -> dict[str, str]:
    """The named axes with their points as they are stored, in the order of the rubric. Raises Invalid, naming the axis."""
    axes: dict[str, Axis] = {axis.name: axis for axis in rubric.axes}
    found: dict[str, str] = {}
    for name, axis in axes.items():
        point = str(scores.get(name) or "").strip()
        if name in scores and cannot_decide:
            found[name] = ""
        elif point and point not in axis.points:
            message = _("“%(score)s” is not on the scale: %(scale)s.")
            raise Invalid(message % {"score": point[:40], "scale": ", ".join(axis.points)}, field=name)
        elif point:
            found[name] = point
    if set(scores) - set(axes):
        unknown = min(set(scores) - set(axes))
        raise Invalid(_("The rubric has no axis “%(axis)s”.") % {"axis": unknown[:40]}, field="scores")
    if not found:
        raise Invalid(_("Choose the final value."), field="score")
    return found


def _settle(
    person: Person,
    row: TaskResponse,
    points: dict[str, str],
    words: str,
    seen: str,
    with_reference: bool,
    client_id: str | None,
) -> list[Rating]:
    TaskResponse.objects.select_for_update().get(pk=row.pk)
    rater = rater_for(row.task.dataset, person)
    here = current(Rating.objects.filter(task=row.task_id, response=row.response_id, role=Role.FINAL))
    known = Rating.objects.filter(rater=rater, client_id=client_id).first() if client_id else None
    if known is not None:
        return list(here.filter(rater=rater, axis__in=points))
    if seen_of(row) != seen:
        raise _overtaken(row, person)
    corrected = here.filter(axis__in=points).update(superseded=True) > 0
    made = []
    for at, (axis, point) in enumerate(points.items()):
        final = Rating(
            task=row.task,
            response_id=row.response_id,
            rater=rater,
            axis=axis,
            role=Role.FINAL,
            with_reference=with_reference,
            score=point,
            cannot_decide=not point,
            comment=words,
            client_id=client_id if at == 0 else None,
        )
        final.save(force_insert=True)
        made.append(final)
    verb = "correct_final" if corrected else "adjudicate"
    record(person, verb, made[0], dataset=row.task.dataset, task=row.task_id, response=row.response_id)
    return made


def _overtaken(row: TaskResponse, person: Person) -> Conflict:
    """What happened meanwhile, in a sentence."""
    other = standing(row).filter(role=Role.FINAL).exclude(rater__person=person).order_by("-pk").first()
    if other is not None:
        message = _(
            "%(rater)s has given this response a final value meanwhile. Look at it, and save again to replace it."
        )
        return Conflict(message % {"rater": other.rater.pseudonym})
    return Conflict(_("A rating of this response has changed meanwhile. Look at it, and save again."))
