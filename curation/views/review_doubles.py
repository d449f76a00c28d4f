"""What two reviewers differ on, and how far reviewers agree: for the lead."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from curation.actions.doubles import set_reviewing
from curation.forms import ReviewingForm
from curation.models import DoubleReview, Membership, Review
from curation.queries import in_words, items_in_list, read_by_two, routine_of, to_settle
from curation.views import work
from curation.views.gate import MemberRequest, attempt, member

Role, D = Membership.Role, Review.Decision
PAGE = 50
Pair = tuple[Review, Review]


@member(Role.LEAD)
def doubles(request: MemberRequest) -> HttpResponse:
    """Items to settle, oldest first, and the agreement on texts that two people read."""
    rows = list(items_in_list(to_settle(request.user, request.dataset))[:PAGE])
    given = Review.objects.filter(double__item__in=rows, double__settled_at=None)
    by_item: dict[int, list[dict[str, Any]]] = {}
    for opinion in in_words(given.order_by("pk")):
        by_item.setdefault(opinion.item_id, []).append(work.said_by(opinion, request.dataset.slug))
    context = {
        "rows": [{"item": item, "opinions": by_item.get(item.pk, [])} for item in rows],
        "figures": figures(request),
        "routine": routine_of(request.dataset),
    }
    return render(request, "curation/review_doubles.html", context)


@require_POST
@member(Role.LEAD)
def routine(request: MemberRequest) -> HttpResponse:
    """Set how long a reviewer holds an item and what two people review."""
    form = ReviewingForm(request.POST)

    def act() -> None:
        if not form.is_valid():
            raise work.first_error(form)
        set_reviewing(request.user, request.dataset, **form.cleaned_data)

    attempt(request, act, _("This is how reviews go from now on."))
    return redirect("curation:review_doubles", dataset=request.dataset.slug)


def figures(request: MemberRequest) -> list[dict[str, Any]]:
    """Agreement apart for what was drawn by lot, which stands for all, and for what reviewers asked about."""
    pairs: dict[str, list[Pair]] = {why: [] for why in (DoubleReview.Why.SAMPLED, DoubleReview.Why.ASKED)}
    for double in read_by_two(request.dataset).prefetch_related("opinions"):
        said = sorted(double.opinions.all(), key=lambda review: review.pk)[:2]
        if double.why in pairs and len(said) == 2:
            pairs[double.why].append((said[0], said[1]))
    return [{"why": DoubleReview.Why(why).label, "rows": _rows(found)} for why, found in pairs.items()]


def _rows(pairs: list[Pair]) -> list[dict[str, Any]]:
    from curation.stats.reviewers import agreement  # numpy, which no plain command needs

    asked = {
        _("Accepted or not"): [tuple(one.decision == D.APPROVE for one in pair) for pair in pairs],
        _("Question good or not"): [tuple(bool(one.question_ok) for one in pair) for pair in pairs],
        _("Answer good or not"): [tuple(bool(one.answer_ok) for one in pair) for pair in pairs],
    }
    return [{"what": what, **vars(agreement([(a, b) for a, b in said]))} for what, said in asked.items()]
