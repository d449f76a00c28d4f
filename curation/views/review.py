"""Reviewing: what waits, and one revision at a time."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from curation.actions import items as act
from curation.actions import reviews
from curation.errors import Conflict, TeineiError, WrongState
from curation.forms import ATTRIBUTES, DecisionForm, WordingForm
from curation.models import Draft, Item, Membership, Review, Revision
from curation.queries import (
    history_of,
    items_in_list,
    items_visible_to,
    review_queue,
    reviews_of,
)
from curation.reasons import reasons_for
from curation.rules import allows, why_not
from curation.sentences import event_of
from curation.textdiff import changes
from curation.views import work
from curation.views.gate import MemberRequest, member
from curation.views.numbers import is_number

PAGE = 30
Role = Membership.Role
D = Review.Decision


@member(Role.REVIEWER)
def queue(request: MemberRequest) -> HttpResponse:
    """What waits for a review, oldest first; nobody's own work is in it."""
    waiting = review_queue(request.user, request.dataset)
    after = request.GET.get("after", "")
    page = waiting.filter(current_revision__gt=int(after)) if is_number(after) else waiting
    rows = list(items_in_list(page)[: PAGE + 1])
    context = {
        "rows": [
            {
                "item": item,
                "excerpt": ""
                if request.user.blur or item.current_revision is None
                else work.excerpt(item.current_revision.question),
            }
            for item in rows[:PAGE]
        ],
        "total": waiting.count(),
        "first_url": "?" if after else "",
        "next_url": f"?after={rows[PAGE - 1].current_revision_id}" if len(rows) > PAGE else "",
    }
    return render(request, "curation/review.html", context)


def _found(request: MemberRequest, pk: int) -> Item:
    items = items_visible_to(request.user, request.dataset).select_related(
        "question",
        "dataset",
        "author",
        "current_revision__question_text",
        "current_revision__answer_text",
        "current_revision__question_author",
        "current_revision__answer_author",
        "current_revision__category__parent__parent",
    )
    return get_object_or_404(items, pk=pk, current_revision__isnull=False)


@member(Role.REVIEWER)
def item(request: MemberRequest, pk: int) -> HttpResponse:
    """The page of one revision: GET opens a decision that needs words (`?decide=`), POST decides and goes on."""
    if request.method == "POST":
        return _decide(request, pk)
    found = _found(request, pk)
    decide = request.GET.get("decide", "")
    return _page(request, found, decide=decide if decide in D.values and decide != D.APPROVE else "")


def _following(request: MemberRequest, revision: int) -> Item | None:
    """The next in the queue after the revision, from the top again at its end."""
    waiting = review_queue(request.user, request.dataset)
    others = waiting.exclude(current_revision=revision)
    return others.filter(current_revision__gt=revision).first() or others.first()


def _page(
    request: MemberRequest,
    item: Item,
    *,
    decide: str = "",
    typed: Any = None,
    error: TeineiError | None = None,
    read: int | None = None,
) -> HttpResponse:
    revision = item.current_revision
    assert revision is not None
    draft = act.draft_of(request.user, item) if decide == D.FIX_AND_APPROVE else None
    following = _following(request, revision.pk)
    context = {
        "item": item,
        "revision": revision,
        "refusal": why_not(request.user, "approve", item),
        "open": item.state == Item.State.IN_REVIEW,
        "decide": decide,
        "reasons": [work.in_words(reason) for reason in reasons_for(decide)] if decide else [],
        "typed": typed or {},
        "error": error,
        "client_id": work.new_client_id(),
        "draft": draft,
        "fixed": _fixed(typed, draft) if draft else None,
        "author": work.alias(revision.answer_author or revision.question_author),
        "texts": _texts(item, revision, read),
        "attributes": _attributes(revision),
        "decided": _decided_meanwhile(item) if error else None,
        "next": following,
        "waiting": review_queue(request.user, request.dataset).count(),
        **_beside(request, item, revision),
    }
    return render(
        request,
        "curation/review_item.html",
        context | work.side_of(revision.category),
        status=work.status_of(error),
    )


def _texts(item: Item, revision: Revision, read: int | None) -> dict[str, Any]:
    """Both texts with what changed against the revision before, or against the one that was read meanwhile."""
    older = item.revisions.filter(number__lt=revision.number).select_related("question_text", "answer_text")
    before = older.filter(pk=read or 0).first() or older.last()
    if before is None:
        return {
            "before": None,
            "question": [("same", revision.question)],
            "answer": [("same", revision.answer)],
        }
    return {
        "before": before,
        "question": changes(before.question, revision.question),
        "answer": changes(before.answer, revision.answer),
        "moved": before.category_id != revision.category_id,
    }


def _attributes(revision: Revision) -> list[str]:
    return [str(label) for name, (label, _hint) in ATTRIBUTES.items() if revision.attributes.get(name)]


