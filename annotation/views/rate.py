"""The rater's pages: one response at a time, blind, with the next one in the answer."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from annotation.actions import drafts, leases, ratings
from annotation.exposure import exposure_of
from annotation.models import Assignment, Rating, RatingTask, TaskRater
from annotation.queries import (
    current,
    last_decided,
    own_progress,
    readiness,
    reference_of,
    tasks_to_rate,
    waiting_per_task,
)
from annotation.views.practice import led, own_place, own_task, scores_of
from annotation.views.scales import axes_shown, examples_for
from curation.errors import Invalid, NotAllowed, TeineiError, WrongState
from curation.models import Membership
from curation.views.gate import MemberRequest, member

RATER = Membership.Role.RATER
A = Assignment.State
DECIDED = (A.RATED, A.SKIPPED)
STATUS = {WrongState: 409, NotAllowed: 403, Invalid: 400}


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


@never_cache
@member(RATER)
def task(request: MemberRequest, pk: int) -> HttpResponse:
    """The response that the person holds, or the next one; first what they have to do before."""
    place = own_place(request, pk)
    step = readiness(place.task, place)
    return led(request, place.task, step) if step else _page(request, place)


following = task


def _page(
    request: MemberRequest, place: TaskRater, *, held: Assignment | None = None, failure: str = ""
) -> HttpResponse:
    """What is rated now (`held`, if the caller has leased it already), with its keys; or the end of the work."""
    status, task = 400 if failure else 200, place.task
    if held is None:
        try:
            held = leases.lease(request.user, task, place=place)
        except TeineiError as error:
            failure = failure or error.sentence
    draft = drafts.draft_of(held) if held else {}
    last = last_decided(place)
    context = {
        **_framing(request, task, last),
        "held": held,
        "failure": failure,
        "axes": axes_shown(task.rubric, draft.get("scores")),
        "comment": draft.get("comment", ""),
        "reference": reference_of(held, task) if held else "",
        "examples": examples_for(task.rubric, held.response.labels) if held else [],
        "may_undo": last is not None,
        "progress": progress_shown(request, place, last, held),
    }
    if held is None:
        context["panel"] = {"exposure": exposure_of(request.user)}
    return _rendered(request, context, status)


def _framing(request: MemberRequest, task: RatingTask, last: Assignment | None) -> dict[str, Any]:
    """What the page has whether it shows the response of now or one of before."""
    return {
        "task": task,
        "skip_reasons": Assignment.SkipReason.choices,
        "client_id": uuid.uuid4().hex,
        "previous": last,
        "break_minutes": request.user.break_minutes,
    }


def _rendered(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """The whole page, or to the script only the parts that take the place of those on its page."""
    name = "annotation/rate_parts.html" if request.headers.get("HX-Request") else "annotation/rate.html"
    return render(request, name, context, status=status)


def progress_shown(
    request: MemberRequest, place: TaskRater, last: Assignment | None, held: Assignment | None
) -> dict[str, int]:
    """Done and the total, counted once a day and then kept.

    Counted anew after each answer, the total would grow by one with every silent check and so give it away.
    """
    key, today = f"rate.total.{place.task_id}", timezone.localdate().isoformat()
    kept = request.session.get(key)
    known = kept["total"] if kept and kept["day"] == today and held is not None else None
    progress = own_progress(place, last, known)
    if held is not None and progress["number"] > progress["total"]:
        progress["total"] = progress["number"]
    if known is None:
        request.session[key] = {"day": today, "total": progress["total"]}
    return progress


def own_decided(place: TaskRater) -> Any:
    """What the rater has rated or skipped in the task, to walk through and to correct."""
    mine = Assignment.objects.filter(task=place.task_id, rater=place.rater_id)
    return mine.filter(state__in=DECIDED, ended_at__isnull=False)


@never_cache
@member(RATER)
def own(request: MemberRequest, pk: int, token: str) -> HttpResponse:
    """One of the rater's own earlier answers: what they gave, and the keys to correct it."""
    return _own_page(request, own_place(request, pk), token)


