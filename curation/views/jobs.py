from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from curation.actions import jobs
from curation.queries import jobs_visible_to
from curation.views.gate import MemberRequest, attempt, member

SHOWN = 50


@member()
def job_list(request: MemberRequest) -> HttpResponse:
    """Everything that runs or ran; the table asks for itself again while something is going on."""
    rows = jobs_visible_to(request.user, request.dataset).select_related("person")[:SHOWN]
    shown = [{"job": job, "may_stop": jobs.may_stop(request.user, job)} for job in rows]
    active = any(job.finished_at is None for job in rows)
    template = "curation/jobs.html#rows" if request.htmx else "curation/jobs.html"
    return render(request, template, {"rows": shown, "active": active})


@require_POST
@member()
def job_cancel(request: MemberRequest, pk: int) -> HttpResponse:
    job = get_object_or_404(jobs_visible_to(request.user, request.dataset), pk=pk)
    attempt(
        request,
        lambda: jobs.cancel(request.user, job),
        _("It will stop shortly. What is done so far is kept."),
    )
    return redirect("curation:jobs", dataset=request.dataset.slug)
