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
from curation.aliases import alias
from curation.errors import Conflict, TeineiError, WrongState
from curation.forms import ATTRIBUTES, GOOD_PART, DecisionForm, WordingForm
from curation.models import Draft, Item, Membership, Review, Revision
from curation.origins import counts, in_json
from curation.origins import read as read_origins
from curation.queries import (
    at_most,
    book_of,
    covered_opinions,
    held_for_review,
    history_of,
    holders_of,
    in_words,
    items_in_list,
    items_visible_to,
    prompts_of,
    review_queue,
    reviews_of,
    unseen_of,
)
from curation.reasons import Book
from curation.rules import allows, require, why_not
from curation.second_opinions import double_of
from curation.sentences import event_of
from curation.textdiff import changes
from curation.views import checking, review_undo, work
from curation.views.gate import MemberRequest, member
from curation.views.numbers import is_number
from curation.views.review_leases import go_on, hands
from curation.views.threads import thread_of

PAGE = 30
Role = Membership.Role
D = Review.Decision
MOVE = "move"
PANELS = (D.FIX_AND_APPROVE, D.REQUEST_CHANGES, D.REQUEST_ANSWER, D.REJECT, MOVE)


@member(Role.REVIEWER, warned=True)
def queue(request: MemberRequest) -> HttpResponse:
    """What waits for a review, oldest first; nobody's own work is in it."""
    waiting = review_queue(request.user, request.dataset)
    after = request.GET.get("after", "")
    page = waiting.filter(current_revision__gt=int(after)) if is_number(after) else waiting
    rows = list(items_in_list(page)[: PAGE + 1])
    hands = holders_of(rows)
    context = {
        "rows": [
            {
                "item": item,
                "hand": hands.get(item.pk),
                "excerpt": ""
                if item.current_revision is None or request.user.hides(item.current_revision.category)
                else work.excerpt(item.current_revision.question),
            }
            for item in rows[:PAGE]
        ],
        "total": at_most(waiting),
        "held": held_for_review(request.user, request.dataset),
        "undo": review_undo.last(request),
        "first_url": "?" if after else "",
        "next_url": f"?after={rows[PAGE - 1].current_revision_id}" if len(rows) > PAGE else "",
    }
    return render(request, "curation/review.html", context)


def _found(request: MemberRequest, pk: int) -> Item:
    items = items_visible_to(request.user, request.dataset).select_related(
        "question",
        "dataset__routine",
        "author",
        "current_revision__question_text",
        "current_revision__answer_text",
        "current_revision__question_author",
        "current_revision__answer_author",
        "current_revision__category__parent__parent",
    )
    return get_object_or_404(items, pk=pk, current_revision__isnull=False)


@member(Role.REVIEWER, Role.LEAD, warned=True)
def item(request: MemberRequest, pk: int) -> HttpResponse:
    """The page of one revision: GET opens a decision that needs words (`?decide=`), POST decides and goes on."""
    if request.method == "POST":
        return _decide(request, pk)
    found = _found(request, pk)
    decide = request.GET.get("decide", "")
    decide = decide if decide in PANELS else ""
    return _page(request, found, decide=decide, typed=review_undo.words(request, found, decide))


def _page(
    request: MemberRequest,
    item: Item,
    *,
    decide: str = "",
    typed: Any = None,
    error: TeineiError | None = None,
    read: int | None = None,
    look: bool = False,
) -> HttpResponse:
    revision = item.current_revision
    assert revision is not None
    draft = act.draft_of(request.user, item) if decide == D.FIX_AND_APPROVE else None
    fixed = _fixed(typed, draft) if draft else None
    unseen = unseen_of(request.user, item)
    refusal, is_open = why_not(request.user, "approve", item), item.state == Item.State.IN_REVIEW
    context = {
        "item": item,
        "revision": revision,
        "refusal": refusal,
        "open": is_open,
        **hands(request, item, may=is_open and not refusal),
        "decide": decide,
        "parts": _parts(book_of(request.dataset), decide, typed or {}, error)
        if decide not in ("", MOVE)
        else [],
        "areas": _areas(request) if decide == MOVE else [],
        "second": "second" in (typed or request.GET),
        "differing": _differing(item),
        "opened": "open_to_all" in (typed or request.GET),
        "typed": typed or {},
        "error": error,
        "client_id": work.new_client_id(),
        "draft": draft,
        "fixed": fixed,
        "looked": {
            "question": changes(revision.question, fixed["question"]),
            "answer": changes(revision.answer, fixed["answer"]),
        }
        if look and fixed
        else None,
        "author": alias(revision.answer_author or revision.question_author),
        "texts": _texts(item, revision, read, unseen),
        "attributes": _attributes(revision),
        "origins": {part: counts(runs) for part, runs in revision.origins.items()},
        "prompts": prompts_of(revision),
        "decided": _decided_meanwhile(item) if error else None,
        "undo": review_undo.last(request),
        **_beside(request, item, revision, unseen),
    }
    return render(
        request,
        "curation/review_item.html",
        context | work.side_of(revision.category),
        status=work.status_of(error),
    )


