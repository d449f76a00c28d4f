"""Whose hands an item is in, for the pages of writing and of reviewing: shown, kept up, handed over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from curation.actions import leases
from curation.errors import Conflict, TeineiError
from curation.models import Item, Lease, Person
from curation.queries import holder_of, reviewers_for, writers_for
from curation.views.gate import MemberRequest
from curation.views.numbers import is_number

REVIEW, WRITE = Lease.Part.REVIEW, Lease.Part.WRITE
PEOPLE: dict[str, Callable[[Item], QuerySet[Person]]] = {REVIEW: reviewers_for, WRITE: writers_for}
ADDRESSES: dict[str, dict[str, str]] = {
    REVIEW: {"beat": "review_beat", "leave": "review_let_go", "hand_over": "review_hand_over"},
    WRITE: {"beat": "write_beat", "leave": "write_leave", "hand_over": "write_hand_over"},
}


def shown(request: MemberRequest, item: Item, held: Lease | None, part: str) -> dict[str, Any]:
    """What `_hands.html` needs: my lease, or who has it, to whom I can give it, and where the acts are."""
    mine = held is not None and held.person_id == request.user.pk
    at = {
        name: reverse(f"curation:{page}", args=[request.dataset.slug, item.pk])
        for name, page in ADDRESSES[part].items()
    }
    return {
        "lease": held if mine else None,
        "holder": leases.in_hand(held) if held and not mine else "",
        "others": others(item, request.user, part) if mine else [],
        "hand_urls": at,
    }


def others(item: Item, person: Person, part: str) -> list[Person]:
    return [one for one in PEOPLE[part](item) if one.pk != person.pk]


def taken(request: MemberRequest, item: Item, part: str) -> Lease | None:
    """The item in the person's hands from now on; None where it went to somebody else, or on, a moment ago."""
    try:
        return leases.lease_item(request.user, item, part)
    except TeineiError:
        return None


def kept_up(request: MemberRequest, item: Item, part: str, *, then: str = "") -> JsonResponse:
    """The page is being worked on: 200 {expires_at}, 409 {error} where the item is in nobody's or in others' hands.

    `then` says what to do now to whoever lost it.
    """
    try:
        lease = leases.beat(request.user, token=request.POST.get("token", "")[:40])
    except Conflict as error:
        held = holder_of(item, part)
        theirs = held is not None and held.person_id != request.user.pk
        sentence = leases.in_hand(held) if held is not None and theirs else error.sentence
        return JsonResponse({"error": f"{sentence} {then}".strip()}, status=409)
    return JsonResponse({"expires_at": lease.expires_at.isoformat()})


def handed(request: MemberRequest, item: Item, part: str, *, unnamed: str) -> bool:
    """Hand the item over to the person in `to`; whether that was done. `unnamed` is said where there is no such person."""
    to = request.POST.get("to", "")
    chosen = PEOPLE[part](item).filter(pk=int(to)).first() if is_number(to) else None
    if chosen is None:
        messages.error(request, unnamed)
        return False
    try:
        leases.hand_over(request.user, item, to=chosen, part=part)
    except TeineiError as error:
        messages.error(request, error.sentence)
        return False
    messages.success(request, _("%(who)s has it now.") % {"who": chosen})
    return True
