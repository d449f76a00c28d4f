"""The quality of a task's ratings: the page, the rows behind its numbers, its files, and a rater's own part of it."""

from __future__ import annotations

import csv
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from annotation import panels
from annotation.actions.quality import Standing, standing_of
from annotation.covering import cover
from annotation.models import Rating, RatingTask, Response
from annotation.quality_rows import FILTERS, matching
from annotation.queries import TASK_ROLES, current
from annotation.results import results_visible_to
from annotation.views.scales import language, tone_of
from curation.flat import lines
from curation.formats.writing import formula_safe
from curation.models import Membership, Person
from curation.queries import path_words
from curation.reading import Reading, Shown
from curation.views.gate import MemberRequest, member
from curation.views.numbers import is_number

Role = Membership.Role
reader = member(*TASK_ROLES)
PAGE = 50
KEPT = 24 * 3600  # seconds; what is kept goes under the mark of its rows


def _task(request: MemberRequest, pk: int) -> RatingTask:
    """The task, unless the person has still to rate any of its responses: then it does not exist for them."""
    rows = results_visible_to(request.user, request.dataset).select_related("rubric", "release", "dataset")
    return get_object_or_404(rows, pk=pk)


@reader
def quality(request: MemberRequest, pk: int) -> HttpResponse:
    """The quality of a task on one axis; from what is kept, where nothing of the task changed since."""
    task = _task(request, pk)
    standing = standing_of(request.user, task)
    if request.htmx and standing.job is None:
        return HttpResponse(headers={"HX-Refresh": "true"})
    if request.htmx:
        waiting = {"task": task, "standing": standing}
        return render(request, "annotation/_quality_job.html", waiting)
    if standing.result is None:
        return render(request, "annotation/quality_waiting.html", {"task": task, "standing": standing})
    return render(request, "annotation/quality.html", _page(request, task, standing, standing.result))


def _page(
    request: MemberRequest, task: RatingTask, standing: Standing, result: dict[str, Any]
) -> dict[str, Any]:
    axes = task.rubric.axes
    axis = next((one for one in axes if one.name == request.GET.get("axis")), axes[0])
    of = panels.AxisReading(_reading(task, request.dataset.slug, result), axis.name)
    return {
        "task": task,
        "standing": standing,
        "axes": [{"label": one.title(language()), "name": one.name, "active": one is axis} for one in axes],
        "axis": axis,
        "counts": result["counts"],
        "result": result,
        "stamp": f"{result['mark']}-{axis.name}-{language()}-{request.dataset.slug}",
        "kept": KEPT,
        "shown": SimpleLazyObject(lambda: _shown(of)),
        "may_adjudicate": allows_adjudication(request),
    }


def allows_adjudication(request: MemberRequest) -> bool:
    return bool(request.roles & {Role.LEAD, Role.RESEARCHER})


def _shown(of: panels.AxisReading) -> dict[str, Any]:
    """All blocks of the page; made only where the page's text is not kept."""
    pictures, stretches = panels.over_time(of)
    blocks = {
        "agreement": panels.agreement(of),
        "category": panels.parts(of, "category", _("Agreement by harm type"), _("Harm type")),
        "model": panels.parts(of, "model", _("Agreement by model"), _("Model")),
        "arm": panels.parts(of, "arm", _("Agreement with and without the reference"), _("Arm")),
        "raters": panels.against_the_rest(of),
    }
    return {
        "finding": panels.finding(of),
        "blocks": {name: Shown(block) for name, block in blocks.items() if block},
        "pictures": pictures,
        "stretches": stretches,
        "matrix": panels.matrix(of),
        "people": panels.people(of.reading),
    }


def _reading(task: RatingTask, slug: str, result: dict[str, Any]) -> Reading:
    """The result with the addresses of the rows behind its numbers and the words of its categories."""
    page = reverse("annotation:quality_rows", kwargs={"dataset": slug, "pk": task.pk})
    paths = {path for one in result["axes"].values() for path in one["by_category"]}
    names: Any = SimpleLazyObject(lambda: path_words(task.dataset, paths))
    return Reading(
        result=result,
        rows=lambda **wanted: f"{page}?{urlencode(wanted)}",
        named=lambda path: names.get(path, path),
    )


