"""A person's own page: how they are looked after. Nobody else ever opens it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from curation import registry
from curation.actions.care import LONGEST_STRETCH, set_care, set_covers, set_opt_outs
from curation.exposure import worked_of
from curation.models import Category, Codebook, Item, Membership, OptOut, Person
from curation.queries.mine import Back, own_by_state, reasons_back
from curation.sections import section_url
from curation.views import work
from curation.views.gate import MemberRequest, attempt, member

Role = Membership.Role


@never_cache
@member()
def me(request: MemberRequest) -> HttpResponse:
    """Own items, why they came back, time and breaks, cover, opt-outs, and what higher floors know of one's own days."""
    chosen = set(OptOut.objects.filter(person=request.user).values_list("category", flat=True))
    of_tree = Category.objects.filter(taxonomy=request.dataset.taxonomy_id)
    categories = list(of_tree.order_by("level", "position"))
    context = {
        **_work(request),
        "tree": tree_of(categories, chosen),
        "covered": tree_of(categories, set(request.user.covers)),
        "panels": registry.panels("me", person=request.user, dataset=request.dataset),
        "most_minutes": LONGEST_STRETCH,
    }
    return render(request, "curation/me.html", context)


def _work(request: MemberRequest) -> dict[str, Any]:
    """What only those who write or review have."""
    if not request.roles & {Role.AUTHOR, Role.REVIEWER}:
        return {}
    states = own_by_state(request.user, request.dataset)
    back = reasons_back(request.user, request.dataset)
    books = Codebook.objects.in_bulk({each.codebook for each in back if each.codebook})
    return {
        "states": [{"state": state, "label": Item.State(state).label, "n": n} for state, n in states.items()],
        "back": [row for each in back if (row := _came_back(each, books, request.dataset.slug))],
        "worked": worked_of(request.user),
    }


def _came_back(back: Back, books: dict[int, Codebook], dataset: str) -> dict[str, Any] | None:
    """A reason in the words of the newest decision that gave it, with its section of the guideline of then."""
    held = books.get(back.codebook or 0)
    reason = held.book.of(back.code) if held else None
    if reason is None:
        return None
    url = section_url(dataset, back.guideline, reason.section)
    return {"part": work.PARTS.get(back.part, ""), "n": back.n, "url": url, **work.in_words(reason)}


def tree_of(categories: list[Category], chosen: set[int]) -> list[dict[str, Any]]:
    """Categories as nested rows {category, chosen, children, inside}; `inside`: chosen ones below it."""
    rows: dict[int, dict[str, Any]] = {
        category.pk: {"category": category, "chosen": category.pk in chosen, "children": [], "inside": 0}
        for category in categories
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


@require_POST
@member()
def covers(request: MemberRequest) -> HttpResponse:
    """The categories whose texts stay covered, and no others."""
    person = Person.objects.get(pk=request.user.pk)
    categories = {_number(given) for given in request.POST.getlist("category")}
    attempt(
        request,
        lambda: set_covers(person, person, request.dataset, categories),
        _("Saved. Texts of these categories stay covered until you ask for them."),
    )
    return redirect("curation:me", dataset=request.dataset.slug)
