"""`{% withdrawn dataset kind key releases %}`: a note on the page of what used items that were withdrawn since."""

from __future__ import annotations

from typing import Any

from django import template

from curation.models import Dataset, Release
from curation.usages import errata_about

register = template.Library()


@register.inclusion_tag("curation/_withdrawn.html")
def withdrawn(dataset: Dataset, kind: str, key: int, releases: Any = None) -> dict[str, Any]:
    """`kind` and `key` as `registry.Use` has them; `releases` is the release it rests on, their manager, or None."""

    def ids() -> list[int]:
        if isinstance(releases, Release):
            return [releases.pk]
        return list(releases.values_list("pk", flat=True)) if releases else []

    return {"errata": errata_about(dataset, kind, key, ids)}
