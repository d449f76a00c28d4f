"""The rater's pages: one response at a time, blind, with the next one in the answer."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from annotation.actions import leases, ratings
from annotation.models import Assignment, RatingTask
from annotation.queries import last_decided, own_progress, tasks_to_rate, waiting_per_task
from curation.errors import TeineiError
from curation.models import Membership, ReleaseItem
from curation.views.gate import MemberRequest, member

RATER = Membership.Role.RATER


@never_cache
@member(RATER)
def task_list(request: MemberRequest) -> HttpResponse:
    """The tasks that the person rates in; straight to the only one."""
    tasks = list(tasks_to_rate(request.user, request.dataset))
    if len(tasks) == 1:
        return redirect("annotation:rate_task", dataset=request.dataset.slug, pk=tasks[0].pk)
    left = waiting_per_task(request.user, request.dataset)
    rows = [{"task": task, "left": left.get(task.pk, 0)} for task in tasks]
    return render(request, "annotation/rate_tasks.html", {"rows": rows})


def _task(request: MemberRequest, pk: int) -> RatingTask:
    """A task that counts the person among its raters; whether it is open the actions say."""
    mine = RatingTask.objects.filter(dataset=request.dataset, raters__person=request.user, external=False)
    return get_object_or_404(mine.select_related("rubric", "dataset"), pk=pk)


def _page(request: MemberRequest, task: RatingTask, failure: str = "", status: int = 200) -> HttpResponse:
    rater = leases.rater_of(request.user, task)
    try:
        held = leases.lease(request.user, task)
    except TeineiError as error:
        held, failure = None, failure or error.sentence
    context = {
        "task": task,
        "held": held,
        "failure": failure,
        "levels": levels_of(task),
        "reference": _reference(task, held),
        "progress": own_progress(task, rater),
        "may_undo": last_decided(task, rater) is not None,
        "client_id": uuid.uuid4().hex,
    }
    return render(request, "annotation/rate.html", context, status=status)


def levels_of(task: RatingTask) -> list[dict[str, str]]:
    """The rubric's points with their anchors in the language of the page, for the keys and the side."""
    language = "ja" if (translation.get_language() or "ja").startswith("ja") else "en"
    levels = []
    for point in task.rubric.points:
        anchor = task.rubric.anchors.get(point) or {}
        levels.append(
            {"score": point, "anchor": anchor.get(language, ""), "long": anchor.get(f"long_{language}", "")}
        )
    return levels


def _reference(task: RatingTask, held: Assignment | None) -> str:
    if held is None or not held.with_reference or task.release_id is None:
        return ""
    frozen = ReleaseItem.objects.filter(release=task.release_id, external_id=held.response.item_key)
    row = frozen.select_related("answer_text").first()
    return row.answer if row else ""


@never_cache
@member(RATER)
def task(request: MemberRequest, pk: int) -> HttpResponse:
    """The response that the person holds, or the next one."""
    return _page(request, _task(request, pk))


following = task


def _number(given: str) -> float | None:
    try:
        return float(given)
    except ValueError:
        return None


def _act(request: MemberRequest, task: RatingTask, verb: str) -> None:
    sent: Any = request.POST
    token = sent.get("token", "")
    if verb == "undo":
        ratings.undo(request.user, task, token=sent.get("last", ""))
    elif verb == "skip":
        ratings.skip(request.user, task, token=token, reason=sent.get("comment", ""))
    else:
        ratings.rate(
            request.user,
            task,
            token=token,
            score=sent.get("score"),
            cannot_decide=verb == "cannot_decide",
            comment=sent.get("comment", ""),
            seconds=_number(sent.get("seconds", "")),
            client_id=sent.get("client_id", "")[:64] or None,
            and_next=False,
        )


def _answer(request: MemberRequest, pk: int, verb: str) -> HttpResponse:
    """Act, and answer with the next response: as a page to the script, by a redirect without it."""
    task = _task(request, pk)
    try:
        _act(request, task, verb)
    except TeineiError as error:
        return _page(request, task, failure=error.sentence, status=400)
    if request.headers.get("HX-Request"):
        return _page(request, task)
    return redirect("annotation:rate_task", dataset=request.dataset.slug, pk=task.pk)


@require_POST
@member(RATER)
def submit(request: MemberRequest, pk: int) -> HttpResponse:
    """The buttons of the page: a score, or the verb cannot_decide, skip or undo."""
    return _answer(request, pk, request.POST.get("verb", "rate"))


@require_POST
@member(RATER)
def skip(request: MemberRequest, pk: int) -> HttpResponse:
    return _answer(request, pk, "skip")


@require_POST
@member(RATER)
def undo(request: MemberRequest, pk: int) -> HttpResponse:
    return _answer(request, pk, "undo")