# A key for each choice: good first, then the reasons in the order of the list.
KEYS = {"question": "1234567890-", "answer": "asfhjklzxvbpm"}
PARTS_OF = {D.REQUEST_ANSWER: ("answer",)}


def _parts(book: Book, decide: str, typed: dict[str, Any], error: TeineiError | None) -> list[dict[str, Any]]:
    """The question and the answer to be judged, each good or with one of its reasons."""
    shown = []
    for part in PARTS_OF.get(D(decide), ("question", "answer")):
        known = [work.in_words(reason) for reason in book.offered(decide, part)]
        if decide != D.REQUEST_ANSWER:
            known.insert(0, {"code": GOOD_PART, "name": _("Nothing to mend")})
        keys = [*KEYS[part], *[""] * len(known)]
        shown.append(
            {
                "name": f"{part}_said",
                "label": work.PARTS[part],
                "choices": [choice | {"key": key} for choice, key in zip(known, keys, strict=False)],
                "chosen": typed.get(f"{part}_said", ""),
                "wrong": error is not None and error.field == part,
            }
        )
    return shown


def _areas(request: MemberRequest) -> list[dict[str, Any]]:
    """The leaves under their harm types, as a choice."""
    leaves = request.dataset.taxonomy.categories.filter(level=3).select_related("parent__parent")
    types: dict[str, list[Any]] = {}
    for leaf in leaves:
        above = [step.name for step in (leaf.parent and leaf.parent.parent, leaf.parent) if step]
        types.setdefault(" › ".join(above), []).append(leaf)
    return [{"name": name, "leaves": found} for name, found in types.items()]


def _differing(item: Item) -> list[dict[str, Any]]:
    """Both opinions where two reviewers differ, for the lead who settles it."""
    double = double_of(item)
    if double is None or double.agreed is not False:
        return []
    opinions = in_words(double.opinions.order_by("pk"))
    return [work.said_by(opinion, item.dataset.slug) for opinion in opinions]


def _texts(item: Item, revision: Revision, read: int | None, unseen: set[int]) -> dict[str, Any]:
    """Both texts with what changed against the revision before, or against the one that was read meanwhile.

    What the giver of a covered opinion mended is read as any other text: nothing shows that it was mended.
    """
    older = item.revisions.filter(number__lt=revision.number).select_related("question_text", "answer_text")
    before = None
    if revision.number > 1:
        before = (older.filter(pk=read).first() if read else None) or older.last()
    if before is None or revision.submitted_by_id in unseen:
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


def _beside(request: MemberRequest, item: Item, revision: Revision, unseen: set[int]) -> dict[str, Any]:
    """What stands beside the text: help, and what was said before."""
    guideline = work.guideline_of(item, reader=request.user)
    return {
        "guideline": guideline,
        **checking.of_revision(request, item, guideline=guideline["text"] if guideline else ""),
        "comments": _thread(request, item, unseen),
        "events": _history(item, unseen),
        "may_comment": allows(request.user, "comment", item),
    }


def _fixed(typed: Any, draft: Draft) -> dict[str, Any]:
    """What the fields of a fix hold: what was typed, else the draft."""
    if typed and "question" in typed:
        return {name: typed.get(name, "") for name in ("question", "answer", "origins")}
    revision = draft.item.current_revision
    if revision and draft.saved_at and draft.saved_at < revision.created_at:  # of an older text
        draft = Draft(question=revision.question, answer=revision.answer, origins=revision.origins)
    return _fields(draft)


