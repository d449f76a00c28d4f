"""Annotations of Label Studio become ratings: once for each version, and a person decides where no rule does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from annotation.actions.leases import give_back
from annotation.actions.partner_push import REF, Beat, Place, reference_shown
from annotation.actions.partner_raters import Raters, waiting_of
from annotation.actions.places import free_places, lock, settle_responses
from annotation.actions.tasks import enlist
from annotation.label_studio import Partner
from annotation.label_studio_page import Annotated, annotated
from annotation.models import (
    Assignment,
    Exchange,
    PartnerAnnotation,
    PartnerConflict,
    PartnerProject,
    Rater,
    Rating,
    RatingTask,
    TaskResponse,
)
from annotation.queries import current
from curation.actions.texts import cleaned
from curation.errors import Invalid

Status, Kind = PartnerAnnotation.Status, PartnerConflict.Kind
MARGIN = timedelta(seconds=30)  # a change over there may be committed later than the time it bears
TAKE, SAME, LEAVE = "take", "same", "leave"
COUNTED = {TAKE: "taken", SAME: "known", LEAVE: "left"}


@dataclass
class Pulled:
    """What a pull did, or with `dry_run` would do: numbers of annotations."""

    dry_run: bool = False
    counts: Counter[str] = field(default_factory=Counter)  # taken, known, skipped, left, foreign
    conflicts: Counter[str] = field(default_factory=Counter)  # by kind, new ones


@dataclass
class Reader:
    """What reading a project needs to know, asked once. `touched`: responses whose places are to be counted anew."""

    project: PartnerProject
    raters: Raters
    done: Pulled
    places: dict[str, Place]
    touched: set[int] = field(default_factory=set)

    @property
    def exchange(self) -> Exchange:
        return self.project.exchange

    @property
    def task(self) -> RatingTask:
        return self.project.exchange.task

    @property
    def dry_run(self) -> bool:
        return self.done.dry_run


def pull(reader: Reader, partner: Partner, beat: Beat, *, everything: bool) -> None:
    """Read what changed since the last time, or with `everything` all there is, which finds every deletion too."""
    project = reader.project
    assert project.project_id is not None
    since = "" if everything or not project.watermark else _before(project.watermark)
    newest, listed, total = project.watermark, set[int](), 0
    for total, rows in partner.tasks(project.project_id, since=since):
        beat(len(listed), total)
        take_page(reader, rows)
        listed |= {row["id"] for row in rows}
        newest = max([newest, *(str(row.get("updated_at") or "")[:40] for row in rows)])
    # Only a whole list says what is missing from it: tasks may go while the pages are read.
    if not since and len(listed) == total:
        rows_here = PartnerAnnotation.objects.filter(
            project=project, gone=False, status__in=[Status.TAKEN, Status.WAITING]
        )
        # Compared here: a database takes only so many numbers in one question.
        pairs = rows_here.values_list("annotation_id", "their_task").iterator()
        _note_gone(reader, {pk for pk, their_task in pairs if their_task not in listed})
    if not reader.dry_run:
        PartnerProject.objects.filter(pk=project.pk).update(watermark=newest)


def _before(watermark: str) -> str:
    try:
        return (datetime.fromisoformat(watermark) - MARGIN).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    except ValueError:
        return ""


def take_page(reader: Reader, rows: list[dict[str, Any]]) -> None:
    """Each of their tasks that holds something new in a transaction of its own: nobody here waits long for it."""
    found: dict[int, tuple[Place, list[Annotated]]] = {}
    for row in rows:
        given = row.get("annotations") or []
        place = reader.places.get(str(row.get("data", {}).get(REF)))
        if place is None:
            reader.done.counts["foreign"] += len(given)
            continue
        read = [annotated(one, reader.task.rubric.axes) for one in given]
        found[row["id"]] = place, [one for one in read if one is not None]
    # The partner is asked for mails, if at all, before anything is locked.
    for user in reader.raters.learn({one.user_id for _place, ones in found.values() for one in ones}):
        if not reader.dry_run:
            apply_waiting(reader.exchange, reader.raters, user)
    read_before = _seen(reader.project, list(found))
    for their_task, (place, ones) in found.items():
        now = {(one.annotation_id, one.updated_at) for one in ones if not one.skipped}
        known = read_before.get(their_task, set())
        if {pk for pk, _at in known} == {pk for pk, _at in now} and now <= known:
            reader.done.counts["known"] += len(now)
            reader.done.counts["skipped"] += len(ones) - len(now)
            continue
        with transaction.atomic():
            _take_task(reader, their_task, place, ones)
            settle_responses(reader.task, reader.touched)
        reader.touched.clear()


def _seen(project: PartnerProject, tasks: list[int]) -> dict[int, set[tuple[int, str]]]:
    """Their task -> (annotation, version) that were read and are not known to be gone."""
    rows = PartnerAnnotation.objects.filter(project=project, their_task__in=tasks, gone=False)
    found: dict[int, set[tuple[int, str]]] = {}
    for task, pk, at in rows.values_list("their_task", "annotation_id", "updated_at"):
        found.setdefault(task, set()).add((pk, at))
    return found


def _take_task(reader: Reader, their_task: int, place: Place, ones: Iterable[Annotated]) -> None:
    rows = PartnerAnnotation.objects.filter(project=reader.project, their_task=their_task)
    known: dict[int, list[PartnerAnnotation]] = {}
    for row in rows.select_related("rating").order_by("pk"):
        known.setdefault(row.annotation_id, []).append(row)
    there = set()
    for one in ones:
        if one.skipped:
            reader.done.counts["skipped"] += 1
            continue
        there.add(one.annotation_id)
        _take(reader, their_task, place, one, known.get(one.annotation_id, []))
    lost = {pk for pk, versions in known.items() if pk not in there and not versions[-1].gone}
    _note_gone(reader, lost)


def _take(
    reader: Reader, their_task: int, place: Place, one: Annotated, versions: list[PartnerAnnotation]
) -> None:
    """A version that is new becomes a row, and that a rating or a conflict."""
    if any(row.updated_at == one.updated_at for row in versions):
        reader.done.counts["known"] += 1
        return
    row = PartnerAnnotation(
        project=reader.project,
        annotation_id=one.annotation_id,
        updated_at=one.updated_at,
        their_task=their_task,
        user_id=one.user_id,
        response_id=place.response,
        with_reference=reference_shown(reader.task, reader.project.number, place.side),
        scores=one.scores,
        comment=_comment(one.comment),
        seconds=one.seconds,
        wrong=one.wrong,
        status=Status.WAITING,
        never_again=any(version.never_again for version in versions),
    )
    ours = next((version for version in reversed(versions) if version.status == Status.TAKEN), None)
    outcome = _outcome(reader, row, ours)
    if outcome in COUNTED:
        reader.done.counts[COUNTED[outcome]] += 1
    elif outcome != Kind.UNKNOWN_RATER or reader.raters.first(one.user_id):
        reader.done.conflicts[outcome] += 1
    if not reader.dry_run:
        _overtake(versions)
        carry_out(reader.exchange, row, reader.raters, outcome, ours)
        reader.touched.add(row.response_id)


def _comment(text: str) -> str:
    try:
        return cleaned(text, field="comment")
    except Invalid:  # what no column holds; the scores count all the same
        return cleaned(
            "".join(char for char in text if char.isprintable() or char == "\n")[:20_000], field="comment"
        )


def _outcome(reader: Reader, row: PartnerAnnotation, ours: PartnerAnnotation | None) -> str:
    who = reader.raters.find(row.user_id)
    if row.never_again or (who is not None and who.ignored):
        return LEAVE
    if who is None or who.rater_id is None:
        return str(Kind.UNKNOWN_RATER)
    return outcome_of(reader.task, row, who.rater_id, ours)


def outcome_of(task: RatingTask, row: PartnerAnnotation, rater: int, ours: PartnerAnnotation | None) -> str:
    """What becomes of a version by a known rater: "take", "same" (as what was taken), or the kind of conflict.

    `ours` is the version that was taken before, with its rating.
    """
    if row.wrong:
        return str(Kind.OFF_SCALE)
    if ours is not None and ours.rating is not None:
        if ours.rating.superseded:
            return str(Kind.BOTH)
        same = (ours.scores, ours.comment) == (row.scores, row.comment) and not ours.gone
        return SAME if same else str(Kind.EDITED)
    if _ratings_here(task, row.response_id, rater).exists():
        return str(Kind.BOTH)
    return TAKE if _has_place(task, row, rater) else str(Kind.SURPLUS)


def _ratings_here(task: RatingTask, response: int, rater: int) -> QuerySet[Rating]:
    return current(Rating.objects.filter(task=task, response=response, rater=rater, role=Rating.Role.RATER))


def _has_place(task: RatingTask, row: PartnerAnnotation, rater: int) -> bool:
    """Whether the response has a place left, counted under its lock. The rater's own lease stands in nobody's way."""
    if task.external:
        return True
    inside = lock(TaskResponse.objects.filter(task=task, response=row.response_id))
    if inside is None:
        return False
    free = free_places(task, inside, arm=row.with_reference)
    return free > 0 or free + _leases(task, row, rater).filter(with_reference=row.with_reference).count() > 0


def _leases(task: RatingTask, row: PartnerAnnotation, rater: int) -> QuerySet[Assignment]:
    out = Assignment.objects.filter(task=task, response=row.response_id, rater=rater, gold=None)
    return out.filter(state=Assignment.State.LEASED)


def carry_out(
    exchange: Exchange, row: PartnerAnnotation, raters: Raters, outcome: str, ours: PartnerAnnotation | None
) -> None:
    """Write a version with what becomes of it."""
    row.status = Status.LEFT if outcome == LEAVE else Status.WAITING
    if outcome == SAME and ours is not None:
        row.status, row.rating = Status.TAKEN, ours.rating
        PartnerAnnotation.objects.filter(pk=ours.pk).update(status=Status.REPLACED)
    row.save()
    who = raters.find(row.user_id)
    if outcome == TAKE and who is not None and who.rater is not None:
        write_ratings(exchange.task, row, who.rater)
    elif outcome == Kind.UNKNOWN_RATER:
        PartnerConflict.objects.get_or_create(exchange=exchange, who=who, kind=outcome, decision="")
    elif outcome in Kind.values:
        PartnerConflict.objects.create(exchange=exchange, kind=outcome, annotation=row, who=who)


def apply_waiting(exchange: Exchange, raters: Raters, user: int) -> None:
    """It is known by now who somebody is: what waited for that becomes ratings, or the next conflict."""
    who = raters.find(user)
    assert who is not None
    assert who.rater_id is not None
    unknown = PartnerConflict.objects.filter(exchange=exchange, who=who, kind=Kind.UNKNOWN_RATER, decision="")
    unknown.update(decision=PartnerConflict.Decision.OVERTAKEN)
    for row in waiting_of(exchange, user).exclude(conflicts__decision=""):
        with transaction.atomic():
            earlier = PartnerAnnotation.objects.filter(
                project=row.project_id, annotation_id=row.annotation_id
            )
            ours = earlier.filter(status=Status.TAKEN).select_related("rating").last()
            carry_out(exchange, row, raters, outcome_of(exchange.task, row, who.rater_id, ours), ours)
            settle_responses(exchange.task, {row.response_id})


def write_ratings(task: RatingTask, row: PartnerAnnotation, rater: Rater) -> None:
    """A rating for each axis, in place of what the rater's standing ones say. The row becomes the one that is taken.

    Whoever calls counts the places anew.
    """
    enlist(task, [rater])
    for held in _leases(task, row, rater.pk):
        give_back(held)
    _ratings_here(task, row.response_id, rater.pk).update(superseded=True)
    axes = task.rubric.axes if row.scores else task.rubric.axes[:1]
    made = [
        Rating.objects.create(
            task=task,
            response_id=row.response_id,
            rater=rater,
            axis=axis.name,
            with_reference=row.with_reference,
            score=row.scores.get(axis.name, ""),
            cannot_decide=not row.scores,
            comment=row.comment if number == 0 else "",
            seconds=row.seconds if number == 0 else None,
        )
        for number, axis in enumerate(axes)
    ]
    others = PartnerAnnotation.objects.filter(project=row.project_id, annotation_id=row.annotation_id)
    others.filter(status=Status.TAKEN).exclude(pk=row.pk).update(status=Status.REPLACED)
    row.status, row.rating = Status.TAKEN, made[0]
    row.save(update_fields=["status", "rating"])


def withdraw_ratings(task: RatingTask, row: PartnerAnnotation) -> None:
    """The ratings made of the version stand no longer; they are kept. Whoever calls counts the places anew."""
    if row.rating is not None and not row.rating.superseded:
        _ratings_here(task, row.response_id, row.rating.rater_id).update(superseded=True)
    PartnerAnnotation.objects.filter(pk=row.pk).update(status=Status.LEFT)


def _overtake(versions: list[PartnerAnnotation]) -> None:
    """What was to be decided on older versions falls away."""
    ids = [version.pk for version in versions]
    PartnerConflict.objects.filter(annotation__in=ids, decision="").update(
        decision=PartnerConflict.Decision.OVERTAKEN
    )
    PartnerAnnotation.objects.filter(pk__in=ids, status=Status.WAITING).update(status=Status.REPLACED)
    PartnerAnnotation.objects.filter(pk__in=ids, gone=True).update(gone=False)


def _note_gone(reader: Reader, annotation_ids: set[int]) -> None:
    """Of annotations that are there no more: a conflict for each whose rating stands here."""
    for pk in sorted(annotation_ids):
        versions = PartnerAnnotation.objects.filter(project=reader.project, annotation_id=pk)
        taken = versions.filter(status=Status.TAKEN).select_related("rating").last()
        stands = taken is not None and taken.rating is not None and not taken.rating.superseded
        asks = stands and not versions.filter(never_again=True).exists()
        if asks:
            reader.done.conflicts[Kind.DELETED] += 1
        if not reader.dry_run:
            with transaction.atomic():
                _forget(reader, versions, taken if asks else None)


def _forget(reader: Reader, versions: QuerySet[PartnerAnnotation], taken: PartnerAnnotation | None) -> None:
    open_here = PartnerConflict.objects.filter(annotation__in=versions, decision="")
    open_here.update(decision=PartnerConflict.Decision.OVERTAKEN)
    versions.filter(status=Status.WAITING).update(status=Status.REPLACED)
    versions.update(gone=True)
    _clear_unknown(reader, versions)
    if taken is not None:
        who = reader.raters.find(taken.user_id)
        PartnerConflict.objects.create(exchange=reader.exchange, kind=Kind.DELETED, annotation=taken, who=who)


def _clear_unknown(reader: Reader, versions: QuerySet[PartnerAnnotation]) -> None:
    """Nobody need say any more who somebody is of whom nothing waits."""
    for user in set(versions.values_list("user_id", flat=True)):
        if not waiting_of(reader.exchange, user).exists():
            asked = PartnerConflict.objects.filter(
                exchange=reader.exchange, who__user_id=user, kind=Kind.UNKNOWN_RATER, decision=""
            )
            asked.update(decision=PartnerConflict.Decision.OVERTAKEN)
