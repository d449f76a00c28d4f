from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from curation.models import CategoryMapping, Membership
from curation.queries import ITEM_ROLES, coverage
from curation.rules import allows
from curation.views.gate import MemberRequest, member


@member(*ITEM_ROLES)
def coverage_page(request: MemberRequest) -> HttpResponse:
    """The taxonomy as a map: approved and in work against the target, leaf by leaf."""
    areas: dict[Any, dict[Any, list[dict[str, Any]]]] = {}
    for row in coverage(request.dataset):
        harm_type = row["category"].parent
        areas.setdefault(harm_type.parent, {}).setdefault(harm_type, []).append(row)
    context = {
        "areas": [(area, list(types.items())) for area, types in areas.items()],
        "may_write": allows(request.user, "write", request.dataset),
    }
    return render(request, "curation/coverage.html", context)


@member(*ITEM_ROLES)
def taxonomy_page(request: MemberRequest) -> HttpResponse:
    """Labels, definitions in both languages, and how the taxonomy stands to others."""
    taxonomy = request.dataset.taxonomy
    mappings = CategoryMapping.objects.filter(target__taxonomy=taxonomy) | CategoryMapping.objects.filter(
        source__taxonomy=taxonomy
    )
    context = {
        "taxonomy": taxonomy,
        "categories": taxonomy.categories.select_related("parent"),
        "mappings": mappings.select_related("source__taxonomy", "target__taxonomy").order_by("pk"),
        "may_sign": Membership.Role.LEAD in request.roles,
    }
    return render(request, "curation/taxonomy.html", context)
