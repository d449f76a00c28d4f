from __future__ import annotations

import json

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from curation.errors import TeineiError
from curation.rules import allows
from curation.views.gate import MemberRequest
from judging.actions.judges import create_judge, scale_of
from judging.forms import JudgeForm
from judging.queries import judges_visible_to, runs_visible_to, with_verdict_counts
from judging.views.choose import reader

SHOWN = 20


@reader
def judge_list(request: MemberRequest) -> HttpResponse:
    """Every judge of the dataset, and the runs of late."""
    rows = with_verdict_counts(judges_visible_to(request.user, request.dataset)).order_by("name")
    runs = runs_visible_to(request.user, request.dataset).select_related("judge", "task", "release", "job")
    context = {
        "judges": rows,
        "runs": runs[:SHOWN],
        "may_create": allows(request.user, "create_judge", request.dataset),
    }
    return render(request, "judging/judges.html", context)


@reader
def new(request: MemberRequest) -> HttpResponse:
    """Make a judge from JSON; it never changes afterwards."""
    form = JudgeForm(request.POST or None, dataset=request.dataset)
    if request.method == "POST" and form.is_valid():
        try:
            made = create_judge(request.user, request.dataset, form.cleaned_data["spec"])
        except TeineiError as error:
            form.add_error("spec", error.sentence)
        else:
            messages.success(request, _("The judge is there. It can be started from the page of a study."))
            return redirect("judging:judge", dataset=request.dataset.slug, pk=made.pk)
    return render(request, "judging/judge_new.html", {"form": form}, status=400 if form.errors else 200)


@reader
def judge(request: MemberRequest, pk: int) -> HttpResponse:
    """What a judge is made of."""
    found = get_object_or_404(with_verdict_counts(judges_visible_to(request.user, request.dataset)), pk=pk)
    context = {
        "judge": found,
        "scale": scale_of(found),
        "prompt": found.spec.get("prompt"),
        "sampling": json.dumps(found.spec.get("sampling") or {}, ensure_ascii=False),
        "runs": runs_visible_to(request.user, request.dataset)
        .filter(judge=found)
        .select_related("task", "release", "job")[:SHOWN],
    }
    return render(request, "judging/judge.html", context)
