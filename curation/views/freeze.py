"""The manager's checklist: choices, what the gates say of them, and the freeze. A draft's address is its check's job."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect, HttpResponseClientRefresh

from curation.actions import freeze_jobs as act
from curation.actions.releases import Choice, default_test_per_leaf
from curation.actions.waivers import waive as waive_gate
from curation.errors import TeineiError
from curation.forms import FreezeForm
from curation.log import OPERATOR
from curation.models import Job, Membership, Release, Translation
from curation.queries import named_steps
from curation.rules import allows
from curation.views.checklist import checklist
from curation.views.gate import MemberRequest, attempt, member

MANAGER, LEAD = Membership.Role.RELEASE_MANAGER, Membership.Role.LEAD


@member(MANAGER)
def choose(request: MemberRequest) -> HttpResponse:
    """What goes into a release and under which terms; `from` is a draft whose choices to begin with."""
    form = FreezeForm(request.POST or None, dataset=request.dataset, initial=_initial(request))
    if request.method == "POST" and form.is_valid():
        try:
            job = act.queue_check(request.user, request.dataset, Choice(**form.choice()))
        except TeineiError as error:
            form.add_error(error.field if error.field in form.fields else None, error.sentence)
        else:
            return _to(request, job)
    return render(request, "curation/release_freeze.html", {"form": form, "drafts": _drafts(request)})


def _initial(request: MemberRequest) -> dict[str, Any]:
    dataset, before = request.dataset, request.GET.get("from", "")
    if before.isdecimal() and len(before) < 19:
        found = Job.objects.filter(dataset=dataset, kind=act.CHECK, pk=int(before)).first()
        if found:
            kept = dict(found.arguments["choice"])
            return kept | {"version": kept["version"] or ""}
    approved = Translation.objects.filter(item__dataset=dataset, approved_revision__isnull=False)
    return {
        "seed": 1,
        "test_per_leaf": default_test_per_leaf(dataset),
        "locales": list(approved.order_by("locale").values_list("locale", flat=True).distinct()),
    }


def _drafts(request: MemberRequest) -> list[Job]:
    """Drafts that are not frozen yet, the newest of each name first."""
    frozen = set(Release.objects.filter(dataset=request.dataset).values_list("name", flat=True))
    newest: dict[str, Job] = {}
    for job in Job.objects.filter(dataset=request.dataset, kind=act.CHECK).select_related("person")[:20]:
        name = job.arguments["choice"]["name"]
        if name not in frozen:
            newest.setdefault(name, job)
    return list(newest.values())[:5]


@member(MANAGER, LEAD)
def draft(request: MemberRequest, pk: int) -> HttpResponse:
    """The checklist; while a job of it is under way the page asks for itself again."""
    job = _found(request, pk)
    choice = job.arguments["choice"]
    freezing = Job.objects.filter(dataset=request.dataset, kind=act.FREEZE, arguments__check=job.pk).first()
    release = Release.objects.filter(dataset=request.dataset, name=choice["name"]).first()
    if release and request.htmx:
        return HttpResponseClientRedirect(_release_url(request, release.name).url)
    shown = freezing if freezing and freezing.state != Job.State.SUCCEEDED else job
    active = shown.finished_at is None and not act.lost(shown)
    if request.htmx and not active:
        return HttpResponseClientRefresh()
    context = {
        "job": job,
        "choice": choice,
        "release": release,
        "shown": shown,
        "active": active,
        "lost": act.lost(shown),
        "freezing": shown is freezing,
        "may_freeze": allows(request.user, "freeze", request.dataset),
        "may_waive": allows(request.user, "waive", request.dataset) and job.person_id != request.user.pk,
        "result": {},
        "locales": choice["locales"] or (),
        **(_result(request, job) if job.state == Job.State.SUCCEEDED else {}),
    }
    template = "curation/release_draft.html"
    return render(request, f"{template}#draft" if request.htmx else template, context)


def _result(request: MemberRequest, job: Job) -> dict[str, Any]:
    leaves = job.result["counts"]["leaves"]
    return {
        "result": job.result,
        "locales": job.result["locales"],
        "leaves": list(zip(named_steps(request.dataset, leaves), leaves.values(), strict=True)),
        "changed": act.changed_since(job),
        **checklist(job, viewer=request.user),
    }


@require_POST
@member(MANAGER)
def again(request: MemberRequest, pk: int) -> HttpResponse:
    """The same choices, looked at anew."""
    job = _found(request, pk)
    try:
        act.give_up(job)
        job = act.queue_check(request.user, request.dataset, act.choice_of(job))
    except TeineiError as error:
        messages.error(request, error.sentence)
    return _to(request, job)


@require_POST
@member(MANAGER, LEAD)
def waive(request: MemberRequest, pk: int) -> HttpResponse:
    job = _found(request, pk)
    said = {gate["key"]: gate["finding"] for gate in job.result.get("gates", ())}
    gate = request.POST.get("gate", "")
    attempt(
        request,
        lambda: waive_gate(
            request.user,
            request.dataset,
            release_name=job.arguments["choice"]["name"],
            gate=gate,
            finding=said.get(gate, ""),
            reason=request.POST.get("reason", ""),
            drawn_by=job.person or OPERATOR,
        ),
        _("The gate is let through for this release, as long as it finds the same."),
    )
    page = reverse("curation:release_draft", kwargs={"dataset": request.dataset.slug, "pk": job.pk})
    return redirect(f"{page}#gate-{gate}" if gate in said else page)


@require_POST
@member(MANAGER)
def confirm(request: MemberRequest, pk: int) -> HttpResponse:
    """The freeze itself, with the name typed."""
    job = _found(request, pk)
    name = job.arguments["choice"]["name"]
    if Release.objects.filter(dataset=request.dataset, name=name).exists():
        return _release_url(request, name)
    if request.POST.get("confirm", "").strip() != name:
        messages.error(request, _("Type the release's name exactly to freeze it."))
    else:
        attempt(request, lambda: act.queue_freeze(request.user, job))
    return _to(request, job)


def _found(request: MemberRequest, pk: int) -> Job:
    checks = Job.objects.filter(dataset=request.dataset, kind=act.CHECK).select_related("person", "dataset")
    return get_object_or_404(checks, pk=pk)


def _to(request: MemberRequest, job: Job) -> Any:
    return redirect("curation:release_draft", dataset=request.dataset.slug, pk=job.pk)


def _release_url(request: MemberRequest, name: str) -> Any:
    return redirect("curation:release", dataset=request.dataset.slug, name=name)
