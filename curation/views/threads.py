"""Threads beside an item: what was said, an answer, whom one may name, and that a thread is settled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from curation.actions import comments as act
from curation.models import Comment, Item, Person
from curation.queries import (
    ITEM_ROLES,
    comments_seen_by,
    in_pieces,
    items_visible_to,
    mentionable,
    threads_of,
)
from curation.rules import allows
from curation.views.gate import MemberRequest, attempt, back, member
from curation.views.numbers import is_number

MOST_NAMES = 500


def thread_of(
    request: MemberRequest, item: Item, unseen: set[int], *, name: Callable[[Person], str] = str
) -> list[dict[str, Any]]:
    """What components/thread.html shows of the threads; people under `name`."""

    def line(row: Comment) -> dict[str, Any]:
        said = {"id": row.pk, "author": name(row.person), "at": row.created_at}
        return {**said, "text": row.body, "pieces": in_pieces(row)}

    shown = []
    for thread in threads_of(request.user, item, unseen):
        opening = thread.comment
        opening.item = item
        by = name(opening.resolved_by) if thread.resolved and opening.resolved_by else ""
        opened = {
            "resolved": thread.resolved,
            "resolved_by": by,
            "replies": [line(r) for r in thread.replies],
        }
        may = opening.reply_to_id is None and allows(request.user, "resolve", opening)
        url = reverse("curation:comment_resolve", args=[request.dataset.slug, item.pk, opening.pk])
        shown.append(line(opening) | opened | {"opens": True, "resolve_url": url if may else ""})
    return shown


def _found(request: MemberRequest, pk: int) -> Item:
    return get_object_or_404(items_visible_to(request.user, request.dataset).select_related("dataset"), pk=pk)


@require_POST
@member(*ITEM_ROLES)
def comment(request: MemberRequest, pk: int) -> HttpResponse:
    """Say something: `text`, as an answer to `reply_to` where that is given; back to the page that it stood on."""
    found = _found(request, pk)
    text, client_id = request.POST.get("text", ""), request.POST.get("client_id", "")[:64] or None
    to = request.POST.get("reply_to", "")
    answered = int(to) if is_number(to) else None
    attempt(
        request,
        lambda: act.comment(request.user, found, body=text, reply_to=answered, client_id=client_id),
    )
    return back(request, reverse("curation:item", args=[request.dataset.slug, pk]) + "#discussion")


@require_POST
@member(*ITEM_ROLES)
def resolve(request: MemberRequest, pk: int, comment: int) -> HttpResponse:
    """Settle the thread that the comment opened, or take it up again (`resolved` empty)."""
    found = _found(request, pk)
    seen = comments_seen_by(request.user, found).filter(reply_to=None)
    opening = get_object_or_404(seen.select_related("item__dataset"), pk=comment)
    resolved = bool(request.POST.get("resolved"))
    attempt(request, lambda: act.resolve(request.user, opening, resolved=resolved))
    return back(request, reverse("curation:item", args=[request.dataset.slug, pk]) + "#discussion")


@never_cache
@member(*ITEM_ROLES)
def names(request: MemberRequest) -> JsonResponse:
    """Whom a comment may name: {"names": [{"name", "shown"}]}, the sign-in name and what it is shown as."""
    rows = mentionable(request.dataset).only("username", "display_name")[:MOST_NAMES]
    return JsonResponse({"names": [{"name": row.username, "shown": str(row)} for row in rows]})
