from __future__ import annotations

import csv
from typing import Any

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from annotation.actions.tasks import MOST_OVERLAP, members_who_rate
from annotation.counts import with_counts
from curation import flat
from curation.formats.writing import formula_safe
from curation.models import Job
from curation.rules import allows
from curation.views.gate import MemberRequest
from judging import freshness
from judging.actions import studies
from judging.models import Judge, Mode, Study
from judging.panels.following import PLANNED
from judging.queries import judges_by_task, judges_visible_to, study_tasks
from judging.views import page
from judging.views.choose import Chosen, chosen, reader
from judging.views.rows import missed_texts


@reader
def study_list(request: MemberRequest) -> HttpResponse:
    """Tasks with ratings or verdicts, and who judged them. Tasks that the person still rates in are not there."""
    rows = list(with_counts(study_tasks(request.user, request.dataset)))
    names = judges_by_task(rows)
    context = {
        "rows": [{"task": task, "judges": names.get(task.pk, [])} for task in rows],
        "may_bring": _may_judge(request),
        "has_judges": judges_visible_to(request.user, request.dataset).exists(),
    }
    return render(request, "judging/studies.html", context)


@reader
def study_page(request: MemberRequest, pk: int) -> HttpResponse:
    """The study of one judge and mode, from its kept result; computed on the way where that is quick, else by a job."""
    what = chosen(request, pk)
    shown: dict[str, Any] = {"what": what, "may_judge": _may_judge(request), "tabs": tabs(what)}
    if what.judge is None:
        return render(request, "judging/study_empty.html", shown)
    found = _study(request, what, what.judge)
    if isinstance(found, Job):
        return _waiting(request, what, found, shown)
    if request.htmx:
        return HttpResponse(headers={"HX-Refresh": "true"})
    shown |= page.context(what, found)
    shown["missed"] = missed_texts(request.user, what, page.missed(what, found))
    shown["csv_url"], shown["json_url"] = what.url("judging:study_csv"), what.url("judging:study_json")
    shown["hand_over_url"] = _hand_over_url(request, what, found)
    shown["new_task"] = _new_task(request, what, found)
    shown["next_count"] = _next_count(found) if shown["hand_over_url"] or shown["new_task"] else 0
    shown["reports"] = [(name, what.url("judging:study_report", language=name)) for name in ("ja", "en")]
    return render(request, "judging/study.html", shown)


def _unrated(study: Study) -> bool:
    strata = (study.result.get("rate_next") or {}).get("strata") or []
    return any(stratum["rated"] < stratum["responses"] for stratum in strata)


def _hand_over_url(request: MemberRequest, what: Chosen, study: Study) -> str:
    """Where the next ratings are handed over; "" where the task cannot take them or the person may not."""
    task = what.task
    can_take = not task.external and task.state == task.State.OPEN
    if not _unrated(study) or not can_take or not allows(request.user, "offer", task):
        return ""
    kwargs = {"dataset": what.slug, "pk": task.pk, "study": study.pk}
    return reverse("judging:study_next", kwargs=kwargs)


def _new_task(request: MemberRequest, what: Chosen, study: Study) -> dict[str, Any] | None:
    """What the form of a new task begins with; None where none can follow or the person may not plan one."""
    task = what.task
    if (
        not _unrated(study)
        or task.release_id is None
        or not allows(request.user, "create_task", task.dataset)
    ):
        return None
    return {
        "url": reverse(
            "judging:study_next_task", kwargs={"dataset": what.slug, "pk": task.pk, "study": study.pk}
        ),
        "overlap": task.overlap,
        "most": MOST_OVERLAP,
        "raters": members_who_rate(task.dataset),
    }


def _next_count(study: Study) -> int:
    """How many to hand over at once: as many as the plan speaks of, no more than are left."""
    strata = study.result["rate_next"]["strata"]
    return min(PLANNED, sum(stratum["responses"] - stratum["rated"] for stratum in strata))


def tabs(what: Chosen) -> dict[str, Any]:
    """The judges and modes to choose from, each with its address."""
    present = {(row["judge"], row["mode"]) for row in what.judged}
    here = what.judge.pk if what.judge else None
    return {
        "judges": [{"key": key, "name": name, "active": key == here} for key, name in what.names.items()],
        "modes": [
            {
                "label": Mode(mode).label,
                "url": what.url("judging:study", mode=mode),
                "active": mode == what.mode,
                "present": (here, mode) in present,
            }
            for mode in Mode.values
        ],
    }


def _may_judge(request: MemberRequest) -> bool:
    return allows(request.user, "create_judge", request.dataset)


def _study(request: MemberRequest, what: Chosen, judge: Judge) -> Study | Job:
    """The kept study; its rows are read only where they may have changed since it was looked at last."""
    found, mark = freshness.remembered(what.task, judge, what.mode, what.options)
    if found:
        return found
    data = what.data
    options = what.options
    kept = studies.known_study(
        what.task, judge, what.mode, seed=0, resamples=studies.RESAMPLES, data=data, options=options
    )
    if kept is None and studies.needs_job(data):
        return studies.study_job(request.user, what.task, judge, what.mode, data, options)
    found = kept or studies.study_of(request.user, what.task, judge, what.mode, data=data, options=options)
    freshness.remember(found, mark, options)
    return found


def _waiting(request: MemberRequest, what: Chosen, job: Job, shown: dict[str, Any]) -> HttpResponse:
    template = "judging/study_waiting.html#live" if request.htmx else "judging/study_waiting.html"
    return render(request, template, {**shown, "job": job, "here": what.url("judging:study")})


def kept_study(request: MemberRequest, pk: int) -> tuple[Chosen, Study] | None:
    """The study whose file is asked for; None while a job still computes it."""
    what = chosen(request, pk)
    if what.judge is None:
        raise Http404
    found = _study(request, what, what.judge)
    return None if isinstance(found, Job) else (what, found)


@reader
def study_csv(request: MemberRequest, pk: int) -> HttpResponse:
    """Every estimate as a table. Names that a spreadsheet would take for a formula are quoted."""
    kept = kept_study(request, pk)
    if kept is None:
        return redirect("judging:study", dataset=request.dataset.slug, pk=pk)
    what, found = kept
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="study-{pk}-{what.mode}.csv"'
    answer.write("\ufeff")
    lines = csv.writer(answer)
    lines.writerow(["block", "part", "statistic", "value", "low", "high", "n", "n_clusters", "note"])
    lines.writerows([_harmless(cell) for cell in row] for row in flat.lines(found.result))
    return answer


def _harmless(cell: Any) -> Any:
    return formula_safe(cell) if isinstance(cell, str) else cell


@reader
def study_json(request: MemberRequest, pk: int) -> HttpResponse:
    """The same object as `study --json` prints."""
    kept = kept_study(request, pk)
    if kept is None:
        return redirect("judging:study", dataset=request.dataset.slug, pk=pk)
    answer = JsonResponse(kept[1].result, json_dumps_params={"ensure_ascii": False, "indent": 2})
    answer["Content-Disposition"] = f'attachment; filename="study-{pk}-{kept[0].mode}.json"'
    return answer
