"""The way into a task: what awaits the rater, how to rate, and the practice set."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from annotation.actions import practice
from annotation.actions.leases import rater_of
from annotation.exposure import exposure_of
from annotation.models import PracticeAnswer, Rater, RatingTask, TaskRater
from annotation.queries import place_of, readiness, tasks_visible_to
from annotation.rules import blinded
from annotation.views.scales import axes_shown, example_groups, examples_for, worded
from curation.errors import TeineiError
from curation.models import Membership
from curation.views.gate import MemberRequest, attempt, member

Role = Membership.Role
STEPS = {
    "warning": "annotation:rate_warning",
    "practice": "annotation:practice",
    "failed": "annotation:practice",
    "paused": "annotation:rate_rest",
}


def own_place(request: MemberRequest, pk: int) -> TaskRater:
    """The person's place in a task that counts them among its raters; whether it is open the actions say."""
    place = place_of(request.user, pk)
    if place is None or place.task.dataset_id != request.dataset.pk or place.task.external:
        raise Http404
    return place


def own_task(request: MemberRequest, pk: int) -> RatingTask:
    return own_place(request, pk).task


def missing(request: MemberRequest, task: RatingTask) -> str:
    """What stands between the rater and their work (see `queries.readiness`)."""
    place = place_of(request.user, task)
    return readiness(task, place) if place else ""


def led(request: MemberRequest, task: RatingTask, step: str) -> HttpResponse:
    """To the page that mends what is missing; "" leads to the work."""
    name = STEPS.get(step, "annotation:rate_task")
    return redirect(name, dataset=request.dataset.slug, pk=task.pk)


@never_cache
@member(Role.RATER)
def warning(request: MemberRequest, pk: int) -> HttpResponse:
    """What kind of texts await the rater, and what they may do about it. A POST says that it was read."""
    task = own_task(request, pk)
    if request.method == "POST":
        done = attempt(request, lambda: practice.acknowledge_warning(request.user, task))
        return led(request, task, missing(request, task) if done else "warning")
    rater = rater_of(request.user, task)
    return render(request, "annotation/rate_warning.html", {"task": task, "read_at": rater.warned_at})


@never_cache
@member(Role.RATER)
def guide(request: MemberRequest, pk: int) -> HttpResponse:
    """The rubric to read in peace: instructions, anchors, worked examples by harm type."""
    task = own_task(request, pk)
    context = {"task": task, "axes": axes_shown(task.rubric), "groups": example_groups(task.rubric)}
    return render(request, "annotation/rate_guide.html", context)


@never_cache
@member(Role.RATER)
def practise(request: MemberRequest, pk: int) -> HttpResponse:
    """One practice case, or what came of the last one (`?answered=ID`), or the result of the attempt."""
    task = own_task(request, pk)
    if task.qualify_at is None:
        return led(request, task, "")
    if request.method == "POST":
        return _answer(request, task)
    practice.close_emptied(request.user, task)
    return _practice_page(request, task)


def _practice_page(
    request: MemberRequest, task: RatingTask, *, answered: PracticeAnswer | None = None, failure: str = ""
) -> HttpResponse:
    rater = rater_of(request.user, task)
    answered = answered or _answered(request, task, rater)
    case = answered.case if answered else practice.next_case(task, rater)
    context = {
        "task": task,
        "standing": practice.standing(task, rater),
        "case": case,
        "answered": _told(answered, task) if answered else None,
        "axes": axes_shown(task.rubric, answered.scores if answered else None),
        "examples": examples_for(task.rubric, case.response.labels) if case else [],
        "wanted": _wanted(task),
        "failure": failure,
    }
    name = (
        "annotation/practice_parts.html" if request.headers.get("HX-Request") else "annotation/practice.html"
    )
    return render(request, name, context, status=400 if failure else 200)


def _wanted(task: RatingTask) -> int:
    return round(100 * (task.qualify_at or 0))


def _answered(request: MemberRequest, task: RatingTask, rater: Rater) -> PracticeAnswer | None:
    """The answer that the address names, if it is of the rater's newest attempt."""
    given = request.GET.get("answered", "")
    newest = practice.attempts_of(task, rater).first()
    if newest is None or not (given.isascii() and given.isdigit() and len(given) < 12):
        return None
    rows = newest.answers.select_related("case__response__text", "case__response__question_text")
    return rows.filter(case=int(given)).first()


def _told(answer: PracticeAnswer, task: RatingTask) -> dict[str, Any]:
    """What the rater is told about their answer, in the language of the page."""
    case = answer.case
    accepted = practice.accepted_points(case)
    return {
        "right": answer.right,
        "explanation": worded({"ja": case.explanation_ja, "en": case.explanation_en}),
        "axes": [
            {**axis, "given": answer.scores.get(axis["name"], ""), "accepted": accepted[axis["name"]]}
            for axis in axes_shown(task.rubric)
            if axis["name"] in accepted
        ],
    }


def scores_of(request: MemberRequest, task: RatingTask) -> dict[str, str]:
    """The points that the page's keys sent, by axis: `score` for the main one, `score.NAME` for the others."""
    return {
        axis.name: request.POST.get("score" if at == 0 else f"score.{axis.name}", "")
        for at, axis in enumerate(task.rubric.axes)
    }


def _answer(request: MemberRequest, task: RatingTask) -> HttpResponse:
    given = request.POST.get("case", "")
    case = int(given) if given.isascii() and given.isdigit() and len(given) < 12 else 0
    undecided = request.POST.get("verb") == "cannot_decide"
    try:
        answer = practice.practise(
            request.user, task, case=case, scores={} if undecided else scores_of(request, task)
        )
    except TeineiError as error:
        return _practice_page(request, task, failure=error.sentence)
    if request.headers.get("HX-Request"):
        return _practice_page(request, task, answered=answer)
    back = redirect("annotation:practice", dataset=request.dataset.slug, pk=task.pk)
    back["Location"] += f"?answered={answer.case_id}"
    return back


@never_cache
@member(Role.RATER)
def rest(request: MemberRequest, pk: int) -> HttpResponse:
    """A pause: what the person has read, whom they may talk to, and the way back."""
    task = own_task(request, pk)
    context = {
        "task": task,
        "paused": missing(request, task) == "paused",
        "panel": {"exposure": exposure_of(request.user)},
    }
    return render(request, "annotation/rate_rest.html", context)


@require_POST
@member(Role.LEAD, Role.RESEARCHER)
def allow(request: MemberRequest, pk: int) -> HttpResponse:
    """The lead lets a rater practise once more. A task that the person still rates in does not exist here."""
    task = get_object_or_404(tasks_visible_to(request.user, request.dataset), pk=pk)
    rater = get_object_or_404(task.raters, pk=_number(request.POST.get("rater", "")))
    if blinded(request.user, task):
        raise Http404
    attempt(
        request,
        lambda: practice.allow_attempt(request.user, task, rater),
        _("They may practise once more."),
    )
    return redirect("annotation:task", dataset=request.dataset.slug, pk=pk)


def _number(given: str) -> int:
    return int(given) if given.isascii() and given.isdigit() and len(given) < 12 else 0