@reader
def rows(request: MemberRequest, pk: int) -> HttpResponse:
    """The responses that a number is about, fifty at a time, with what raters gave."""
    task = _task(request, pk)
    wanted = {key: request.GET[key] for key in FILTERS if request.GET.get(key)}
    found = matching(task, wanted)
    given = request.GET.get("from", "0")
    first = int(given) if is_number(given) and int(given) < len(found) else 0
    shown = found[first : first + PAGE]
    here = reverse("annotation:quality_rows", kwargs={"dataset": request.dataset.slug, "pk": pk})

    def page(start: int) -> str:
        return f"{here}?{urlencode({**wanted, 'from': start})}"

    context = {
        "task": task,
        "rows": _with_ratings(request.user, task, shown, wanted),
        "wanted": [words for key, value in wanted.items() if (words := _said(task, key, value))],
        "total": len(found),
        "summary": f"{first + 1}–{first + len(shown)} / {len(found)}" if found else "0",
        "previous_url": page(max(0, first - PAGE)) if first else "",
        "next_url": page(first + PAGE) if first + PAGE < len(found) else "",
        "may_adjudicate": allows_adjudication(request),
    }
    return render(request, "annotation/quality_rows.html", context)


def _with_ratings(
    person: Person, task: RatingTask, ids: list[int], wanted: dict[str, str]
) -> list[dict[str, Any]]:
    """Responses with what their raters gave on the axis, two queries for all of them."""
    name = wanted.get("axis") or task.rubric.axis
    axis = next((one for one in task.rubric.axes if one.name == name), task.rubric.axes[0])
    responses = Response.objects.filter(pk__in=ids).select_related("text", "question_text").in_bulk()
    cover(person, task, responses.values())
    ratings = current(Rating.objects.filter(task=task, response__in=ids, axis=axis.name)).select_related(
        "rater"
    )
    by_response: dict[int, list[dict[str, Any]]] = {}
    for one in ratings.order_by("role", "rater__pseudonym"):
        tone = tone_of(axis, axis.points.index(one.score)) if one.score in axis.points else 0
        line = {"rating": one, "tone": tone, "final": one.role == Rating.Role.FINAL}
        by_response.setdefault(one.response_id, []).append(line)
    return [{"response": responses[pk], "ratings": by_response.get(pk, [])} for pk in ids if pk in responses]


def _said(task: RatingTask, key: str, value: str) -> str:
    """A filter as the page says it; "" for one that is told together with another."""
    if key == "category":
        return path_words(task.dataset, [value])[value]
    if key == "arm":
        return _("With the reference answer") if value == "with" else _("Without the reference answer")
    said = {
        "rater": _("Rated by %(value)s"),
        "other": _("and by %(value)s"),
        "stretch": _("stretch %(value)s"),
        "model": "%(value)s",
        "axis": "%(value)s" if len(task.rubric.axes) > 1 else "",
        "differ": _("different points"),
        "shared": _("at least two ratings"),
        "undecided": _("Cannot decide"),
        "below_floor": _("below the floor"),
        "quick": _("far quicker than others"),
        "slow": _("far slower than others"),
        "skipped": _("skipped"),
        "gold": _("Silent checks"),
    }
    return said[key] % {"value": value}


@reader
def quality_json(request: MemberRequest, pk: int) -> HttpResponse:
    """The object that `quality --json` prints, as the page shows it; the page, where a job still works it out."""
    result = standing_of(request.user, _task(request, pk)).result
    if result is None:
        return redirect("annotation:quality", dataset=request.dataset.slug, pk=pk)
    answer = JsonResponse(result, json_dumps_params={"ensure_ascii": False, "indent": 2})
    answer["Content-Disposition"] = f'attachment; filename="quality-{pk}.json"'
    return answer


@reader
def quality_csv(request: MemberRequest, pk: int) -> HttpResponse:
    """Every number of it as a table, or the page as above. Names that a spreadsheet would take for a formula are quoted."""
    result = standing_of(request.user, _task(request, pk)).result
    if result is None:
        return redirect("annotation:quality", dataset=request.dataset.slug, pk=pk)
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="quality-{pk}.csv"'
    answer.write("\ufeff")
    table = csv.writer(answer)
    table.writerow(["block", "part", "statistic", "value", "low", "high", "n", "n_clusters", "note"])
    for line in lines(result):
        table.writerow([formula_safe(cell) if isinstance(cell, str) else cell for cell in line])
    return answer
