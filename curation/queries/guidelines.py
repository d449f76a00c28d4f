"""The guideline's versions."""

from __future__ import annotations

from django.db.models import QuerySet

from curation.models import Dataset, Guideline


def newest_guideline(dataset: Dataset) -> Guideline | None:
    """The version in force."""
    return Guideline.objects.filter(dataset=dataset).order_by("-version").first()


def guideline_versions(dataset: Dataset) -> QuerySet[Guideline]:
    """All versions, newest first, with the people behind them."""
    rows = Guideline.objects.filter(dataset=dataset).select_related("dataset", "written_by", "signed_by")
    return rows.order_by("-version")
