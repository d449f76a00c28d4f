"""The versions of the guideline and of the coded reasons."""

from __future__ import annotations

from django.db.models import F, QuerySet

from curation.models import Codebook, Dataset, Guideline, Review
from curation.reasons import Book, shipped


def newest_guideline(dataset: Dataset) -> Guideline | None:
    """The version in force."""
    return Guideline.objects.filter(dataset=dataset).order_by("-version").first()


def guideline_versions(dataset: Dataset) -> QuerySet[Guideline]:
    """All versions, newest first, with the people behind them."""
    rows = Guideline.objects.filter(dataset=dataset).select_related("dataset", "written_by", "signed_by")
    return rows.order_by("-version")


def newest_codebook(dataset: Dataset) -> Codebook | None:
    """The version in force, read anew: for whoever writes."""
    return Codebook.objects.filter(dataset=dataset).order_by("-version").first()


def codebook_versions(dataset: Dataset) -> QuerySet[Codebook]:
    """All versions, newest first, with the people behind them."""
    rows = Codebook.objects.filter(dataset=dataset).select_related("dataset", "written_by", "signed_by")
    return rows.order_by("-version")


def book_of(dataset: Dataset) -> Book:
    """The reasons that are offered now; no query where the dataset came by its address."""
    return dataset.codebook.book if dataset.codebook else shipped()


def in_words(reviews: QuerySet[Review]) -> QuerySet[Review]:
    """Reviews with what their reasons meant: one query more for all of them.

    `under` is the version of the guideline that each was made under, None for none.
    """
    return reviews.annotate(under=F("guideline__version")).prefetch_related("codebook")
