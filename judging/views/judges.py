from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from curation.errors import TeineiError
from curation.rules import allows
from curation.views.gate import MemberRequest
from judging import benchmarks
from judging.actions.judges import create_judge, scale_of, shipped_prompt
from judging.forms import JudgeForm
from judging.queries import judges_visible_to, runs_visible_to, with_verdict_counts
from judging.views.choose import reader

SHOWN = 20


@reader
def judge_list(request: MemberRequest) -> HttpResponse:
    """Every judge of the dataset, the runs of late, and the benchmarks that judges can be made for."""
    rows = with_verdict_counts(judges_visible_to(request.user, request.dataset)).order_by("name")
    runs = runs_visible_to(request.user, request.dataset).select_related("judge", "task", "release", "job")
    context = {
        "judges": rows,
        "runs": runs[:SHOWN],
        "may_create": allows(request.user, "create_judge", request.dataset),
        "benchmarks": [_benchmark(one) for one in benchmarks.shipped()],
    }
    return render(request, "judging/judges.html", context)


def _benchmark(one: benchmarks.Benchmark) -> dict[str, Any]:
    """A benchmark's words, and whether a native reader has signed the prompts of its axes."""
    language = "ja" if (get_language() or "ja").startswith("ja") else "en"
    return {
        "name": one.name,
        "title": one.titles[language],
        "population": one.populations[language],
        "axes": one.axes,
        "unreviewed": any(not shipped_prompt(axis.prompt).get("reviewed") for axis in one.axes),
    }


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