def _fields(draft: Draft) -> dict[str, str]:
    return {"question": draft.question, "answer": draft.answer, "origins": in_json(draft.origins)}


def _thread(request: MemberRequest, item: Item, unseen: set[int]) -> list[dict[str, Any]]:
    """Reviews and comments in one thread, but for covered opinions; writers under their pseudonym."""
    reviews = reviews_of(item).filter(kind=Review.Kind.PERSON)
    if unseen:
        covered = covered_opinions(request.user, request.dataset).filter(item=item)
        reviews = reviews.exclude(pk__in=covered.values("pk"))
    said = [
        {
            "author": _("Reviewer"),
            "at": row.created_at,
            "text": _spoken(row, request.dataset.slug),
            "badge": "",
        }
        for row in reviews
    ]
    lines = thread_of(request, item, unseen, name=alias)
    return sorted(said + lines, key=lambda line: line["at"])


def _history(item: Item, unseen: set[int]) -> list[dict[str, Any]]:
    """What happened, under pseudonyms: who wrote is not to sway who reviews."""
    events = [(entry, event_of(entry)) for entry in history_of(item) if entry.person_id not in unseen]
    return [event | {"who": alias(entry.person)} if entry.person else event for entry, event in events]


def _spoken(review: Review, dataset: str) -> str:
    said = work.said_by(review, dataset)
    reasons = [
        f"{reason['part']}{_(': ')}{reason['name']}" if reason["part"] else reason["name"]
        for reason in said["reasons"]
    ]
    parts = [said["decision"], *reasons, said["comment"]]
    return "\n".join(part for part in parts if part)


def _decided_meanwhile(item: Item) -> dict[str, Any] | None:
    last = reviews_of(item).last()
    return work.said_by(last, item.dataset.slug) if last and item.state != Item.State.IN_REVIEW else None


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
        if fixed is not None and request.POST.get("step") != "accept":
            return _look(request, found, fixed)
        done = reviews.review(request.user, found, fixed=fixed, **given)
    except TeineiError as error:
        return _refused(request, pk, error, read=read)
    said = (
        _("%(id)s: %(decision)s.")
        if done.decides
        else _("%(id)s: your opinion is kept. Somebody else looks at it.")
    )
    messages.success(request, said % {"id": found.external_id, "decision": done.get_decision_display()})
    if Role.REVIEWER not in request.roles:
        return redirect("curation:review_doubles", dataset=request.dataset.slug)
    return review_undo.remember(request, go_on(request, after=read), done)


def _look(request: MemberRequest, item: Item, fixed: act.Wording) -> HttpResponse:
    """What a fix changes is shown before it is accepted; from there one goes back to mend further."""
    require(request.user, D.FIX_AND_APPROVE, item)
    mend = request.POST.get("step") == "mend"
    if not mend:
        reviews.need_fix(item, fixed)
    return _page(request, item, decide=D.FIX_AND_APPROVE, typed=request.POST.dict(), look=not mend)


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
        origins=read_origins(form.cleaned_data["origins"]) or None,
    )


def _refused(request: MemberRequest, pk: int, error: TeineiError, *, read: int) -> HttpResponse:
    """The page again with what was typed; a stale decision shows what is there now."""
    found = _found(request, pk)
    decide = request.POST.get("decision", "")
    stale = isinstance(error, Conflict | WrongState)
    typed = request.POST.dict()
    return _page(
        request,
        found,
        decide=decide if decide in PANELS else "",
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
        said = read_origins(form.cleaned_data["origins"])
        return act.save_draft(
            request.user, found, version=version, client_id=client_id, origins=said, **texts
        )

    def fields() -> tuple[Draft, dict[str, Any]]:
        held = act.draft_of(request.user, found)
        return held, _fields(held)

    return work.autosave(
        request, lambda given: WordingForm(given, dataset=request.dataset), save=save, fields=fields
    )


@require_POST
@member(Role.REVIEWER, Role.LEAD)
def twins(request: MemberRequest, pk: int) -> HttpResponse:
    """Near twins of the question that is reviewed, or of a fix of it that is being typed. Nothing is kept."""
    found = _found(request, pk)
    assert found.current_revision
    question = request.POST.get("question", found.current_revision.question)
    return work.twins_page(request, found, question, person=request.user)
