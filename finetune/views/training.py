"""Runs: the list, launching one, and watching it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from curation.errors import TeineiError
from curation.models import Membership, Release
from curation.rules import allows
from curation.views.gate import MemberRequest, attempt, member
from curation.workflow import verbs_from
from finetune.actions import evaluations, runs
from finetune.actions.mixtures import resolve
from finetune.curves import curve
from finetune.forms import LaunchForm
from finetune.models import TrainingRun
from finetune.queries import RUN_ROLES, runs_visible_to
from finetune.training.report import by_step, read_metrics

ACTIVE = (TrainingRun.State.QUEUED, TrainingRun.State.RUNNING)
LOG_TAIL = 4000  # bytes


@member(*RUN_ROLES)
def training(request: MemberRequest) -> HttpResponse:
    rows = runs_visible_to(request.user, request.dataset).select_related("person", "mixture")[:100]
    context = {
        "runs": rows,
        "active": any(run.state in ACTIVE for run in rows),
        "may_launch": allows(request.user, "launch", request.dataset),
    }
    template = "finetune/training.html#rows" if request.htmx else "finetune/training.html"
    return render(request, template, context)


@member(Membership.Role.RESEARCHER)
def training_new(request: MemberRequest) -> HttpResponse:
    """First the counts and shares that the recipe comes to, then the launch."""
    form = LaunchForm(request.POST or None, dataset=request.dataset)
    context: dict[str, Any] = {
        "form": form,
        "releases": Release.objects.filter(dataset=request.dataset).exists(),
    }
    if request.method == "POST" and form.is_valid():
        try:
            recipe = runs.read_recipe(form.as_recipe())
            context["resolved"] = resolve(request.dataset, recipe, viewer=request.user).facts
            if "launch" in request.POST:
                run = runs.launch(request.user, request.dataset, recipe)
                return redirect("finetune:training_run", dataset=request.dataset.slug, pk=run.pk)
        except TeineiError as error:
            form.add_error(error.field if error.field in form.fields else None, error.sentence)
    return render(request, "finetune/training_new.html", context)


@member(*RUN_ROLES)
def training_run(request: MemberRequest, pk: int) -> HttpResponse:
    """One run; the live part asks for itself again while it goes on."""
    run = _found(request, pk)
    folder = runs.folder_of(run)
    rows = by_step(read_metrics(folder / "metrics.jsonl")[0])
    compared = run.evaluations.select_related("release")
    context = {
        "run": run,
        "active": run.state in ACTIVE,
        "seconds": _seconds(run),
        "waiting": _what_it_waits_for(run),
        "of_steps": f"/ {run.steps}" if run.steps else "",
        "curve": curve(rows, steps=run.steps),
        "last_rows": rows[-8:][::-1],
        "checkpoints": run.checkpoints.all(),
        "evaluations": compared,
        "evaluating": any(evaluation.state in ACTIVE for evaluation in compared),
        "verbs": [
            verb
            for verb in ("cancel", "resume")
            if verb in verbs_from(run) and allows(request.user, verb, run)
        ],
        "may_evaluate": allows(request.user, "evaluate", run),
        "log": _tail(folder / "trainer.log"),
    }
    template = "finetune/training_run.html#live" if request.htmx else "finetune/training_run.html"
    return render(request, template, context)


def _seconds(run: TrainingRun) -> int | None:
    """From the first attempt's beginning to the end."""
    if run.started_at is None or run.finished_at is None:
        return None
    return round((run.finished_at - run.started_at).total_seconds())


def _what_it_waits_for(run: TrainingRun) -> str:
    if run.state not in ACTIVE:
        return ""
    if run.state == TrainingRun.State.RUNNING:
        return _("Waiting for the trainer to begin.")
    from curation.worker import worker_listening  # redis: commands load this file with the addresses

    if not worker_listening("training"):
        return _("No worker is listening. The run starts by itself once one does.")
    return _("Waiting for a worker that is free.")


def _found(request: MemberRequest, pk: int) -> TrainingRun:
    visible = runs_visible_to(request.user, request.dataset)
    return get_object_or_404(visible.select_related("person", "mixture", "dataset"), pk=pk)


def _tail(path: Path) -> str:
    """The last lines of the trainer's log: ids and numbers, never training text."""
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - LOG_TAIL))
            return stream.read().decode("utf-8", errors="replace")
    except OSError:
        return ""


@require_POST
@member(*RUN_ROLES)
def training_cancel(request: MemberRequest, pk: int) -> HttpResponse:
    run = _found(request, pk)
    attempt(request, lambda: runs.cancel(request.user, run), _("It saves a checkpoint and stops."))
    return redirect("finetune:training_run", dataset=request.dataset.slug, pk=pk)


@require_POST
@member(*RUN_ROLES)
def training_resume(request: MemberRequest, pk: int) -> HttpResponse:
    run = _found(request, pk)
    attempt(request, lambda: runs.resume(request.user, run), _("It goes on from the last checkpoint."))
    return redirect("finetune:training_run", dataset=request.dataset.slug, pk=pk)


@require_POST
@member(*RUN_ROLES)
def training_evaluate(request: MemberRequest, pk: int) -> HttpResponse:
    run = _found(request, pk)
    attempt(
        request,
        lambda: evaluations.queue_evaluation(request.user, run),
        _("Both models answer the test questions now."),
    )
    return redirect("finetune:training_run", dataset=request.dataset.slug, pk=pk)
