"""Where the section of the guideline stands that a reason names."""

from __future__ import annotations

from django.urls import reverse

from curation.guideline_text import anchor_of


def section_url(dataset: str, version: int | None, section: int) -> str:
    """Where the guideline's section of that number stands in the version, for a dataset's slug.

    "" where the reason names no section, or the decision was made under no guideline.
    """
    if not section or version is None:
        return ""
    return reverse("curation:guideline_version", args=[dataset, version]) + f"#{anchor_of(section)}"
