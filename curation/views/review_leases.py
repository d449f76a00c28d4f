"""Who has which item in hand: the next one, this one, a sign of life, giving back, handing over."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from curation.actions import leases
from curation.models import Item, Membership
from curation.queries import held_for_review, holder_of, items_visible_to
from curation.views.gate import MemberRequest, attempt, member
from curation.views.hands import REVIEW, handed, kept_up, shown, taken
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
    """The page is being worked on."""
    return kept_up(request, _found(request, pk), REVIEW)


@require_POST
@member(Role.REVIEWER, Role.LEAD)
def hand_over(request: MemberRequest, pk: int) -> HttpResponse:
    """To the person in `to`; whoever gave it on goes on with the next."""
    item = _found(request, pk)
    if not handed(request, item, REVIEW, unnamed=_("Choose who is to review it.")):
        return redirect("curation:review_item", dataset=request.dataset.slug, pk=pk)
    return go_on(request, after=item.current_revision_id or 0)


def hands(request: MemberRequest, item: Item, *, may: bool) -> dict[str, Any]:
    """Whose hands the item is in, for its page. Who holds nothing and opens one that is free takes it by that."""
    held = holder_of(item)
    mine = held is not None and held.person_id == request.user.pk
    elsewhere = None if mine or not may else held_for_review(request.user, request.dataset)
    if may and ((mine and held and held.handed) or (held is None and elsewhere is None)):
        held = taken(request, item, REVIEW)
    return shown(request, item, held, REVIEW) | {"elsewhere": elsewhere if held is None else None}
