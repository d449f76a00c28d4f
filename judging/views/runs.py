from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from annotation.queries import counts_of
from curation.errors import TeineiError
from curation.rules import allows
from curation.views.gate import MemberRequest, attempt
from judging.actions import runs
from judging.forms import RunForm
from judging.models import JudgeRun, Verdict
from judging.queries import runs_visible_to, verdict_counts
from judging.views.choose import reader, visible_task

ACTIVE = (JudgeRun.State.QUEUED, JudgeRun.State.RUNNING)


@reader
def run_list(request: MemberRequest) -> HttpResponse:
    return redirect("judging:judges", dataset=request.dataset.slug)


@reader
def start(request: MemberRequest, pk: int) -> HttpResponse:
    """Start a judge over the task's responses, or take up the same run that broke off."""
    task = visible_task(request, pk)
    form = RunForm(request.POST or None, task=task)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made = runs.start_run(
                request.user, judge=given["judge"], task=task, modes=given["mode"], repeats=given["repeats"]
            )
        except TeineiError as error:
            form.add_error(error.field if error.field in form.fields else None, error.sentence)
        else:
            return redirect("judging:run", dataset=request.dataset.slug, pk=made.pk)
    context = {
        "task": task,
        "form": form,
        "responses": counts_of(task)["responses"],
        "may_create": allows(request.user, "create_judge", request.dataset),
    }
    return render(request, "judging/run_start.html", context, status=400 if form.errors else 200)


def _visible(request: MemberRequest, pk: int) -> JudgeRun:
    rows = runs_visible_to(request.user, request.dataset)
    return get_object_or_404(rows.select_related("judge__dataset", "task", "release", "job", "person"), pk=pk)


@reader
def run(request: MemberRequest, pk: int) -> HttpResponse:
    """How far a run is and what the judge has said so far; the page asks for itself again while it goes on."""
    found = _visible(request, pk)
    runs.settle(found)
    counts = verdict_counts(found)
    labels = dict(Verdict.Status.choices)
    context = {
        "run": found,
        "job": found.job,
        "active": found.state in ACTIVE,
        "done": sum(counts.values()),
        "counts": [
            (name, labels.get(name, name), counts[name]) for name in Verdict.Status.values if name in counts
        ],
        "may_resume": found.state not in ACTIVE and allows(request.user, "resume", found),
        "may_cancel": found.state in ACTIVE and allows(request.user, "cancel", found),
    }
    template = "judging/run.html#live" if request.htmx else "judging/run.html"  # type: ignore[attr-defined]
    return render(request, template, context)


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
    found = _visible(request, pk)
    attempt(request, lambda: runs.resume(request.user, found), _("It goes on with what is missing."))
    return redirect("judging:run", dataset=request.dataset.slug, pk=pk)
