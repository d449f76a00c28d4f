"""A figure of a kept study in each of its forms, and the whole study as one report."""

from __future__ import annotations

import csv
import json
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from annotation.models import RatingTask
from annotation.rules import blinded
from curation.errors import Invalid
from curation.views.gate import MemberRequest, attempt
from curation.views.numbers import is_number
from judging import charts
from judging import report as reports
from judging.actions.rounds import hand_over_from, new_task_from
from judging.models import Study
from judging.options import options_of, query_of
from judging.panels import Block, blocks_of
from judging.panels.shown import pictures
from judging.views import page
from judging.views.choose import Chosen, reader, visible_task
from judging.views.studies import kept_study

FRESH = 600  # seconds a browser may keep a figure; a study never changes
PICTURES: dict[str, tuple[str, Callable[[charts.Spec], str | bytes]]] = {
    "svg": ("image/svg+xml", charts.svg),
    "png": ("image/png", charts.png),
}
FORMS = ("csv", *PICTURES)


@reader
def figure(request: MemberRequest, pk: int, study: int, name: str, form: str) -> HttpResponse:
    """A figure as a specification for the screen, as a picture for papers, or its table."""
    task = visible_task(request, pk)
    rows = Study.objects.select_related("judge").defer("result")
    found = get_object_or_404(rows, pk=study, task=task)
    what = Chosen(task=task, judged=[], judge=found.judge, mode=found.mode, slug=request.dataset.slug)
    with translation.override(language_of(request)):
        if form == "json":
            return _specification(what, found, name)
        block = blocks_of(page.reading_of(what, found)).get(name)
        if form not in FORMS or block is None or (form != "csv" and block.figure is None):
            raise Http404
        answer = _csv(block) if form == "csv" else _picture(block, found, form)
    answer["Cache-Control"] = f"private, max-age={FRESH}"
    answer["Content-Disposition"] = f'attachment; filename="study-{pk}-{found.mode}-{name}.{form}"'
    return answer


def _specification(what: Chosen, study: Study, name: str) -> HttpResponse:
    """For the screen. A page asks for a dozen of them at once, so all are made with the first and kept."""
    prefix = f"spec-{page.stamp(study)}-{translation.get_language()}"
    text = cache.get(f"{prefix}-{name}")
    if text is None:
        blocks = blocks_of(page.reading_of(what, study))
        drawn = {n: block.figure for n, block in blocks.items() if block.figure}
        made = {
            n: json.dumps(charts.specification(figure), ensure_ascii=False) for n, figure in drawn.items()
        }
        cache.set_many({f"{prefix}-{n}": spec for n, spec in made.items()}, page.KEPT)
        text = made.get(name)
    if text is None:
        raise Http404
    answer = HttpResponse(text, content_type="application/json")
    answer["Cache-Control"] = f"private, max-age={FRESH}"
    return answer


def language_of(request: MemberRequest) -> str:
    """The language an address asks for, else the person's."""
    wanted = request.GET.get("language", "")
    known = dict(settings.LANGUAGES)
    return wanted if wanted in known else (translation.get_language() or settings.LANGUAGE_CODE)


def _picture(block: Block, study: Study, form: str) -> HttpResponse:
    assert block.figure is not None
    if not pictures():
        raise Http404
    kind, drawn = PICTURES[form]
    key = f"figure-{page.stamp(study)}-{block.name}-{form}-{translation.get_language()}"
    spec = charts.specification(block.figure, paper=True)
    return HttpResponse(cache.get_or_set(key, lambda: drawn(spec), page.KEPT), content_type=kind)


def _csv(block: Block) -> HttpResponse:
    answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    csv.writer(answer).writerows(block.table.lines())
    return answer


@reader
def next_ratings(request: MemberRequest, pk: int, study: int) -> HttpResponse:
    """Hand the next ratings of a kept study to the raters."""
    task = visible_task(request, pk)
    found = get_object_or_404(Study.objects.select_related("judge"), pk=study, task=task)
    count = request.POST.get("count", "")
    if request.method != "POST":
        return redirect("judging:study", dataset=request.dataset.slug, pk=pk)

    def act() -> None:
        number = int(count) if is_number(count) else 0
        drawn = hand_over_from(request.user, found, count=number, seed=secrets.randbelow(2**31))
        messages.success(request, _("Handed over to the raters: %(n)s responses.") % {"n": drawn})

    attempt(request, act)
    return _back(request, found)


def _back(request: MemberRequest, study: Study) -> HttpResponse:
    """To the page that showed the study."""
    query = urlencode({"judge": study.judge_id, "mode": study.mode, **query_of(options_of(study.result))})
    kwargs = {"dataset": request.dataset.slug, "pk": study.task_id}
    return redirect(f"{reverse('judging:study', kwargs=kwargs)}?{query}")


@reader
def next_task(request: MemberRequest, pk: int, study: int) -> HttpResponse:
    """Plan a new task of what a kept study draws next, and go there; to the list for whoever rates in it themselves."""
    task = visible_task(request, pk)
    found = get_object_or_404(Study.objects.select_related("judge"), pk=study, task=task)
    sent, made = request.POST, list[RatingTask]()
    if request.method != "POST":
        return redirect("judging:study", dataset=request.dataset.slug, pk=pk)

    def act() -> None:
        if "confirm" not in sent:
            raise Invalid(_("Please confirm that a new task is to begin."), field="confirm")
        count, overlap = (
            int(sent[key]) if is_number(sent.get(key, "")) else 0 for key in ("count", "overlap")
        )
        made.append(
            new_task_from(
                request.user,
                found,
                count=count,
                seed=secrets.randbelow(2**31),
                name=sent.get("name", ""),
                overlap=overlap,
                raters=sent.getlist("raters"),
            )
        )

    attempt(request, act)
    if not made:
        return _back(request, found)
    if blinded(request.user, made[0]):
        return redirect("annotation:tasks", dataset=request.dataset.slug)
    return redirect("annotation:task", dataset=request.dataset.slug, pk=made[0].pk)


@reader
def report(request: MemberRequest, pk: int) -> HttpResponse:
    """The whole study as one file that needs nothing else."""
    kept: Any = kept_study(request, pk)
    if kept is None:
        return redirect("judging:study", dataset=request.dataset.slug, pk=pk)
    what, found = kept
    language = language_of(request)
    answer = HttpResponse(reports.html(found, language), content_type="text/html; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="study-{pk}-{what.mode}-{language}.html"'
    return answer
