"""The drafting aid on the writing page: asked for, waited for, put in by the person's own act, thrown away."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from curation.actions import aid as act
from curation.errors import TeineiError
from curation.models import Category, Item, Job, Membership, Suggestion
from curation.queries import items_visible_to
from curation.rules import allows
from curation.views.gate import MemberRequest, attempt, member

Role = Membership.Role
LABELS = {
    "answer": _("Suggest an answer"),
    "harmless": _("Suggest a harmless twin"),
    "evasive": _("Suggest an evasive twin"),
}
FAILURES = {
    "refused": _("The model declined to write it."),
    "provider_filtered": _("The model's provider filtered the question or the answer."),
    "truncated": _("The model's text was cut off, so it is not shown."),
    "off_format": _("The model sent nothing that can be used."),
    "transport": _("The model could not be reached."),
    "timeout": _("The model did not answer in time."),
}


def panel(
    request: MemberRequest, item: Item, *, answer_only: bool, covered: Category | None
) -> dict[str, Any]:
    """What `_aid.html` shows; an empty `kinds` where the aid is not for this person and item."""
    if not allows(request.user, "ask_aid", item):
        return {"kinds": []}
    kinds = ["answer"] if answer_only else list(LABELS)
    rows = [_row(each) for each in act.suggestions_of(request.user, item) if each.kind in kinds]
    return {
        "kinds": [{"name": name, "label": LABELS[name]} for name in kinds],
        "rows": rows,
        "waiting": any(row["waiting"] for row in rows),
        "seen": "-".join(str(row["pk"]) for row in rows if row["waiting"]),
        "category": covered,
    }


def _row(suggestion: Suggestion) -> dict[str, Any]:
    job = suggestion.job
    waiting = job is not None and job.state in act.UNDER_WAY
    sentence: object = ""
    if suggestion.failure:
        sentence = FAILURES.get(suggestion.failure, FAILURES["off_format"])
    elif not waiting and not suggestion.text:
        sentence = job.message if job is not None and job.state == Job.State.FAILED else FAILURES["transport"]
    return {
        "pk": suggestion.pk,
        "kind": suggestion.get_kind_display(),
        "part": suggestion.part,
        "text": suggestion.text,
        "waiting": waiting,
        "sentence": sentence,
    }


def _found(request: MemberRequest, pk: int) -> Item:
    items = items_visible_to(request.user, request.dataset).select_related(
        "dataset__routine", "rights", "category", "current_revision"
    )
    item: Item = get_object_or_404(items, pk=pk)
    if not allows(request.user, "ask_aid", item):
        raise Http404
    return item


def _shown(request: MemberRequest, item: Item, error: TeineiError | None = None) -> HttpResponse:
    asked = panel(request, item, answer_only=asks_answer_only(request, item), covered=item.category)
    return render(request, "curation/_aid.html", {"aid": asked, "item": item, "aid_error": error})


def _moved(request: MemberRequest, item: Item) -> HttpResponse:
    """How far it is; 204 while that is what the page shows, so that nothing is drawn anew under the person's hands."""
    from curation.worker import worker_listening  # with the queue's client: addresses load none

    asked = panel(request, item, answer_only=asks_answer_only(request, item), covered=item.category)
    if asked["waiting"] and request.GET.get("seen") == asked["seen"] + ("" if worker_listening() else "w"):
        return HttpResponse(status=204)
    return render(request, "curation/_aid.html", {"aid": asked, "item": item})


def asks_answer_only(request: MemberRequest, item: Item) -> bool:
    """Whether the question stands and only its answer is wanted: another's question is not typed over."""
    revision = item.current_revision
    waits = item.state == Item.State.AWAITING_ANSWER and revision is not None
    return bool(waits and revision and revision.question_author_id != request.user.pk)


@member(Role.AUTHOR, warned=True)
def aid(request: MemberRequest, pk: int) -> HttpResponse:
    """GET: how far it is. POST asks for `kind` with the question as it is typed."""
    item = _found(request, pk)
    if request.method != "POST":
        return _moved(request, item)
    kind, question = request.POST.get("kind", ""), request.POST.get("question", "").replace("\r\n", "\n")
    if not request.htmx:
        attempt(request, lambda: act.ask_aid(request.user, item, kind=kind, question=question))
        return redirect("curation:write_item", dataset=request.dataset.slug, pk=pk)
    try:
        act.ask_aid(request.user, item, kind=kind, question=question)
    except TeineiError as error:
        return _shown(request, item, error)
    return _shown(request, item)


@require_POST
@member(Role.AUTHOR)
def throw_away(request: MemberRequest, pk: int, suggestion: int) -> HttpResponse:
    """Throw one's own suggestion away."""
    item = _found(request, pk)
    mine = get_object_or_404(act.suggestions_of(request.user, item), pk=suggestion)
    attempt(request, lambda: act.throw_away(request.user, mine))
    if not request.htmx:
        return redirect("curation:write_item", dataset=request.dataset.slug, pk=pk)
    return _shown(request, item)
