"""Synchronising a task with Label Studio: push what is missing there, pull what is new, twice without harm."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext as _

from annotation.actions.ratings import checked_score
from annotation.actions.tasks import enlist
from annotation.label_studio import CANNOT_DECIDE, Annotated, Partner, config_of, payload_of
from annotation.models import PartnerAnnotation, Rater, Rating, RatingTask, Response
from annotation.queries import current
from curation.actions.texts import cleaned
from curation.errors import Invalid
from curation.log import Actor, record
from curation.rules import require


@dataclass(kw_only=True)
class Synced:
    """What was (or, in a dry run, would be) pushed and pulled, and annotations that could not be used."""

    project: int | None
    pushed: int = 0
    pulled: int = 0
    known: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)


def sync(actor: Actor, task: RatingTask, partner: Partner, *, dry_run: bool = False) -> Synced:
    """Bring the task's responses to its project over there (made at the first time), and the annotations back."""
    require(actor, "sync", task)
    project = (task.plan.get("label_studio") or {}).get(partner.url)
    responses = Response.objects.filter(in_tasks__task=task, text_known=True).select_related(
        "text", "question_text"
    )
    if project is None and not dry_run:
        project = partner.create_project(f"Teinei {task.name}"[:50], config_of(task.rubric))
        projects = {**(task.plan.get("label_studio") or {}), partner.url: project}
        task.plan = {**task.plan, "label_studio": projects}
        RatingTask.objects.filter(pk=task.pk).update(plan=task.plan)
    there = partner.pushed(project) if project else set()
    missing = [
        payload_of(response)
        for response in responses.order_by("in_tasks__position")
        if response.pk not in there
    ]
    done = Synced(project=project, pushed=len(missing))
    if not dry_run and project:
        partner.push(project, missing)
    if project:
        pull(actor, task, partner.annotations(project), done, dry_run=dry_run)
    return done


@transaction.atomic
def pull(
    actor: Actor, task: RatingTask, annotations: Iterable[Annotated], done: Synced, *, dry_run: bool = False
) -> None:
    """Write annotations as ratings: once for each (annotation, updated_at); a newer one corrects the older."""
    require(actor, "sync", task)
    seen = set(PartnerAnnotation.objects.filter(task=task).values_list("annotation_id", "updated_at"))
    inside = set(task.population.values_list("response_id", flat=True))
    for one in annotations:
        if (one.annotation_id, one.updated_at) in seen:
            done.known += 1
            continue
        try:
            if one.response not in inside:
                raise Invalid(_("The task holds no such response."), field="response")
            undecided = one.score == CANNOT_DECIDE
            score = "" if undecided else checked_score(task.rubric, one.score)
            comment = cleaned(one.comment, field="comment")
        except Invalid as error:
            done.refused.append((one.annotation_id, error.sentence))
            continue
        done.pulled += 1
        if not dry_run:
            _write(task, one, score=score, comment=comment)
    if not dry_run:
        record(actor, "sync", task, pushed=done.pushed, pulled=done.pulled, refused=len(done.refused))


def _write(task: RatingTask, one: Annotated, *, score: str, comment: str) -> None:
    rater, _new = Rater.objects.get_or_create(dataset=task.dataset, pseudonym=one.rater[:80])
    enlist(task, [rater])
    axis = task.rubric.axis
    current(Rating.objects.filter(task=task, response=one.response, rater=rater, axis=axis)).update(
        superseded=True
    )
    rating = Rating.objects.create(
        task=task,
        response_id=one.response,
        rater=rater,
        axis=axis,
        score=score,
        cannot_decide=not score,
        comment=comment,
        seconds=one.seconds,
    )
    PartnerAnnotation.objects.create(
        task=task, annotation_id=one.annotation_id, updated_at=one.updated_at, rating=rating
    )
