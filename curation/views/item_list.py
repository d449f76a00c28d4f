"""The list of items: filters and their state in the address, pages by key, a table of the same."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from curation import filters as asked
from curation import item_table
from curation.actions.batches import MOST
from curation.errors import Invalid
from curation.models import Batch, Category, Membership
from curation.queries import ITEM_ROLES, at_most, items_visible_to
from curation.sentences import alias
from curation.views import work
from curation.views.gate import MemberRequest, member

PAGE = 50
COUNTED = 1000  # how far matches are counted
COUNTED_IN_SEARCH = 200  # where texts are read for it
OF_REVIEWERS = (Batch.Verb.REQUEST_CHANGES,)  # a lead who does not review would be refused on every item
MORE = ("attribute", "origin", "reason", "age", "twice")


@member(*ITEM_ROLES)
def item_list(request: MemberRequest) -> HttpResponse:
    """Search and filters live in the address; pages follow the key, not an offset.

    What is not understood is told above the list of what the rest asks for: 400.
    """
    filters, misread = asked.understood(request.GET, request.user, request.dataset, beside=("after",))
    given = request.GET.get("after", "")
    after = asked.number(given) if given else 0
    if after < 0:
        misread.append(Invalid(asked.no_value("after", given), field="after"))
    part = bool(request.htmx) and not request.htmx.history_restore_request
    context = _table(request, filters, max(after, 0)) | ({} if part else _choices(filters, request.roles))
    name = "curation/items.html#table" if part else "curation/items.html"
    response = render(request, name, context | {"misread": misread}, status=400 if misread else 200)
    patch_vary_headers(response, ["HX-Request"])  # the way back shows a page, never the part of one
    if part:
        response["HX-Push-Url"] = f"{request.path}{_behind(filters.address())}"
    return response


def _behind(query: str) -> str:
    return f"?{query}" if query else ""


def _table(request: MemberRequest, filters: asked.Filters, after: int) -> dict[str, Any]:
    items = filters.apply(items_visible_to(request.user, request.dataset))
    page = items.filter(pk__gt=after) if after else items
    rows = list(item_table.listed(page)[: PAGE + 1])
    whole = not after and len(rows) <= PAGE
    most = COUNTED_IN_SEARCH if "q" in filters.given else COUNTED
    total = len(rows) if whole else at_most(items, most + 1)
    closed = filters.closed
    query = filters.address()
    return {
        "rows": [
            {
                "item": row,
                "writer": alias(row.author),
                "covered": item_table.is_covered(row, request.user, closed),
            }
            for row in rows[:PAGE]
        ],
        "columns": item_table.COLUMNS,
        "total": min(total, most),
        "counted_out": total > most,
        "filters": filters,
        "query": query,
        "chips": [
            (chip, f"{request.path}{_behind(filters.address(but=[chip.name]))}") for chip in filters.chips()
        ],
        "spares": bool(closed),
        "other_spare": f"{request.path}{_behind(filters.address(spared=asked.NO if filters.sparing else asked.YES))}",
        "first_url": f"{request.path}{_behind(query)}" if after else "",
        "next_url": f"?{filters.address(after=str(rows[PAGE - 1].pk))}" if len(rows) > PAGE else "",
        "may_change": Membership.Role.LEAD in request.roles,
    }


def _choices(filters: asked.Filters, roles: set[str]) -> dict[str, Any]:
    """What the form offers; the less common filters stand folded away until one of them is on."""
    offered = asked.offered(filters)
    language = work.language()
    reasons = {
        part: [(each.code, each.name(language)) for each in filters.book.offered("request_changes", part)]
        for part in ("question", "answer")
    }
    reviews = Membership.Role.REVIEWER in roles
    verbs = [each for each in Batch.Verb.choices if reviews or each[0] not in OF_REVIEWERS]
    return {
        "verbs": verbs,
        "reasons": [(part, work.PARTS[part], choices) for part, choices in reasons.items()],
        "kinds": _leaves(filters),
        "most": MOST,
        "given": filters.given,
        "common": [(name, asked.LABELS[name], offered[name]) for name in ("state", "split", "author")],
        "more": [(name, asked.LABELS[name], offered[name]) for name in MORE],
        "more_on": any(name in filters.given for name in (*MORE, "open")),
        "categories": [
            each for pk, each in filters.categories.items() if not (filters.sparing and pk in filters.closed)
        ],
    }


def _leaves(filters: asked.Filters) -> list[tuple[str, list[Category]]]:
    """The leaves under the name of what stands above them, from what is read already."""
    leaves = [each for each in filters.categories.values() if each.is_leaf]
    found: dict[int, list[Category]] = {}
    for leaf in leaves:
        found.setdefault(leaf.parent_id or 0, []).append(leaf)
    return [(filters.categories[pk].name, below) for pk, below in found.items() if pk in filters.categories]


@member(*ITEM_ROLES)
def download(request: MemberRequest) -> HttpResponseBase:
    """The rows and columns of the list as a table."""
    try:
        filters = asked.read(request.GET, request.user, request.dataset, beside=("encoding",))
        items = items_visible_to(request.user, request.dataset)
        encoding = request.GET.get("encoding", "")
        return item_table.answer(request.user, request.dataset, items, filters, encoding=encoding)
    except Invalid as error:
        return render(request, "400.html", {"sentence": error.sentence}, status=400)
