"""The responses behind the numbers of a study."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render

from annotation.covering import cover, may_read_texts
from annotation.models import Response
from curation.models import Person
from curation.queries import path_words
from curation.views.gate import MemberRequest
from curation.views.numbers import is_number
from judging import tables
from judging.models import Verdict
from judging.queries import rated_rows, references_of, scores_of
from judging.views.choose import Chosen, chosen, reader
from judging.words import decision_cell, failure_name, filter_name

PAGE = 50
FILTERS = (
    *("judge_score", "human_score", "near", "model", "category", "leaf", "rater", "failure", "rate", "cell"),
    *("both", "rated", "unrated", "unparsed", "flipped", "moved"),
)


@reader
def responses(request: MemberRequest, pk: int) -> HttpResponse:
    """The responses that a number or a cell is about, fifty at a time."""
    what = chosen(request, pk)
    if what.judge is None:
        raise Http404
    data = what.data
    wanted = {key: request.GET[key] for key in FILTERS if request.GET.get(key)}
    found = tables.chosen(data, tables.rows_of(data), wanted, what.options)
    given = request.GET.get("from", "0")
    first = int(given) if is_number(given) and int(given) < len(found) else 0
    shown = found[first : first + PAGE]
    context: dict[str, Any] = {
        "what": what,
        "rows": with_texts(request.user, what, shown),
        "wanted": filter(None, (_said(what, key, value, wanted) for key, value in wanted.items())),
        "total": len(found),
        "summary": f"{first + 1}–{first + len(shown)} / {len(found)}" if found else "0",
        "study_url": what.url("judging:study"),
        "previous_url": what.url("judging:study_responses", **wanted, **{"from": max(0, first - PAGE)})
        if first
        else "",
        "next_url": what.url("judging:study_responses", **wanted, **{"from": first + PAGE})
        if first + PAGE < len(found)
        else "",
    }
    return render(request, "judging/responses.html", context)


def _said(what: Chosen, key: str, value: str, wanted: dict[str, str]) -> str:
    """A filter as the page says it."""
    if key == "failure":
        return failure_name(value)
    if key in ("category", "leaf"):
        return path_words(what.task.dataset, [value])[value]
    if key == "cell":
        return decision_cell(wanted.get("rate", ""), value)
    return filter_name(key, value)


def missed_texts(person: Person, what: Chosen, ids: list[int]) -> list[dict[str, Any]]:
    """The worst missed violations with their texts and scores, in the order of the ids."""
    texts = Response.objects.filter(pk__in=ids).select_related("text", "question_text").in_bulk()
    cover(person, what.task, texts.values())
    ratings, verdicts = scores_of(what.task, what.judge, what.mode, ids)
    return [
        {
            "response": texts[pk],
            "url": what.response_url(pk),
            "ratings": ratings.get(pk, []),
            "verdicts": verdicts.get(pk, []),
        }
        for pk in ids
        if pk in texts
    ]


def with_texts(person: Person, what: Any, found: list[tables.ResponseRow]) -> list[dict[str, Any]]:
    """The rows with their questions and answers, one query for all of them."""
    texts = (
        Response.objects.filter(pk__in=[row.response.id for row in found])
        .select_related("text", "question_text")
        .in_bulk()
    )
    cover(person, what.task, texts.values())
    return [
        {
            "row": row,
            "response": texts[row.response.id],
            "url": what.response_url(texts[row.response.id].pk),
            "failures": [failure_name(name) for name in row.failures],
        }
        for row in found
        if row.response.id in texts
    ]


@reader
def response(request: MemberRequest, pk: int, response: int) -> HttpResponse:
    """One response in full: question, reference, answer, what people said and what the judge said."""
    what = chosen(request, pk)
    rows = Response.objects.filter(in_tasks__task=what.task).select_related("text", "question_text", "item")
    found = get_object_or_404(rows, pk=response)
    cover(request.user, what.task, [found])
    readable = may_read_texts(request.user, what.task)
    verdicts = Verdict.objects.filter(call__response=found, call__judge=what.judge).select_related("call")
    context = {
        "what": what,
        "response": found,
        "reference": references_of([found], what.task.release).get(found.pk, "") if readable else "",
        "ratings": rated_rows(what.task, found),
        "verdicts": [
            {"verdict": verdict, "failure": "" if verdict.status == "ok" else failure_name(verdict.status)}
            for verdict in verdicts.order_by("-call__mode", "call__repeat")
        ],
        "back_url": what.url("judging:study_responses"),
        "study_url": what.url("judging:study"),
    }
    return render(request, "judging/response.html", context)
