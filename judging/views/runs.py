from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from annotation.counts import counts_of
from annotation.models import RatingTask
from curation.errors import Invalid, TeineiError
from curation.rules import allows
from curation.views.gate import MemberRequest, attempt
from judging.actions import reparsing, runs
from judging.costs import priced
from judging.estimates import pace_of, soundness_of, spent_of
from judging.forms import CapForm, RunForm
from judging.models import JudgeRun, Mode, Verdict
from judging.queries import UNANSWERED, runs_visible_to, verdict_counts
from judging.views.choose import reader, visible_task

ACTIVE = (JudgeRun.State.QUEUED, JudgeRun.State.RUNNING)


@reader
def run_list(request: MemberRequest) -> HttpResponse:
    return redirect("judging:judges", dataset=request.dataset.slug)


@reader
def start(request: MemberRequest, pk: int) -> HttpResponse:
    """Start a judge over the task's responses, or take up the same run that broke off; or say what it would take."""
    task = visible_task(request, pk)
    form = RunForm(request.POST or None, task=task)
    estimate = None
    if request.method == "POST" and form.is_valid():
        try:
            if "estimate" in request.POST:
                estimate = runs.estimate_run(request.user, **_pass(form, task))
            else:
                made = runs.start_run(request.user, **_pass(form, task), **_caps(form))
                return redirect("judging:run", dataset=request.dataset.slug, pk=made.pk)
        except TeineiError as error:
            form.add_error(error.field if error.field in form.fields else None, error.sentence)
    context = {
        "task": task,
        "form": form,
        "estimate": estimate,
        "priced": _priced(estimate) if estimate else {},
        "responses": counts_of(task)["responses"],
        "may_create": allows(request.user, "create_judge", request.dataset),
    }
    return render(request, "judging/run_start.html", context, status=400 if form.errors else 200)


def _pass(form: RunForm, task: RatingTask) -> dict[str, Any]:
    given = form.cleaned_data
    return {"judge": given["judge"], "task": task, "modes": given["mode"], "repeats": given["repeats"]}


def _priced(estimate: dict[str, Any]) -> dict[str, str]:
    return {name: priced(estimate[name], estimate["currency"]) for name in ("money", "money_at_most")}


def _caps(form: CapForm) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in ("most_tokens", "most_money")}


def _visible(request: MemberRequest, pk: int) -> JudgeRun:
    rows = runs_visible_to(request.user, request.dataset)
    joined = ("judge__dataset", "judge__endpoint", "task", "release", "job", "person")
    return get_object_or_404(rows.select_related(*joined), pk=pk)


@reader
def run(request: MemberRequest, pk: int) -> HttpResponse:
    """How far a run is and what the judge has said so far; the page asks for itself again while it goes on."""
    found = _visible(request, pk)
    runs.settle(found)
    active, counts = found.state in ACTIVE, _counts(found)
    sound = soundness_of(found)
    missing = sound["calls"] - sum(n for status, _label, n in counts if status not in UNANSWERED)
    context = {
        "run": found,
        "modes": [Mode(mode).label for mode in found.modes],
        "job": found.job,
        "active": active,
        "pace": pace_of(found),
        "spent": spent_of(found),
        "sound": sound,
        "counts": counts,
        "missing": missing,
        "caps": CapForm(),
        "may_stop": active and allows(request.user, "pause", found),
        "may_resume": not active and missing and allows(request.user, "resume", found),
        "outdated": _outdated(request, found) if not active else 0,
    }
    template = "judging/run.html#live" if request.htmx else "judging/run.html"
    return render(request, template, context)


def _outdated(request: MemberRequest, found: JudgeRun) -> int:
    """How many stored replies could be read again by this person."""
    return len(reparsing.outdated(found.judge)) if allows(request.user, "reparse", found.judge) else 0


def _counts(found: JudgeRun) -> list[tuple[str, str, int]]:
    """Status, its words, and how many verdicts have it."""
    counts = verdict_counts(found)
    return [(name, str(label), counts[name]) for name, label in Verdict.Status.choices if name in counts]


@require_POST
@reader
def pause(request: MemberRequest, pk: int) -> HttpResponse:
    found = _visible(request, pk)
    attempt(
        request,
        lambda: runs.pause(request.user, found),
        _("It will pause shortly. Answers that came are kept."),
    )
    return redirect("judging:run", dataset=request.dataset.slug, pk=pk)


@require_POST
@reader
def cancel(request: MemberRequest, pk: int) -> HttpResponse:
    found = _visible(request, pk)
    attempt(
        request,
        lambda: runs.cancel(request.user, found),
        _("It will stop shortly. Answers that came are kept."),
    )
    return redirect("judging:run", dataset=request.dataset.slug, pk=pk)


@require_POST
@reader
def resume(request: MemberRequest, pk: int) -> HttpResponse:
    """Go on with what is missing, under higher caps where some are given."""
    found, form = _visible(request, pk), CapForm(request.POST)

    def act() -> None:
        if not form.is_valid():
            raise Invalid(_("A cap must be a number above 0, or be left empty."))
        runs.resume(request.user, found, **_caps(form))

    attempt(request, act, _("It goes on with what is missing."))
    return redirect("judging:run", dataset=request.dataset.slug, pk=pk)


@require_POST
@reader
def reparse(request: MemberRequest, pk: int) -> HttpResponse:
    found = _visible(request, pk)
    attempt(
        request,
        lambda: reparsing.reparse(request.user, found.judge),
        _("The stored replies were read again. What changed stands in the log."),
    )
    return redirect("judging:run", dataset=request.dataset.slug, pk=pk)
