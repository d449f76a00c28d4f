"""The list of frozen versions."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from curation.queries import ITEM_ROLES, releases_visible_to
from curation.rules import allows
from curation.views.gate import MemberRequest, member


@member(*ITEM_ROLES)
def release_list(request: MemberRequest) -> HttpResponse:
    """All versions, newest first; two that were ticked lead to what differs between them."""
    visible = releases_visible_to(request.user, request.dataset)
    rows = visible.select_related("frozen_by", "page").annotate(corrections=Count("errata"))
    ticked = request.GET.getlist("compare")
    if ticked:
        return _compare(request, ticked)
    context = {
        "releases": rows.defer("snapshot", "gates").order_by("-frozen_at", "-pk"),
        "may_freeze": allows(request.user, "freeze", request.dataset),
    }
    return render(request, "curation/releases.html", context)


def _compare(request: MemberRequest, ticked: list[str]) -> HttpResponse:
    """The older of two against the newer; anything but two is refused in words."""
    visible = releases_visible_to(request.user, request.dataset).filter(name__in=ticked)
    names = list(visible.order_by("frozen_at", "pk").values_list("name", flat=True))
    if len(names) != 2:
        messages.error(request, _("Choose two releases to compare."))
        return redirect("curation:releases", dataset=request.dataset.slug)
    return redirect("curation:release_diff", dataset=request.dataset.slug, name=names[1], old=names[0])
