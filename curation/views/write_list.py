"""What to write on: what came back, what was begun, open questions, and the tree of what is still missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from curation.actions.taking import Taken, let_go, take_cell
from curation.models import Category, Dataset, Draft, Item, Lease, Membership, Person, Review
from curation.queries import (
    Cell,
    coverage,
    drafts_of,
    holders_of,
    in_words,
    items_in_list,
    leaf_of,
    neediest,
    open_to_writers,
    opted_out,
    places_of,
    routine_of,
    sent_back,
    set_aside,
    standing,
)
from curation.views import work
from curation.views.gate import MemberRequest, attempt, back, member
from curation.views.numbers import is_number

PAGE = 20
SHOWN = 50  # sent back and drafts: a person's own work, rarely more
Role = Membership.Role
D = Review.Decision
NEEDED = 6  # leaves that are offered first


@member(Role.AUTHOR, warned=True)
def write(request: MemberRequest) -> HttpResponse:
    """What was sent back first, own drafts, open questions by category, and a new question where one is needed."""
    chosen = request.GET.get("category", "")
    waiting = open_to_writers(request.user, request.dataset)
    if is_number(chosen):
        waiting = waiting.filter(category=int(chosen))
    after = request.GET.get("after", "")
    page = waiting.filter(pk__gt=int(after)) if is_number(after) else waiting
    rows = list(items_in_list(page)[: PAGE + 1])
    hands = holders_of(rows, Lease.Part.WRITE)
    closed = opted_out(request.user, request.dataset.taxonomy_id)
    cells = seen_by(request.user, request.dataset, coverage(request.dataset, but=closed))
    context = {
        "sent_back": _with_reasons(request.dataset, sent_back(request.user, request.dataset)),
        "drafts": _drafts(request),
        "aside": set_aside(request.user, request.dataset) if closed else 0,
        "open": [
            {"item": item, "hand": hands.get(item.pk), "excerpt": _excerpt(request, item)}
            for item in rows[:PAGE]
        ],
        "open_total": waiting.count(),
        "chosen": int(chosen) if is_number(chosen) else None,
        "first_url": f"?category={chosen}#open" if after else "",
        "next_url": f"?category={chosen}&after={rows[PAGE - 1].pk}#open" if len(rows) > PAGE else "",
        "again": next((each for each in cells if str(each.category.pk) == request.GET.get("again")), None),
        "needed": sorted((each for each in cells if each.rank), key=lambda each: each.rank),
        "areas": tree_of(cells),
    }
    return render(request, "curation/write.html", context)


def _excerpt(request: MemberRequest, item: Item) -> str:
    if item.current_revision is None or request.user.hides(item.current_revision.category):
        return ""
    return work.excerpt(item.current_revision.question_shown)


def _with_reasons(dataset: Dataset, items: Any) -> list[dict[str, Any]]:
    """Items with the last decision that sent them back: three queries, whatever the number of rows."""
    rows = list(items_in_list(items)[:SHOWN])
    back = [D.REQUEST_CHANGES, D.REQUEST_ANSWER]
    reviews = Review.objects.filter(item__in=rows, decides=True, decision__in=back)
    last = {review.item_id: review for review in in_words(reviews.order_by("created_at", "pk"))}
    said = {pk: work.said_by(review, dataset.slug) for pk, review in last.items()}
    return [{"item": item, "said": said.get(item.pk)} for item in rows]


def _drafts(request: MemberRequest) -> list[dict[str, Any]]:
    rows = list(items_in_list(drafts_of(request.user, request.dataset))[:SHOWN])
    drafts = Draft.objects.filter(person=request.user, item__in=rows).select_related("category__parent")
    by_item = {draft.item_id: draft for draft in drafts}
    shown = []
    for item in rows:
        draft = by_item.get(item.pk)
        of_revision = item.current_revision.category if item.current_revision else None
        category = draft.category if draft and draft.category else of_revision
        text = draft.question if draft and not request.user.hides(category) else ""
        row = {"item": item, "draft": draft, "category": category, "excerpt": work.excerpt(text)}
        shown.append(row | {"place": place_of(item)})
    return shown


def place_of(item: Item) -> str:
    """kept or over: how a begun question stands to its place; nothing where it has none to keep."""
    if item.reserved_until is None:
        return ""
    return "kept" if item.reserved_until > timezone.now() else "over"


def areas_of(leaves: Iterable[Category]) -> list[dict[str, Any]]:
    """Leaves, with parents and grandparents loaded, as a tree: area > harm type > leaves."""
    areas: dict[int, dict[str, Any]] = {}
    for leaf in leaves:
        harm_type = leaf.parent
        assert harm_type is not None
        assert harm_type.parent is not None
        area = areas.setdefault(harm_type.parent.pk, {"category": harm_type.parent, "types": {}})
        area["types"].setdefault(harm_type.pk, {"category": harm_type, "leaves": []})["leaves"].append(leaf)
    return [area | {"types": list(area["types"].values())} for area in areas.values()]


@dataclass(frozen=True, kw_only=True)
class Leaf(Cell):
    """A cell as a page offers it: how it stands to the caps, and its place among the neediest (0: not among them)."""

    standing: str = "open"
    rank: int = 0
    mine: bool = False

    @property
    def takeable(self) -> bool:
        return self.standing in ("open", "soft")

    @property
    def begun_at(self) -> int:
        """Where on its bar the kept places begin."""
        return self.approved + self.in_work

    @property
    def scale(self) -> int:
        """What the whole length of its bar stands for."""
        return max(self.target, self.held, 1)


def seen_by(person: Person, dataset: Dataset, cells: Sequence[Cell]) -> list[Leaf]:
    """The cells with how they stand, the neediest ranked from 1, and where the person keeps a place."""
    routine = routine_of(dataset)
    mine = places_of(person, dataset)
    ranks = {each.category.pk: n for n, each in enumerate(neediest(cells, routine, limit=NEEDED), 1)}
    return [
        Leaf(
            **vars(each),
            standing=standing(each, routine),
            rank=ranks.get(each.category.pk, 0),
            mine=each.category.pk in mine,
        )
        for each in cells
    ]


def tree_of(cells: Iterable[Leaf]) -> list[dict[str, Any]]:
    """The tree with the numbers, and what is missing under each area."""
    by_leaf = {each.category.pk: each for each in cells}
    areas = areas_of(each.category for each in by_leaf.values())
    for area in areas:
        for kind in area["types"]:
            kind["cells"] = [by_leaf[leaf.pk] for leaf in kind["leaves"]]
        area["missing"] = sum(each.missing for kind in area["types"] for each in kind["cells"])
    return areas


@require_POST
@member(Role.AUTHOR, warned=True)
def new(request: MemberRequest) -> HttpResponse:
    """Take a leaf: begin a question there."""
    chosen = request.POST.get("category", "")
    leaf = leaf_of(request.dataset, int(chosen)) if is_number(chosen) else None
    if leaf is None or leaf.pk in opted_out(request.user, request.dataset.taxonomy_id):
        raise Http404
    made: list[Taken] = []
    if attempt(request, lambda: made.append(take_cell(request.user, request.dataset, leaf))):
        if made[0].standing != "open":
            messages.info(request, _("This category has what it wants for now: others need people more."))
        return redirect("curation:write_item", dataset=request.dataset.slug, pk=made[0].item.pk)
    return back(request, reverse("curation:write", args=[request.dataset.slug]))


@require_POST
@member(Role.AUTHOR)
def give_back(request: MemberRequest, pk: int) -> HttpResponse:
    """Let the place of a begun question go; the draft stays."""
    mine = Item.objects.filter(dataset=request.dataset, author=request.user, state=Item.State.DRAFT)
    item = get_object_or_404(mine, pk=pk)
    attempt(
        request, lambda: let_go(request.user, item), _("The place is free for others. Your draft is kept.")
    )
    return redirect("curation:write", dataset=request.dataset.slug)
