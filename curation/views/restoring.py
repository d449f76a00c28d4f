"""An earlier text of an item, taken into the own draft."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from curation.actions import restoring
from curation.models import Item
from curation.queries import ITEM_ROLES, items_visible_to
from curation.views.gate import MemberRequest, attempt, member
from curation.views.numbers import is_number


@require_POST
@member(*ITEM_ROLES)
def restore(request: MemberRequest, pk: int) -> HttpResponse:
    """`revision` or `kept` names the text by its id; then on to the page where the draft is written."""
    found = get_object_or_404(items_visible_to(request.user, request.dataset), pk=pk)
    acts = {"revision": restoring.restore_revision, "kept": restoring.bring_back}
    asked = [(act, request.POST[name]) for name, act in acts.items() if is_number(request.POST.get(name, ""))]
    if not asked:
        raise Http404
    act, number = asked[0]
    said = _("It stands in your draft now. What your draft said before is kept on the page of the item.")
    if not attempt(request, lambda: act(request.user, found, int(number)), said):
        return redirect("curation:item", dataset=request.dataset.slug, pk=pk)
    return redirect(_where_written(request, found))


def _where_written(request: MemberRequest, item: Item) -> str:
    if item.state != Item.State.IN_REVIEW:
        return reverse("curation:write_item", args=[request.dataset.slug, item.pk])
    return reverse("curation:review_item", args=[request.dataset.slug, item.pk]) + "?decide=fix_and_approve"