def _beside(request: MemberRequest, item: Item, revision: Revision) -> dict[str, Any]:
    """What stands beside the text: help, and what was said before."""
    return {
        "guideline": work.guideline_of(item),
        "checks": work.checks_of(revision.question, revision.answer),
        "twins": work.twins_of(item, revision.question, person=request.user),
        "comments": _thread(item),
        "events": _history(item),
        "may_comment": allows(request.user, "comment", item),
    }


def _fixed(typed: Any, draft: Draft) -> dict[str, Any]:
    """What the fields of a fix hold: what was typed, else the draft."""
    if typed and "question" in typed:
        return {name: typed.get(name, "") for name in ("question", "answer")}
    revision = draft.item.current_revision
    if revision and draft.saved_at and draft.saved_at < revision.created_at:  # of an older text
        return {"question": revision.question, "answer": revision.answer}
    return {"question": draft.question, "answer": draft.answer}


def _thread(item: Item) -> list[dict[str, Any]]:
    """Reviews and comments in one thread; writers under their pseudonym."""
    said = [
        {"author": _("Reviewer"), "at": row.created_at, "text": _spoken(row), "badge": ""}
        for row in reviews_of(item).filter(kind=Review.Kind.PERSON)
    ]
    lines = [
        {"author": work.alias(row.person), "at": row.created_at, "text": row.body}
        for row in item.comments.select_related("person")
    ]
    return sorted(said + lines, key=lambda line: line["at"])


def _history(item: Item) -> list[dict[str, Any]]:
    """What happened, under pseudonyms: who wrote is not to sway who reviews."""
    events = [(entry, event_of(entry)) for entry in history_of(item)]
    return [event | {"who": work.alias(entry.person)} if entry.person else event for entry, event in events]


def _spoken(review: Review) -> str:
    said = work.said_by(review)
    parts = [said["decision"], said["reason"]["name"] if said["reason"] else "", said["comment"]]
    return "\n".join(part for part in parts if part)


def _decided_meanwhile(item: Item) -> dict[str, Any] | None:
    last = reviews_of(item).last()
    return work.said_by(last) if last and item.state != Item.State.IN_REVIEW else None


def _decide(request: MemberRequest, pk: int) -> HttpResponse:
    found = _found(request, pk)
    form = DecisionForm(request.POST)
    read = found.current_revision_id or 0
    try:
        if not form.is_valid():
            raise work.first_error(form)
        given = form.given()
        read = given["revision"]
        fixed = _wording(request, found) if given["decision"] == D.FIX_AND_APPROVE else None
        done = reviews.review(request.user, found, fixed=fixed, **given)
    except TeineiError as error:
        return _refused(request, pk, error, read=read)
    said = _("%(id)s: %(decision)s.") % {"id": found.external_id, "decision": done.get_decision_display()}
    messages.success(request, said)
    following = _following(request, read)
    if following:
        return redirect("curation:review_item", dataset=request.dataset.slug, pk=following.pk)
    return redirect("curation:review", dataset=request.dataset.slug)


def _wording(request: MemberRequest, item: Item) -> act.Wording:
    """The mended text; attributes, sources and category stay as the author gave them."""
    form = WordingForm(request.POST, dataset=request.dataset)
    if not form.is_valid():
        raise work.first_error(form)
    revision = item.current_revision
    assert revision is not None
    return act.Wording(
        question=form.cleaned_data["question"],
        answer=form.cleaned_data["answer"],
        category=form.cleaned_data["category"] or revision.category,
        attributes=revision.attributes,
        sources=revision.sources,
    )


def _refused(request: MemberRequest, pk: int, error: TeineiError, *, read: int) -> HttpResponse:
    """The page again with what was typed; a stale decision shows what is there now."""
    found = _found(request, pk)
    decide = request.POST.get("decision", "")
    stale = isinstance(error, Conflict | WrongState)
    typed = request.POST.dict()
    if decide == D.REQUEST_CHANGES and "open_to_all" in request.POST:
        decide = D.REQUEST_ANSWER  # the panel from which both are chosen
    return _page(
        request,
        found,
        decide=decide if decide in D.values and decide != D.APPROVE else "",
        typed=typed,
        error=error,
        read=read if stale else None,
    )


@require_POST
@member(Role.REVIEWER)
def draft(request: MemberRequest, pk: int) -> HttpResponse:
    """Keep a fix that is being typed (JSON)."""
    found = _found(request, pk)

    def save(form: Any, version: int, client_id: str) -> Draft:
        texts = {name: form.cleaned_data[name] for name in ("question", "answer")}
        return act.save_draft(request.user, found, version=version, client_id=client_id, **texts)

    def fields() -> tuple[Draft, dict[str, Any]]:
        held = act.draft_of(request.user, found)
        return held, {"question": held.question, "answer": held.answer}

    return work.autosave(
        request, lambda given: WordingForm(given, dataset=request.dataset), save=save, fields=fields
    )
