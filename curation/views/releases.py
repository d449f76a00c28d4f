"""Frozen versions: what they hold, freezing the next one, and their files."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from curation import registry
from curation.actions import releases as act
from curation.errors import TeineiError
from curation.forms import FreezeForm
from curation.models import Membership, Release
from curation.queries import ITEM_ROLES, named_steps, releases_visible_to
from curation.release_diff import diff
from curation.rules import allows
from curation.views.gate import MemberRequest, member

MANAGER = Membership.Role.RELEASE_MANAGER


@member(*ITEM_ROLES)
def release_list(request: MemberRequest) -> HttpResponse:
    context = {
        "releases": releases_visible_to(request.user, request.dataset).select_related("frozen_by"),
        "may_freeze": allows(request.user, "freeze", request.dataset),
    }
    return render(request, "curation/releases.html", context)


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


@member(*ITEM_ROLES)
def release(request: MemberRequest, name: str) -> HttpResponse:
    found = _found(request, name)
    leaves = found.counts.get("leaves", {})
    context = {
        "release": found,
        "leaves": list(zip(named_steps(request.dataset, leaves), leaves.values(), strict=True)),
        "errata": found.errata.select_related("successor"),
        "successors": found.successors.all(),
        "diff": diff(found.predecessor, found) if found.predecessor else None,
        "panels": registry.panels("release", person=request.user, release=found),
    }
    return render(request, "curation/release.html", context)


def _found(request: MemberRequest, name: str) -> Release:
    visible = releases_visible_to(request.user, request.dataset)
    return get_object_or_404(visible.select_related("predecessor", "frozen_by", "dataset"), name=name)
