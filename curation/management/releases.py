"""Finding releases for commands."""

from __future__ import annotations

from curation.management.base import Unusable
from curation.models import Dataset, Release


def release_named(dataset: Dataset, name: str) -> Release:
    """The dataset's release of that name; Unusable lists those there are."""
    found = Release.objects.filter(dataset=dataset, name=name).select_related("dataset__taxonomy").first()
    if found is None:
        names = (
            ", ".join(Release.objects.filter(dataset=dataset).values_list("name", flat=True)) or "none yet"
        )
        raise Unusable(f"{dataset.slug} has no release {name}. There are: {names}.")
    return found
