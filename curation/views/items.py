"""The list of items, and one item with everything about it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from curation import registry
from curation.actions import items as act
from curation.errors import Invalid
from curation.models import Item, Revision, Translation
from curation.queries import (
    ITEM_ROLES,
    history_of,
    items_in_list,
    items_visible_to,
    matching,
    reviews_of,
    stale,
)
from curation.rules import possible_verbs
from curation.sentences import event_of, split_because
from curation.textdiff import changes
from curation.views.gate import MemberRequest, attempt, member
from curation.views.numbers import is_number
from curation.views.redactions import of_item

PAGE = 50
SPLITS = ("none", "dev", "test")


@member(*ITEM_ROLES)
def item_list(request: MemberRequest) -> HttpResponse:
    """Search and filters live in the address; pages follow the key, not an offset."""
    chosen = _chosen(request)
    items = _filtered(request, chosen)
    after = request.GET.get("after", "")
    page = items.filter(pk__gt=int(after)) if is_number(after) else items
    rows = list(items_in_list(page.order_by("pk"))[: PAGE + 1])
    query = request.GET.copy()
    query.pop("after", None)
    context = {
        "rows": rows[:PAGE],
        "total": items.count(),
        "chosen": chosen,
        "states": Item.State.choices,
        "splits": SPLITS,
        "categories": request.dataset.taxonomy.categories.filter(level=3).select_related("parent"),
        "first_url": f"?{query.urlencode()}" if after else "",
        "next_url": f"?{_with(query, after=rows[PAGE - 1].pk)}" if len(rows) > PAGE else "",
    }
    template = "curation/items.html#table" if request.htmx else "curation/items.html"
    return render(request, template, context)


def _chosen(request: MemberRequest) -> dict[str, str]:
    """The filters that are known and have a possible value; anything else in the address is ignored."""
    given = {name: request.GET.get(name, "").strip() for name in ("q", "state", "split", "category", "mine")}
    if given["state"] not in Item.State.values:
        given["state"] = ""
    if given["split"] not in SPLITS:
        given["split"] = ""
    if not is_number(given["category"]):
        given["category"] = ""
    return given


def _filtered(request: MemberRequest, chosen: dict[str, str]) -> Any:
    items = items_visible_to(request.user, request.dataset)
    if chosen["q"]:
        items = matching(items, chosen["q"])
    if chosen["state"]:
        items = items.filter(state=chosen["state"])
    if chosen["split"]:
        items = items.filter(question__split=chosen["split"])
    if chosen["category"]:
        items = items.filter(current_revision__category=int(chosen["category"]))
    if chosen["mine"] == "1":
        items = items.filter(author=request.user)
    return items


def _with(query: Any, **more: Any) -> str:
    copy = query.copy()
    for name, value in more.items():
        copy[name] = str(value)
    return str(copy.urlencode())


@member(*ITEM_ROLES)
def item(request: MemberRequest, pk: int) -> HttpResponse:
    """Text, state, siblings, revisions, reviews, translations, discussion and history of one item."""
    found = get_object_or_404(
        items_visible_to(request.user, request.dataset).select_related(
            "question",
            "author",
            "current_revision__question_text",
            "current_revision__answer_text",
            "current_revision__category__parent__parent",
        ),
        pk=pk,
    )
    comments = [
        {"author": comment.person, "at": comment.created_at, "text": comment.body}
        for comment in found.comments.select_related("person")
    ]
    context = {
        "item": found,
        "revision": found.current_revision,
        "path": _path(found),
        "verbs": possible_verbs(request.user, found),
        "revisions": _revisions(found),
        "reviews": reviews_of(found),
        "translations": _translations(found),
        "siblings": Item.objects.filter(question=found.question_id).exclude(pk=found.pk),
        "frozen": found.frozen.select_related("release").order_by("release"),
        "why_split": split_because(found.question.split_why),
        "comments": comments,
        "events": [event_of(entry) for entry in history_of(found)],
        "redact": of_item(request.user, found),
        "panels": registry.panels("item", person=request.user, item=found),
    }
    return render(request, "curation/item.html", context)


def _path(found: Item) -> list[str]:
    if found.current_revision is None:
        return []
    leaf = found.current_revision.category
    above = [leaf.parent.parent.name, leaf.parent.name] if leaf.parent and leaf.parent.parent else []
    return [*above, leaf.name]


def _revisions(found: Item) -> list[dict[str, Any]]:
    """Every revision, newest first, with what changed against the one before it."""
    rows: list[Revision] = list(
        found.revisions.select_related("question_text", "answer_text", "submitted_by").order_by("number")
    )
    shown = []
    for before, after in zip([None, *rows], rows, strict=False):
        old_question, old_answer = (
            (before.question_shown, before.answer_shown)
            if before
            else (after.question_shown, after.answer_shown)
        )
        shown.append(
            {
                "revision": after,
                "question": changes(old_question, after.question_shown),
                "answer": changes(old_answer, after.answer_shown),
                "changed": before is not None,
            }
        )
    return shown[::-1]


def _translations(found: Item) -> list[dict[str, Any]]:
    rows = Translation.objects.filter(item=found, current_revision__isnull=False).select_related(
        "current_revision__question_text", "current_revision__answer_text"
    )
    out_of_date = set(stale(Translation.objects.filter(item=found)).values_list("pk", flat=True))
    return [{"translation": row, "stale": row.pk in out_of_date} for row in rows]


@require_POST
@member(*ITEM_ROLES)
def comment(request: MemberRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(items_visible_to(request.user, request.dataset), pk=pk)
    text, client_id = request.POST.get("text", ""), request.POST.get("client_id") or None
    attempt(request, lambda: act.comment(request.user, found, body=text, client_id=client_id))
    return redirect("curation:item", dataset=request.dataset.slug, pk=pk)


@require_POST
@member(*ITEM_ROLES)
def withdraw(request: MemberRequest, pk: int) -> HttpResponse:
    """The item's id has to be typed: it cannot be undone for releases that follow."""
    found = get_object_or_404(items_visible_to(request.user, request.dataset), pk=pk)
    if request.POST.get("confirm", "").strip() != found.external_id:
        attempt(request, _refuse_name)
    else:
        reason = request.POST.get("reason", "")
        attempt(
            request, lambda: act.withdraw(request.user, found, reason=reason), _("The item was withdrawn.")
        )
    return redirect("curation:item", dataset=request.dataset.slug, pk=pk)


def _refuse_name() -> None:
    raise Invalid(_("Type the item's id exactly as it stands above the text."))


@require_POST
@member(*ITEM_ROLES)
def reopen(request: MemberRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(items_visible_to(request.user, request.dataset), pk=pk)
    attempt(request, lambda: act.reopen(request.user, found), _("The item is with its author again."))
    return redirect("curation:item", dataset=request.dataset.slug, pk=pk)
