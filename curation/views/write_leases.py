"""Who is writing an item that stands open for several: opened, kept up, left to others, handed over."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from curation.actions import leases
from curation.models import Item, Membership
from curation.queries import holder_of, items_visible_to, stands_open
from curation.rules import allows
from curation.views.gate import MemberRequest, back, member
from curation.views.hands import WRITE, handed, kept_up, others, shown, taken

Role = Membership.Role


def _found(request: MemberRequest, pk: int) -> Item:
    items = items_visible_to(request.user, request.dataset).select_related("dataset")
    return get_object_or_404(items, pk=pk)


def hands(request: MemberRequest, item: Item) -> dict[str, Any]:
    """Whose hands the item is in, for its writing page: who opens one that is free takes it by that."""
    if not stands_open(item):
        return {}
    held = holder_of(item, WRITE)
    if allows(request.user, "submit", item) and (
        held is None or (held.person_id == request.user.pk and held.handed)
    ):
        held = taken(request, item, WRITE) or holder_of(item, WRITE)
    return shown(request, item, held, WRITE)


def lost(request: MemberRequest, item: Item) -> str:
    """What whoever types on in an item that others have, or handed in, is told; "" where nothing was lost."""
    if stands_open(item):
        held = holder_of(item, WRITE)
        return (
            "" if held is None or held.person_id == request.user.pk else f"{leases.in_hand(held)} {_kept()}"
        )
    if allows(request.user, "submit", item):
        return ""
    return _(
        "This item was handed in or closed meanwhile. What you type is kept for you alone, to be read and copied on this page."
    )


def _kept() -> str:
    return _("What you type is kept as your own draft. To hand it in, open the page again once it is free.")


def hands_of_lead(request: MemberRequest, item: Item) -> dict[str, Any] | None:
    """Who is writing the item, and to whom a lead can give it; None where nobody is, or for whoever is no lead."""
    if Role.LEAD not in request.roles or not stands_open(item):
        return None
    held = holder_of(item, WRITE)
    if held is None:
        return None
    return {"holder": leases.in_hand(held), "others": others(item, held.person, WRITE)}


@require_POST
@member(Role.AUTHOR)
def beat(request: MemberRequest, pk: int) -> JsonResponse:
    """The page is being worked on."""
    return kept_up(request, _found(request, pk), WRITE, then=_kept())


@require_POST
@member(Role.AUTHOR)
def leave(request: MemberRequest, pk: int) -> HttpResponse:
    """Leave it to others; the draft stays."""
    leases.let_go(request.user, _found(request, pk), WRITE)
    return redirect("curation:write", dataset=request.dataset.slug)


@require_POST
@member(Role.AUTHOR, Role.LEAD)
def hand_over(request: MemberRequest, pk: int) -> HttpResponse:
    """To the person in `to`."""
    item = _found(request, pk)
    done = handed(request, item, WRITE, unnamed=_("Choose who is to write it."))
    if Role.AUTHOR in request.roles:
        page = "write" if done else "write_item"
        args = [request.dataset.slug] if done else [request.dataset.slug, pk]
        return back(request, reverse(f"curation:{page}", args=args))
    return redirect("curation:item", dataset=request.dataset.slug, pk=pk)
