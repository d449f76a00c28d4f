"""One verb for many items of the list: choose, look at what would happen, carry out, take back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from curation import filters as asked
from curation.actions import batches
from curation.actions.batches.verbs import NEED_COMMENT, TAKE_COMMENT, Plan
from curation.errors import TeineiError
from curation.forms import BulkForm
from curation.models import Batch, Category, Membership
from curation.queries import batches_visible_to, book_of, items_visible_to, told
from curation.views import work
from curation.views.gate import MemberRequest, attempt, member

LEAD = Membership.Role.LEAD
SHOWN = 20  # batches of the page
GOING = (Batch.State.RUNNING, Batch.State.UNDOING)


@member(LEAD)
def bulk(request: MemberRequest) -> HttpResponse:
    """The newest changes; POST looks at one for the chosen items, or for all that the filters leave over."""
    if request.method != "POST":
        newest = batches_visible_to(request.user, request.dataset)[:SHOWN]
        return render(request, "curation/batches.html", {"batches": newest})
    query = ""
    try:
        narrowed = asked.read(QueryDict(request.POST.get("filters", "")), request.user, request.dataset)
        query = narrowed.address()
        form = BulkForm(request.POST, dataset=request.dataset)
        if not form.is_valid():
            raise work.first_error(form)
        ids = _chosen(request, narrowed)
        batch = batches.prepare(
            request.user, request.dataset, Plan(**form.plan()), ids, filters=narrowed.given
        )
    except TeineiError as error:
        messages.error(request, error.sentence)
        where = redirect("curation:items", dataset=request.dataset.slug)
        where["Location"] += f"?{query}" if query else ""
        return where
    return redirect("curation:batch", dataset=request.dataset.slug, pk=batch.pk)


def _chosen(request: MemberRequest, narrowed: asked.Filters) -> list[int]:
    """The rows that were marked, or the first of all that match; what is no number is no item."""
    if request.POST.get("all") == "1":
        items = narrowed.apply(items_visible_to(request.user, request.dataset))
        return list(items.order_by("pk").values_list("pk", flat=True)[: batches.MOST])
    return [pk for given in request.POST.getlist("ids") if (pk := asked.number(given)) > 0]


@member(LEAD)
def batch(request: MemberRequest, pk: int) -> HttpResponse:
    """What would happen, is happening, or happened; and why not."""
    return _page(request, _found(request, pk))


def _found(request: MemberRequest, pk: int) -> Batch:
    return get_object_or_404(batches_visible_to(request.user, request.dataset), pk=pk)


def _page(
    request: MemberRequest, batch: Batch, *, comment: str = "", error: TeineiError | None = None
) -> HttpResponse:
    came_to = told(batch)
    context = {
        "batch": batch,
        "told": came_to,
        "named": _named(batch),
        "mine": batch.person_id == request.user.pk,
        "comment": comment,
        "error": error,
        "needs_comment": batch.verb in NEED_COMMENT,
        "takes_comment": batch.verb in TAKE_COMMENT,
        "going_on": batch.state in GOING and not error and request.method == "POST",
    }
    return render(request, "curation/batch.html", context, status=work.status_of(error))


def _named(batch: Batch) -> list[str]:
    """What goes with the verb, in words."""
    words = []
    if leaf := Category.objects.filter(pk=batch.arguments.get("category")).first():
        words.append(leaf.name)
    given = batch.arguments.get("reasons", {})
    book = book_of(batch.dataset) if given else None
    for part, code in given.items():
        known = book.of(code) if book else None
        words.append(f"{work.PARTS[part]}{_(': ')}{known.name(work.language()) if known else code}")
    if batch.arguments.get("open_to_all"):
        words.append(_("Open to all writers"))
    return words


@require_POST
@member(LEAD)
def carry_out(request: MemberRequest, pk: int) -> HttpResponse:
    """Do it for a while. What is left goes on by itself where there is script, else by a button."""
    found, comment = _found(request, pk), request.POST.get("comment", "")
    try:
        after = batches.carry_out(request.user, found, comment=comment)
    except TeineiError as error:
        return _page(request, _found(request, pk), comment=comment, error=error)
    if after.state == Batch.State.RUNNING:
        return _page(request, after, comment=comment)
    done = told(after).counts["done"]
    said = ngettext("%(n)d item was changed.", "%(n)d items were changed.", done)
    messages.success(request, said % {"n": done})
    return redirect("curation:batch", dataset=request.dataset.slug, pk=pk)


@require_POST
@member(LEAD)
def undo(request: MemberRequest, pk: int) -> HttpResponse:
    """Take it back for a while, likewise."""
    found = _found(request, pk)
    state: dict[str, Any] = {}
    if attempt(request, lambda: state.update(after=batches.undo(request.user, found))):
        if state["after"].state == Batch.State.UNDOING:
            return _page(request, state["after"])
        undone = told(state["after"]).counts["undone"]
        said = ngettext("%(n)d item is as it was.", "%(n)d items are as they were.", undone)
        messages.success(request, said % {"n": undone})
    return redirect("curation:batch", dataset=request.dataset.slug, pk=pk)
