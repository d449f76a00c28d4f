"""A person's own page: how they are looked after. Nobody else ever opens it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from curation import registry
from curation.actions.care import LONGEST_STRETCH, set_care, set_opt_outs
from curation.models import Category, Dataset, OptOut, Person
from curation.views.gate import MemberRequest, attempt, member


@never_cache
@member()
def me(request: MemberRequest) -> HttpResponse:
    """Cover, breaks, opt-outs, and what higher floors know of the person's own days."""
    chosen = set(OptOut.objects.filter(person=request.user).values_list("category", flat=True))
    context = {
        "tree": tree_of(request.dataset, chosen),
        "panels": registry.panels("me", person=request.user, dataset=request.dataset),
        "most_minutes": LONGEST_STRETCH,
    }
    return render(request, "curation/me.html", context)


def tree_of(dataset: Dataset, chosen: set[int]) -> list[dict[str, Any]]:
    """The dataset's categories as nested rows {category, chosen, children, inside}; `inside`: chosen ones below it."""
    rows: dict[int, dict[str, Any]] = {
        category.pk: {"category": category, "chosen": category.pk in chosen, "children": [], "inside": 0}
        for category in Category.objects.filter(taxonomy=dataset.taxonomy_id).order_by("level", "position")
    }
    roots: list[dict[str, Any]] = []
    for row in rows.values():
        above = rows.get(row["category"].parent_id)
        (above["children"] if above else roots).append(row)
    for row in reversed(list(rows.values())):
        above = rows.get(row["category"].parent_id)
        if above:
            above["inside"] += row["inside"] + row["chosen"]
    return roots


def _number(given: str) -> int:
    """The minutes that were typed; what is no whole number is out of range for the action."""
    return int(given) if given.isascii() and given.isdigit() and len(given) < 6 else -1


@require_POST
@member()
def care(request: MemberRequest) -> HttpResponse:
    """Cover and breaks."""
    person = Person.objects.get(pk=request.user.pk)
    attempt(
        request,
        lambda: set_care(
            request.user,
            person,
            dataset=request.dataset,
            blur="blur" in request.POST,
            break_minutes=_number(request.POST.get("break_minutes", "")),
        ),
        _("Saved."),
    )
    return redirect("curation:me", dataset=request.dataset.slug)


@require_POST
@member()
def opt_outs(request: MemberRequest) -> HttpResponse:
    """The categories that were ticked, and no others."""
    person = Person.objects.get(pk=request.user.pk)
    categories = {_number(given) for given in request.POST.getlist("category")}
    attempt(
        request,
        lambda: set_opt_outs(person, person, request.dataset, categories),
        _("Saved. From now on nothing of these categories is given to you."),
    )
    return redirect("curation:me", dataset=request.dataset.slug)
