"""Who has which item in hand: the next one, this one, a sign of life, giving back, handing over."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from curation.actions import leases
from curation.errors import Conflict, TeineiError
from curation.models import Item, Lease, Membership
from curation.queries import held_for_review, holder_of, items_visible_to, reviewers_for
from curation.views.gate import MemberRequest, attempt, member
from curation.views.numbers import is_number

Role = Membership.Role


def go_on(request: MemberRequest, *, after: int = 0) -> HttpResponse:
    """To the next item, in the person's hand from now on; to the list where nothing waits."""
    lease = leases.lease_review(request.user, request.dataset, after=after)
    if lease is None:
        return redirect("curation:review", dataset=request.dataset.slug)
    return redirect("curation:review_item", dataset=request.dataset.slug, pk=lease.item_id)


@require_POST
@member(Role.REVIEWER, warned=True)
def next_item(request: MemberRequest) -> HttpResponse:
    """The next of the queue, behind the revision in `after`."""
    after = request.POST.get("after", "")
    return go_on(request, after=int(after) if is_number(after) else 0)


def _found(request: MemberRequest, pk: int) -> Item:
    items = items_visible_to(request.user, request.dataset).select_related("dataset")
    return get_object_or_404(items, pk=pk, current_revision__isnull=False)


@require_POST
@member(Role.REVIEWER, warned=True)
def take(request: MemberRequest, pk: int) -> HttpResponse:
    """This item, instead of what the person had in hand."""
    item = _found(request, pk)
    attempt(request, lambda: leases.lease_item(request.user, item))
    return redirect("curation:review_item", dataset=request.dataset.slug, pk=pk)


@require_POST
@member(Role.REVIEWER)
def let_go(request: MemberRequest, pk: int) -> HttpResponse:
    """Leave it to others. `stop` ends for now, else the next comes."""
    item = _found(request, pk)
    leases.let_go(request.user, item)
    if "stop" in request.POST:
        return redirect("curation:review", dataset=request.dataset.slug)
    return go_on(request, after=item.current_revision_id or 0)


@require_POST
@member(Role.REVIEWER)
def beat(request: MemberRequest, pk: int) -> JsonResponse:
    """The page is being worked on: 200 {expires_at}, 409 {error} where the item is in nobody's or in others' hands."""
    item = _found(request, pk)
    try:
        lease = leases.beat(request.user, token=request.POST.get("token", "")[:40])
    except Conflict as error:
        held = holder_of(item)
        theirs = held is not None and held.person_id != request.user.pk
        sentence = leases.in_hand(held) if held is not None and theirs else error.sentence
        return JsonResponse({"error": sentence}, status=409)
    return JsonResponse({"expires_at": lease.expires_at.isoformat()})


@require_POST
@member(Role.REVIEWER, Role.LEAD)
def hand_over(request: MemberRequest, pk: int) -> HttpResponse:
    """To the person in `to`; whoever gave it on goes on with the next."""
    item = _found(request, pk)
    to = request.POST.get("to", "")
    chosen = reviewers_for(item).filter(pk=int(to)).first() if is_number(to) else None
    if chosen is None:
        messages.error(request, _("Choose who is to review it."))
        return redirect("curation:review_item", dataset=request.dataset.slug, pk=pk)
    try:
        leases.hand_over(request.user, item, to=chosen)
    except TeineiError as error:
        messages.error(request, error.sentence)
        return redirect("curation:review_item", dataset=request.dataset.slug, pk=pk)
    messages.success(request, _("%(who)s has it now.") % {"who": chosen})
    return go_on(request, after=item.current_revision_id or 0)


def hands(request: MemberRequest, item: Item, *, may: bool) -> dict[str, Any]:
    """Whose hands the item is in, for its page. Who holds nothing and opens one that is free takes it by that."""
    held = holder_of(item)
    mine = held is not None and held.person_id == request.user.pk
    elsewhere = None if mine or not may else held_for_review(request.user, request.dataset)
    if may and ((mine and held and held.handed) or (held is None and elsewhere is None)):
        held, mine = _taken(request, item), True
    return {
        "lease": held if mine else None,
        "holder": leases.in_hand(held) if held and not mine else "",
        "elsewhere": elsewhere if held is None else None,
        "others": [one for one in reviewers_for(item) if one.pk != request.user.pk] if mine else [],
    }


def _taken(request: MemberRequest, item: Item) -> Lease | None:
    try:
        return leases.lease_item(request.user, item)
    except TeineiError:  # it went to somebody else, or was decided, a moment ago
        return None
