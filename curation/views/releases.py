"""The list of frozen versions, and freezing the next one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from curation.actions import releases as act
from curation.errors import TeineiError
from curation.forms import FreezeForm
from curation.models import Membership
from curation.queries import ITEM_ROLES, releases_visible_to
from curation.rules import allows
from curation.views.gate import MemberRequest, member

MANAGER = Membership.Role.RELEASE_MANAGER


@member(*ITEM_ROLES)
def release_list(request: MemberRequest) -> HttpResponse:
    """All versions, newest first; two that were ticked lead to what differs between them."""
    visible = releases_visible_to(request.user, request.dataset)
    rows = visible.select_related("frozen_by", "page").annotate(corrections=Count("errata", distinct=True))
    ticked = request.GET.getlist("compare")
    if ticked:
        return _compare(request, ticked)
    context = {
        "releases": rows.defer("snapshot", "gates"),
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


@member(MANAGER)
def freeze(request: MemberRequest) -> HttpResponse:
    """First what the gates say; then, with the name typed, the freeze."""
    dataset = request.dataset
    initial = {"seed": 1, "test_per_leaf": act.default_test_per_leaf(dataset)}
    form = FreezeForm(request.POST or None, initial=initial)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        choice = act.Choice(**chosen)
        try:
            draft = act.draw_up(request.user, dataset, choice)
            context |= {"draft": draft, "red": draft.red([]), "counts": _split_counts(draft)}
            if request.POST.get("confirm"):
                return _freeze(request, choice)
        except TeineiError as error:
            form.add_error(error.field if error.field in form.fields else None, error.sentence)
    return render(request, "curation/release_freeze.html", context)


def _freeze(request: MemberRequest, choice: act.Choice) -> HttpResponse:
    if request.POST["confirm"].strip() != choice.name:
        messages.error(request, _("Type the release's name exactly to freeze it."))
        return redirect("curation:release_freeze", dataset=request.dataset.slug)
    release = act.freeze(request.user, request.dataset, choice)
    messages.success(request, _("%(name)s is frozen.") % {"name": release.name})
    return redirect("curation:release", dataset=request.dataset.slug, name=release.name)


def _split_counts(draft: act.Draft) -> dict[str, int]:
    splits = [draft.plan.split(item) for item in draft.plan.items]
    return {"items": len(splits), "dev": splits.count("dev"), "test": splits.count("test")}