def _own_page(request: MemberRequest, place: TaskRater, token: str, *, failure: str = "") -> HttpResponse:
    if not (token.isascii() and token.isprintable()):  # PostgreSQL finds no text with NUL, and says so loudly
        raise Http404
    task, decided = place.task, own_decided(place)
    shown = decided.select_related("response__text", "response__question_text")
    found = get_object_or_404(shown, token=token)
    earlier = decided.filter(Q(ended_at__lt=found.ended_at) | Q(ended_at=found.ended_at, pk__lt=found.pk))
    later = decided.filter(Q(ended_at__gt=found.ended_at) | Q(ended_at=found.ended_at, pk__gt=found.pk))
    given = ratings_given(found)
    main = given.get(task.rubric.axis)
    context = {
        **_framing(request, task, last_decided(place)),
        "own": found,
        "number": earlier.count() + 1,
        "of": decided.count(),
        "previous_token": earlier.order_by("-ended_at", "-pk").values_list("token", flat=True).first(),
        "next_token": later.order_by("ended_at", "pk").values_list("token", flat=True).first(),
        "held": found,
        "failure": failure,
        "undecided": main is not None and main.cannot_decide,
        "axes": axes_shown(task.rubric, {axis: rating.score for axis, rating in given.items()}),
        "comment": main.comment if main else "",
        "reference": reference_of(found, task),
        "examples": examples_for(task.rubric, found.response.labels),
    }
    return _rendered(request, context, 400 if failure else 200)


def ratings_given(assignment: Assignment) -> dict[str, Rating]:
    """The rater's standing ratings of the response, by axis."""
    rows = current(
        Rating.objects.filter(
            task=assignment.task_id, response=assignment.response_id, rater=assignment.rater_id
        ).exclude(role=Rating.Role.FINAL)
    )
    return {row.axis: row for row in rows}


def _number(given: str) -> float | None:
    try:
        return float(given)
    except ValueError:
        return None


def _act(request: MemberRequest, place: TaskRater, verb: str) -> Assignment | None:
    """Do what the pressed key says; what the person rates next, where the act brings it."""
    sent, task = request.POST, place.task
    token, comment = sent.get("token", ""), sent.get("comment", "")
    if verb == "undo":
        return ratings.undo(request.user, task, token=sent.get("last", ""))
    if verb.partition(".")[0] == "skip":
        code = verb.partition(".")[2] or sent.get("reason_code", "")
        return ratings.skip(request.user, task, token=token, reason=comment, reason_code=code)
    main, *further = scores_of(request, task).items()
    done = ratings.rate(
        request.user,
        task,
        token=token,
        score=main[1],
        scores=dict(further),
        cannot_decide=verb == "cannot_decide",
        comment=comment,
        seconds=_number(sent.get("seconds", "")),
        client_id=sent.get("client_id", "")[:64] or None,
        place=place,
    )
    return done.following


def _answer(request: MemberRequest, pk: int, verb: str) -> HttpResponse:
    """Act, and answer with the next response: as a page to the script, by a redirect without it."""
    place = own_place(request, pk)
    try:
        held = _act(request, place, verb)
    except TeineiError as error:
        place = own_place(request, pk)  # what failed may have failed because the task is another by now
        if request.POST.get("own"):
            return _own_page(request, place, request.POST["own"], failure=error.sentence)
        return _page(request, place, failure=error.sentence)
    if request.headers.get("HX-Request"):
        return _page(request, place, held=held)
    return redirect("annotation:rate_task", dataset=request.dataset.slug, pk=pk)


@require_POST
@member(RATER)
def submit(request: MemberRequest, pk: int) -> HttpResponse:
    """The buttons of the page: a score, or the verb cannot_decide, skip (with its code) or undo."""
    return _answer(request, pk, request.POST.get("verb", "rate"))


@require_POST
@member(RATER)
def skip(request: MemberRequest, pk: int) -> HttpResponse:
    return _answer(request, pk, "skip")


@require_POST
@member(RATER)
def undo(request: MemberRequest, pk: int) -> HttpResponse:
    return _answer(request, pk, "undo")


@require_POST
@member(RATER)
def draft(request: MemberRequest, pk: int) -> JsonResponse:
    """What is typed and not submitted: {token, comment, scores} in, {saved_at} out; 409 once it is decided."""
    task = own_task(request, pk)
    try:
        body = json.loads(request.body)
        token, comment, scores = (
            str(body["token"]),
            str(body.get("comment", "")),
            dict(body.get("scores", {})),
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return JsonResponse({"error": _("The draft could not be read."), "field": ""}, status=400)
    try:
        kept = drafts.save_draft(request.user, task, token=token, comment=comment, scores=scores)
    except TeineiError as error:
        return JsonResponse(
            {"error": error.sentence, "field": error.field}, status=STATUS.get(type(error), 400)
        )
    return JsonResponse({"saved_at": kept.draft["saved_at"]})
