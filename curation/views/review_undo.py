"""The last decision can be taken back: a cookie names its item, the session keeps what had been typed."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from curation.actions.taking_back import DAY
from curation.actions.taking_back import take_back as take_it_back
from curation.forms import GOOD_PART
from curation.models import DoubleReview, Item, Membership, Review
from curation.queries import items_visible_to
from curation.rules import allows
from curation.views.gate import MemberRequest, attempt, member
from curation.views.numbers import is_number

COOKIE = "decided"
WORDS = "taken_back"


def remember(request: MemberRequest, response: HttpResponse, done: Review) -> HttpResponse:
    """The pages that follow offer to take this decision back. What was typed before it is no longer needed."""
    request.session.pop(WORDS, None)
    if allows(request.user, "take_back", done):
        value = f"{request.user.pk}.{done.item_id}"
        response.set_cookie(
            COOKIE,
            value,
            max_age=DAY,
            path=_path(request),
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )
    else:
        response.delete_cookie(COOKIE, path=_path(request))
    return response


def _path(request: MemberRequest) -> str:
    return reverse("curation:review", args=[request.dataset.slug])


def last(request: MemberRequest) -> int | None:
    """The item of the person's last decision, where a page may offer to take it back."""
    person, _dot, item = request.COOKIES.get(COOKIE, "").partition(".")
    return int(item) if person == str(request.user.pk) and is_number(item) else None


def words(request: HttpRequest, item: Item, decide: str) -> dict[str, str] | None:
    """What had been typed for this decision before it was taken back."""
    kept: dict[str, Any] = request.session.get(WORDS) or {}
    return kept["typed"] if (kept.get("item"), kept.get("decide")) == (item.pk, decide) else None


@require_POST
@member(Membership.Role.REVIEWER, warned=True)
def take_back(request: MemberRequest, pk: int) -> HttpResponse:
    """Back to the item, in the person's hands, with the decision as it stood before it was sent."""
    visible = items_visible_to(request.user, request.dataset).select_related("dataset")
    item = get_object_or_404(visible, pk=pk, current_revision__isnull=False)
    opened = item.open_to_all
    given: list[Review] = []
    said = _("You took your decision on %(id)s back.") % {"id": item.external_id}
    attempt(request, lambda: given.append(take_it_back(request.user, item)), said)
    response = redirect(_page(request, item, given[0], opened) if given else _path(request))
    response.delete_cookie(COOKIE, path=_path(request))
    return response


def _page(request: MemberRequest, item: Item, given: Review, opened: bool) -> str:
    """The decision as it stood before it was sent, on the item's page."""
    asked: dict[str, str] = {} if given.decision == Review.Decision.APPROVE else {"decide": given.decision}
    if given.double and given.double.why == DoubleReview.Why.ASKED:
        asked["second"] = "1"
    if opened:
        asked["open_to_all"] = "1"
    request.session[WORDS] = {"item": item.pk, "decide": given.decision, "typed": asked | _again(given)}
    page = reverse("curation:review_item", args=[request.dataset.slug, item.pk])
    return page + (f"?{urlencode(asked)}" if asked else "") + ("#decision" if "decide" in asked else "")


def _again(given: Review) -> dict[str, str]:
    """The fields of the decision as they were filled in."""
    said = {"question": given.question_ok, "answer": given.answer_ok}
    parts = {
        f"{part}_said": given.reasons.get(part) or (GOOD_PART if ok else "") for part, ok in said.items()
    }
    return parts | {"comment": given.comment}
