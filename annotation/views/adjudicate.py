"""Adjudication: responses about which raters disagree, one at a time, without the name of the model."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from annotation import disputes
from annotation.actions import adjudication
from annotation.models import Rating, RatingTask, TaskResponse
from annotation.queries import current
from annotation.results import adjudicated, fully_rated, results_visible_to
from annotation.views.scales import axes_shown, examples_for, tone_of
from curation.errors import Conflict, TeineiError
from curation.models import Membership, ReleaseItem
from curation.rules import why_not
from curation.views.gate import MemberRequest, member

Role = Membership.Role
adjudicator = member(Role.LEAD, Role.RESEARCHER)
PAGE = 50
WHY = {
    disputes.UNDECIDED: gettext_lazy("half or more cannot decide"),
    disputes.APART: gettext_lazy("two or more points apart"),
    disputes.VIOLATION: gettext_lazy("no majority on whether it is a violation"),
    disputes.ACCEPTABLE: gettext_lazy("no majority on whether it is acceptable"),
    disputes.NO_MAJORITY: gettext_lazy("no majority"),
}


def _task(request: MemberRequest, pk: int) -> RatingTask:
    rows = results_visible_to(request.user, request.dataset).select_related("rubric", "release", "dataset")
    return get_object_or_404(rows, pk=pk)


@never_cache
@adjudicator
def queue(request: MemberRequest, pk: int) -> HttpResponse:
    """What waits for a final value, by the rule that the page states; and what has one."""
    task = _task(request, pk)
    waiting = adjudication.queue_of(request.user, task)
    done = request.GET.get("show") == "done"
    rows = (adjudicated(task) if done else waiting).select_related("response", "category")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "task": task,
        "done": done,
        "page": page,
        "rows": _lines(task, list(page.object_list)),
        "waiting": page.paginator.count if not done else waiting.count(),
        "finals": page.paginator.count if done else adjudicated(task).count(),
        "complete": fully_rated(task).count(),
        "spread": disputes.SPREAD,
    }
    return render(request, "annotation/adjudicate_queue.html", context)


def _lines(task: RatingTask, rows: list[TaskResponse]) -> list[dict[str, Any]]:
    """Rows of the population with their raw and final points, one query for all of them; no text, no model."""
    ratings = current(Rating.objects.filter(task=task, response__in=[row.response_id for row in rows]))
    given: dict[int, list[Rating]] = {}
    for rating in ratings.exclude(role=Rating.Role.GOLD).order_by("pk"):
        given.setdefault(rating.response_id, []).append(rating)
    return [{"row": row, "axes": _axes(task, given.get(row.response_id, []))} for row in rows]


def _axes(task: RatingTask, ratings: list[Rating]) -> list[dict[str, Any]]:
    """Per axis the raw points in order of the scale, why they are in dispute, and the final value."""
    found = []
    for axis in task.rubric.axes:
        mine = [one for one in ratings if one.axis == axis.name]
        raw = [one.score for one in mine if one.role == Rating.Role.RATER]
        final = next((one for one in mine if one.role == Rating.Role.FINAL), None)
        order = [*axis.points, ""]
        found.append(
            {
                "axis": axis,
                "points": [
                    {"score": score, "tone": tone_of(axis, order.index(score)) if score else 0}
                    for score in sorted(raw, key=lambda score: order.index(score) if score in order else 0)
                ],
                "why": [WHY[reason] for reason in disputes.reasons(axis, raw)],
                "final": final,
                "final_tone": tone_of(axis, order.index(final.score))
                if final and final.score in axis.points
                else 0,
            }
        )
    return found


@never_cache
@adjudicator
def begin(request: MemberRequest, pk: int) -> HttpResponse:
    """To the next response for this person, or to the end of the queue."""
    task = _task(request, pk)
    given = request.GET.get("after", "")
    after = int(given) if given.isascii() and given.isdigit() and len(given) < 10 else None
    row = adjudication.next_for(request.user, task, after=after)
    if row is None:
        return redirect("annotation:adjudicate", dataset=request.dataset.slug, pk=pk)
    return redirect(
        "annotation:adjudicate_one", dataset=request.dataset.slug, pk=pk, response=row.response_id
    )


@never_cache
@adjudicator
def one(request: MemberRequest, pk: int, response: int) -> HttpResponse:
    """A response with its raw ratings and the rubric; its final value. Not before it is fully rated."""
    task = _task(request, pk)
    rows = fully_rated(task).select_related("response__text", "response__question_text", "category")
    row = get_object_or_404(rows, response=response)
    row.task = task
    if request.method != "POST":
        return _page(request, row)
    if why_not(request.user, "adjudicate", row) is not None:
        raise Http404
    typed = {
        axis.name: request.POST.get("score" if not at else f"score.{axis.name}", "")
        for at, axis in enumerate(task.rubric.axes)
    }
    undecided = request.POST.get("verb") == "cannot_decide"
    wanted = _asked(row) if undecided else [axis for axis, point in typed.items() if point]
    try:
        adjudication.adjudicate(
            request.user,
            row,
            scores={axis: typed[axis] for axis in wanted},
            reason=request.POST.get("reason", ""),
            seen=request.POST.get("seen", ""),
            cannot_decide=undecided,
            with_reference=bool(_reference(row)),
            client_id=request.POST.get("client_id", "")[:64] or None,
        )
    except TeineiError as error:
        return _page(request, row, error=error, typed=typed)
    messages.success(request, _("The final value is kept."))
    following = adjudication.next_for(request.user, task, after=row.position)
    if following is None:
        return redirect("annotation:adjudicate", dataset=request.dataset.slug, pk=pk)
    return redirect(
        "annotation:adjudicate_one", dataset=request.dataset.slug, pk=pk, response=following.response_id
    )


def _asked(row: TaskResponse) -> list[str]:
    """The axes that are in dispute, the main one where none is."""
    ratings = list(adjudication.standing(row))
    found = [each["axis"].name for each in _axes(row.task, ratings) if each["why"]]
    return found or [row.task.rubric.axis]


def _reference(row: TaskResponse) -> str:
    """The reference answer, where raters of the task saw one."""
    task = row.task
    if task.arms == RatingTask.Arms.WITHOUT or task.release_id is None:
        return ""
    frozen = ReleaseItem.objects.filter(release=task.release_id, external_id=row.response.item_key)
    found = frozen.select_related("answer_text").first()
    return found.answer_shown if found else ""


def _page(
    request: MemberRequest,
    row: TaskResponse,
    *,
    error: TeineiError | None = None,
    typed: dict[str, str] | None = None,
) -> HttpResponse:
    ratings = list(adjudication.standing(row))
    finals = {one.axis: one for one in ratings if one.role == Rating.Role.FINAL}
    chosen = typed or {axis: final.score for axis, final in finals.items()}
    by_axis = {each["axis"].name: each for each in _axes(row.task, ratings)}
    context = {
        "task": row.task,
        "row": row,
        "reference": _reference(row),
        "ratings": _by_rater(row.task, ratings),
        "axes": [{**axis, **by_axis[axis["name"]]} for axis in axes_shown(row.task.rubric, chosen)],
        "finals": finals,
        "reason": request.POST.get("reason", "") if error else next((f.comment for f in finals.values()), ""),
        "seen": adjudication.seen_of(row),
        "client_id": uuid.uuid4().hex,
        "refusal": why_not(request.user, "adjudicate", row),
        "error": error,
        "waiting": adjudication.queue_of(request.user, row.task).count(),
        "examples": examples_for(row.task.rubric, row.response.labels),
    }
    status = 200 if error is None else 409 if isinstance(error, Conflict) else 400
    return render(request, "annotation/adjudicate.html", context, status=status)


def _by_rater(task: RatingTask, ratings: list[Rating]) -> list[dict[str, Any]]:
    """The raw ratings, one line for each rater: pseudonym, points by axis, reason, arm."""
    found: dict[str, dict[str, Any]] = {}
    for rating in ratings:
        if rating.role != Rating.Role.RATER:
            continue
        line = found.setdefault(
            rating.rater.pseudonym,
            {
                "rater": rating.rater.pseudonym,
                "points": {},
                "comment": "",
                "with_reference": rating.with_reference,
            },
        )
        line["points"][rating.axis] = rating.score
        line["comment"] = line["comment"] or rating.comment
    for line in found.values():
        line["points"] = [
            {
                "score": (score := line["points"].get(axis.name, "")),
                "tone": _tone(axis, score),
                "title": axis.title,
            }
            for axis in task.rubric.axes
        ]
    return list(found.values())


def _tone(axis: Any, score: str) -> int:
    return tone_of(axis, axis.points.index(score)) if score in axis.points else 0
