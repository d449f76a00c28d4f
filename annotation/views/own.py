"""A rater's own numbers and drafts in a task, and the drafts of all its raters for those who lead it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache

from annotation import panels
from annotation.abandoned import abandoned, left_in
from annotation.models import Assignment, Rater, RatingTask
from annotation.own_figures import own_figures
from annotation.queries import tasks_visible_to
from annotation.rules import blinded
from curation.models import Membership
from curation.reading import Leaf, interval, number
from curation.retold import retold
from curation.views.gate import MemberRequest, member
from curation.views.numbers import is_number

Role = Membership.Role
PAGE = 50


@never_cache
@member(Role.RATER)
def mine(request: MemberRequest, pk: int) -> HttpResponse:
    """What a rater did in a task and how it went, during the work as after it, and what they left half done."""
    tasks = RatingTask.objects.filter(dataset=request.dataset, raters__person=request.user)
    task = get_object_or_404(tasks.select_related("rubric"), pk=pk)
    rater = get_object_or_404(Rater, dataset=request.dataset, person=request.user)
    own = own_figures(task, rater)
    rows = abandoned(task).filter(rater=rater)
    context = {
        "task": task,
        "rater": rater,
        "own": own,
        "working": task.state == RatingTask.State.OPEN and not task.external,
        "same": _agreement(own["same"]),
        "skips": [(panels.skip_word(code), n) for code, n in own["skips"].items()],
        **_page(request, rows),
    }
    return render(request, "annotation/quality_mine.html", context)


def _agreement(leaf: Leaf | None) -> dict[str, Any] | None:
    """The estimate as the page words it: value and interval, and what has to be said of it; None where nothing is told."""
    if leaf is None:
        return None
    known = leaf["value"] is not None
    return {
        "value": number(leaf["value"], digits=0, percent=True) if known else "",
        "interval": interval(leaf, digits=0, percent=True),
        "n": leaf["n"],
        "questions": leaf["n_clusters"],
        "why": retold(leaf.get("note")),
    }


@member(Role.LEAD, Role.RESEARCHER)
def drafts(request: MemberRequest, pk: int) -> HttpResponse:
    """What raters left half done. It does not exist for whoever still rates in the task."""
    task = get_object_or_404(tasks_visible_to(request.user, request.dataset).select_related("rubric"), pk=pk)
    if blinded(request.user, task):
        raise Http404
    return render(request, "annotation/abandoned.html", {"task": task, **_page(request, abandoned(task))})


def _page(request: HttpRequest, rows: Any) -> dict[str, Any]:
    """Fifty of them from `?before=ID` on, and where the next fifty begin."""
    given = request.GET.get("before", "")
    begins = rows.filter(pk=int(given)).first() if is_number(given) else None
    if begins is not None:
        rows = rows.filter(leased_at__lte=begins.leased_at).exclude(
            leased_at=begins.leased_at, pk__gt=begins.pk
        )
    found: list[Assignment] = list(rows[: PAGE + 1])
    further = found[PAGE].pk if len(found) > PAGE else None
    return {"drafts": [left_in(one) for one in found[:PAGE]], "further": further}
