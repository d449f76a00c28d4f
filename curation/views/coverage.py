from __future__ import annotations

from collections import Counter
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from curation.actions.sign_offs import sign_mapping
from curation.mapping import compared_with, content_hash, pairs
from curation.models import CategoryMapping
from curation.queries import ITEM_ROLES, coverage, opted_out
from curation.rules import allows
from curation.views.gate import MemberRequest, attempt, member
from curation.views.write_list import seen_by, tree_of

NUMBERS = ("approved", "in_work", "reserved", "target", "missing")


@member(*ITEM_ROLES)
def coverage_page(request: MemberRequest) -> HttpResponse:
    """The taxonomy as a map: approved, in work and reserved against the target; an author takes a leaf from it."""
    closed = opted_out(request.user, request.dataset.taxonomy_id)
    cells = seen_by(request.user, request.dataset, coverage(request.dataset, but=closed))
    context = {
        "areas": tree_of(cells),
        "left_out": sum(path.count("\t") == 2 for path in closed.values()),
        "may_take": allows(request.user, "take", request.dataset),
        "may_set": allows(request.user, "set_quotas", request.dataset),
        **{name: sum(getattr(each, name) for each in cells) for name in NUMBERS},
    }
    return render(request, "curation/coverage.html", context)


@member(*ITEM_ROLES)
def taxonomy_page(request: MemberRequest) -> HttpResponse:
    """Labels, definitions in both languages, and how the taxonomy stands to others."""
    taxonomy = request.dataset.taxonomy
    context = {
        "taxonomy": taxonomy,
        "categories": taxonomy.categories.select_related("parent"),
        **_signed(request),
    }
    return render(request, "curation/taxonomy.html", context)


def _signed(request: MemberRequest) -> dict[str, Any]:
    taxonomy = request.dataset.taxonomy
    now = content_hash(taxonomy)
    sign_offs = list(taxonomy.sign_offs.select_related("person"))
    return {
        "content_hash": now,
        "sign_offs": sign_offs,
        "standing": next((row for row in sign_offs if row.content_hash == now), None),
        "may_sign": allows(request.user, "sign_mapping", taxonomy),
    }


@member(*ITEM_ROLES)
def mapping_page(request: MemberRequest) -> HttpResponse:
    """The taxonomy beside the one it was made from, category by category; what is signed is what stands here."""
    taxonomy = request.dataset.taxonomy
    others = compared_with(taxonomy)
    other = next(
        (each for each in others if each.name == request.GET.get("with")), others[0] if others else None
    )
    every = pairs(taxonomy, other) if other else []
    counts = Counter(pair.kind for pair in every)
    kind = request.GET.get("kind", "")
    context = {
        "taxonomy": taxonomy,
        "others": others,
        "other": other,
        "kinds": [
            (kind, label, counts[kind]) for kind, label in CategoryMapping.Kind.choices if counts[kind]
        ],
        "kind": kind,
        "pairs": [pair for pair in every if pair.kind == kind] if kind in counts else every,
        **_signed(request),
    }
    return render(request, "curation/mapping.html", context)


@require_POST
@member(*ITEM_ROLES)
def mapping_sign(request: MemberRequest) -> HttpResponse:
    read, comment = request.POST.get("read", ""), request.POST.get("comment", "")[:2000]
    taxonomy, dataset = request.dataset.taxonomy, request.dataset
    attempt(
        request,
        lambda: sign_mapping(request.user, taxonomy, read=read, comment=comment, dataset=dataset),
        _("The taxonomy is signed as it stands."),
    )
    return redirect("curation:mapping", dataset=dataset.slug)
