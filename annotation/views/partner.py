"""The exchange of a task with Label Studio: its page for those who plan, and the address its webhooks call."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from annotation.actions import partner, partner_conflicts, partner_jobs, partner_server
from annotation.models import Exchange, PartnerConflict, Rater, Rating, RatingTask
from annotation.queries import tasks_visible_to
from annotation.rules import blinded
from curation.actions.jobs import may_stop
from curation.errors import TeineiError
from curation.models import Membership
from curation.rules import allows
from curation.views.gate import MemberRequest, attempt, member

Role, Kind, Decision = Membership.Role, PartnerConflict.Kind, PartnerConflict.Decision
planner = member(Role.LEAD, Role.RESEARCHER)
SHOWN = 50
LARGEST_HINT = 1 << 20  # bytes; what a hint says is not read, so this only keeps the line free


def _visible(request: MemberRequest, pk: int) -> RatingTask:
    """The task, unless the person still rates in it: then it does not exist for them."""
    rows = tasks_visible_to(request.user, request.dataset).select_related("rubric", "dataset")
    found = get_object_or_404(rows, pk=pk)
    if blinded(request.user, found):
        raise Http404
    return found


@planner
def exchange(request: MemberRequest, pk: int) -> HttpResponse:
    """How the exchange stands, what the last look found, and what waits for a decision."""
    task = _visible(request, pk)
    url = partner_server.address_of(task.dataset)
    found = Exchange.objects.filter(task=task, url=url).prefetch_related("projects").first()
    job = partner_jobs.jobs_of(task).first()
    active = job is not None and job.finished_at is None
    waiting = (
        PartnerConflict.objects.filter(exchange=found, decision="")
        if found
        else PartnerConflict.objects.none()
    )
    context = {
        "task": task,
        "server": url,
        "exchange": found,
        "projects": list(found.projects.all()) if found else [],
        "last": _last(found),
        "job": job,
        "active": active,
        "looked": job.result if job and job.state == "succeeded" and job.result.get("dry_run") else None,
        "waiting": waiting.count(),
        "conflicts": _rows(task, waiting),
        "decided": _decided(found),
        "raters": Rater.objects.filter(dataset=task.dataset).order_by("pseudonym"),
        "may_sync": allows(request.user, "sync", task),
        "may_stop": active and may_stop(request.user, job),
    }
    template = "annotation/partner.html#live" if request.htmx else "annotation/partner.html"
    return render(request, template, context)


def _last(found: Exchange | None) -> dict[str, Any] | None:
    return found.last if found and found.last else None


def _rows(task: RatingTask, waiting: Any) -> list[dict[str, Any]]:
    """Open conflicts with both sides' scores and what may be decided."""
    rows = list(waiting.select_related("annotation__response", "who__rater").order_by("pk")[:SHOWN])
    ours = partner_conflicts.standing(task, rows)
    return [
        {
            "conflict": one,
            "item": one.annotation.response.item_key if one.annotation else "",
            "rater": _who(one),
            "ours": _ours(ours.get(one.pk)),
            "theirs": _theirs(one),
            "comment": one.annotation.comment if one.annotation else "",
            "choices": [
                (choice.value, _words(one.kind, choice)) for choice in partner_conflicts.CHOICES[one.kind]
            ],
        }
        for one in rows
    ]


def _who(one: PartnerConflict) -> str:
    if one.who is None:
        return ""
    return one.who.rater.pseudonym if one.who.rater else one.who.mail or f"#{one.who.user_id}"


def _ours(standing: Rating | None) -> str:
    return (standing.score or _("cannot decide")) if standing else ""


def _theirs(one: PartnerConflict) -> str:
    row = one.annotation
    if row is None or one.kind == Kind.DELETED:
        return ""
    return row.wrong or ", ".join(row.scores.values()) or _("cannot decide")


def _words(kind: str, choice: PartnerConflict.Decision) -> str:
    if kind == Kind.DELETED and choice == Decision.TAKE:
        return _("Withdraw our rating")
    if choice == Decision.KEEP and kind in (Kind.OFF_SCALE, Kind.SURPLUS):
        return _("Leave this version out")
    return str(choice.label)


def _decided(found: Exchange | None) -> list[tuple[PartnerConflict, str]]:
    """What was decided last, in the words of the button that was pressed."""
    if found is None:
        return []
    rows = PartnerConflict.objects.filter(exchange=found, decided_at__isnull=False)
    last = rows.select_related("decided_by", "annotation__response").order_by("-decided_at")[:20]
    return [(one, _words(one.kind, Decision(one.decision))) for one in last]


@planner
def connection(request: MemberRequest, pk: int) -> HttpResponse:
    """Try the connection now: a part of the page, asked for by it, so that the page itself never waits.

    Only here is it known whether a project was deleted there, so here a new one is offered.
    """
    task = _visible(request, pk)
    context: dict[str, Any] = {"task": task}
    try:
        with partner_server.at_once(task.dataset) as there:
            context["found"] = there.test()
            context["gone"] = allows(request.user, "sync", task) and partner.gone_projects(task, there)
    except TeineiError as error:
        context["failure"] = error.sentence
    return render(request, "annotation/partner.html#connection", context)


@require_POST
@planner
def synchronise(request: MemberRequest, pk: int) -> HttpResponse:
    """Start a synchronisation, or with `look` only find out what it would do."""
    task = _visible(request, pk)
    look = "look" in request.POST
    attempt(
        request,
        lambda: partner_jobs.queue_sync(request.user, task, dry_run=look),
        _("Looking what would be exchanged.") if look else _("The exchange has begun."),
    )
    return redirect("annotation:partner", dataset=request.dataset.slug, pk=pk)


@require_POST
@planner
def anew(request: MemberRequest, pk: int) -> HttpResponse:
    """Forget a project that was deleted over there."""
    task = _visible(request, pk)

    def act() -> None:
        with partner_server.at_once(task.dataset) as found:
            partner.start_anew(request.user, task, found)

    attempt(request, act, _("The next synchronisation makes a new project."))
    return redirect("annotation:partner", dataset=request.dataset.slug, pk=pk)


@require_POST
@planner
def decide(request: MemberRequest, pk: int, conflict: int) -> HttpResponse:
    """Decide one conflict."""
    task = _visible(request, pk)
    rater = request.POST.get("rater", "")
    attempt(
        request,
        lambda: partner_conflicts.decide(
            request.user,
            task,
            conflict,
            decision=request.POST.get("decision", ""),
            rater=int(rater) if rater.isdecimal() and len(rater) < 19 else None,
        ),
        _("Decided. What gave way is kept and marked."),
    )
    return redirect("annotation:partner", dataset=request.dataset.slug, pk=pk)


@csrf_exempt
@require_POST
def hook(request: HttpRequest, pk: int) -> HttpResponse:
    """Something happened over there. What is said is not read: it is a hint, and a pull finds out.

    Label Studio waits one second and never asks again, so the answer is 202 at once. Without the exchange's secret the
    address does not exist.
    """
    kept = Exchange.objects.filter(pk=pk, task__state=RatingTask.State.OPEN).first()
    given = hashlib.sha256(request.headers.get("X-Teinei-Secret", "").encode()).hexdigest()
    if not hmac.compare_digest(given, kept.secret_hash if kept else "-") or kept is None:
        raise Http404
    length = request.headers.get("Content-Length") or "0"
    if not length.isdecimal() or int(length) > LARGEST_HINT:
        return HttpResponse(status=413)
    partner_jobs.hint(kept)
    return HttpResponse(status=202)
