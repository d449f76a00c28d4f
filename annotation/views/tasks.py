"""Rating tasks for those who plan them."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from annotation.actions import tasks
from annotation.actions.population import population_of
from annotation.actions.rubrics import rubric_named
from annotation.campaign import facts_of, forecast_of, notes_on, places_of, with_progress
from annotation.counts import counts_of, progress_of, with_counts
from annotation.forms import TaskForm
from annotation.models import RatingTask
from annotation.queries import tasks_visible_to
from annotation.rules import blinded, blinded_in
from curation.errors import TeineiError
from curation.models import Membership
from curation.reading import Leaf, interval
from curation.rules import allows
from curation.views.gate import MemberRequest, attempt, member

Role = Membership.Role
planner = member(Role.LEAD, Role.RESEARCHER)


@planner
def task_list(request: MemberRequest) -> HttpResponse:
    """Every task with its size; models and ratings stand on the task's own page."""
    rows = with_counts(tasks_visible_to(request.user, request.dataset))
    may_create = allows(request.user, "create_task", request.dataset)
    return render(request, "annotation/tasks.html", {"tasks": rows, "may_create": may_create})


@planner
def new(request: MemberRequest) -> HttpResponse:
    """Plan a task and draw its population. The forecast comes back alone to the script, else with the whole page."""
    form = TaskForm(request.POST or None, person=request.user, dataset=request.dataset)
    previewing = bool(request.htmx) or "preview" in request.POST
    if request.method == "POST" and previewing:
        context = {"form": form, "forecast": _forecast(request, form)}
        template = "annotation/_forecast.html" if request.htmx else "annotation/task_new.html"
        return render(request, template, context)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        try:
            rubric = rubric_named(request.user, request.dataset, values.pop("rubric"))
            made = tasks.create_task(request.user, request.dataset, rubric=rubric, **values)
        except TeineiError as error:
            form.add_error(error.field if error.field in form.fields else None, error.sentence)
        else:
            return redirect("annotation:task", dataset=request.dataset.slug, pk=made.pk)
    return render(request, "annotation/task_new.html", {"form": form}, status=400 if form.errors else 200)


def _forecast(request: MemberRequest, form: TaskForm) -> dict[str, Any]:
    """What the plan on the page buys: `found` and `notes`, or `missing`, what keeps it from being told."""
    form.fields["name"].required = False
    if not form.is_valid():
        field = next(iter(form.errors))
        label = form.fields[field].label if field in form.fields else ""
        return {"missing": f"{label}: {form.errors[field][0]}"}
    given = form.cleaned_data
    rest = {key: given[key] for key in ("overlap", "arms", "gold_share", "qualify_at")}
    try:
        with transaction.atomic():
            rubric = rubric_named(request.user, request.dataset, given["rubric"])
            tasks.check_campaign(request.dataset, rubric, **rest)
            found = forecast_of(
                request.dataset,
                rubric,
                population_of(request.dataset, given["release"], form.plan_asked(), rubric),
                raters=len(tasks.raters_named(request.dataset, given["raters"])),
                blind=blinded_in(request.user, request.dataset),
                **rest,
            )
            notes = notes_on(found, rubric, given["arms"])
            transaction.set_rollback(True)  # a rubric that was brought in for the answer goes again
    except TeineiError as error:
        return {"missing": error.sentence}
    return {"found": found, "notes": notes, "rubric": rubric, "seen": _seen(found.assumed.measured)}


def _seen(measured: dict[str, Leaf]) -> dict[str, str]:
    """Interval and number of responses of what was seen in the dataset, in words."""
    said = {
        name: interval(leaf, digits=0 if name == "rate" else 2, percent=name == "rate")
        for name, leaf in measured.items()
    }
    return {name: f"{said[name]} n={leaf['n']}" for name, leaf in measured.items()}


def _visible(request: MemberRequest, pk: int) -> RatingTask:
    """The task, unless the person still rates in it: then it does not exist for them."""
    rows = tasks_visible_to(request.user, request.dataset).select_related("rubric", "release", "dataset")
    found = get_object_or_404(rows, pk=pk)
    if blinded(request.user, found):
        raise Http404
    return found


@planner
def task(request: MemberRequest, pk: int) -> HttpResponse:
    """What the campaign is, how far it is, and where each of its raters stands."""
    found = _visible(request, pk)
    may_run = allows(request.user, "close", found) and not found.external
    here, progress = places_of(found), progress_of(found)
    taking_part = {row["rater"].person_id for row in here}
    context = {
        "task": found,
        "counts": counts_of(found),
        "progress": progress,
        "places": with_progress(here, progress),
        "facts": facts_of(found),
        "may_close": may_run,
        "may_keep": allows(request.user, "keep_cases", found.rubric),
        "others": [one for one in tasks.members_who_rate(request.dataset) if one.pk not in taking_part]
        if may_run
        else [],
    }
    return render(request, "annotation/task.html", context)


@require_POST
@planner
def close(request: MemberRequest, pk: int) -> HttpResponse:
    found = _visible(request, pk)
    attempt(request, lambda: tasks.close(request.user, found), _("The task is closed."))
    return redirect("annotation:task", dataset=request.dataset.slug, pk=pk)


@require_POST
@planner
def reopen(request: MemberRequest, pk: int) -> HttpResponse:
    """A person who is a rater of it too is blind again as soon as it is open."""
    found = _visible(request, pk)
    attempt(request, lambda: tasks.reopen(request.user, found), _("The task is open again."))
    return redirect("annotation:tasks", dataset=request.dataset.slug)


@require_POST
@planner
def add_raters(request: MemberRequest, pk: int) -> HttpResponse:
    """Those who are ticked, else all members with the role."""
    found = _visible(request, pk)
    names = request.POST.getlist("raters")
    done = _("They take part.") if names else _("All members with the role of rater take part.")
    attempt(request, lambda: tasks.add_raters(request.user, found, names), done)
    return _to_task(request, found)


@require_POST
@planner
def pause(request: MemberRequest, pk: int) -> HttpResponse:
    """Give a rater nothing more, or let them go on (`on`)."""
    found = _visible(request, pk)
    given, paused = request.POST.get("who", ""), "on" not in request.POST
    rater = int(given) if given.isdecimal() and len(given) < 19 else 0
    done = _("The rater gets nothing more until you say so.") if paused else _("The rater can go on.")
    attempt(request, lambda: tasks.pause(request.user, found, rater, paused=paused), done)
    return _to_task(request, found)


def _to_task(request: MemberRequest, found: RatingTask) -> HttpResponse:
    """Back to the task, or to the list where the person has become blind to it."""
    if blinded(request.user, found):
        return redirect("annotation:tasks", dataset=request.dataset.slug)
    return redirect("annotation:task", dataset=request.dataset.slug, pk=found.pk)
