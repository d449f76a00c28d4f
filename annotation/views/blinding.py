"""The blinding report of a task, for those who answer for its ratings."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render

from annotation.blind_record import read_blinding
from annotation.queries import tasks_visible_to
from annotation.rules import blinded
from curation.models import Membership
from curation.views.gate import MemberRequest, member

Role = Membership.Role


@member(Role.LEAD, Role.RESEARCHER)
def blinding(request: MemberRequest, pk: int) -> HttpResponse:
    """What raters could see and what not, from the record. It does not exist for whoever still rates in the task."""
    rows = tasks_visible_to(request.user, request.dataset).select_related("rubric", "release", "dataset")
    task = get_object_or_404(rows, pk=pk)
    if blinded(request.user, task):
        raise Http404
    return render(
        request, "annotation/blinding.html", {"task": task, "found": read_blinding(request.user, task)}
    )
