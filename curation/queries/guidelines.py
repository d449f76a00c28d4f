"""The versions of the guideline and of the coded reasons."""

from __future__ import annotations

from django.db.models import F, QuerySet

from curation.models import Codebook, Dataset, Guideline, GuidelineReading, Membership, Person, Review
from curation.prepared import Prepared, slot
from curation.reasons import Book, Reason, shipped

DATASET = slot(1)
_NEWEST = Prepared(lambda: Guideline.objects.filter(dataset=DATASET).order_by("-version")[:1])


def newest_guideline(dataset: Dataset) -> Guideline | None:
    """The version in force."""
    return _NEWEST.first({DATASET: dataset.pk})


def guideline_versions(dataset: Dataset) -> QuerySet[Guideline]:
    """All versions, newest first, with the people behind them."""
    rows = Guideline.objects.filter(dataset=dataset).select_related("dataset", "written_by", "signed_by")
    return rows.order_by("-version")


_CODEBOOK = Prepared(lambda: Codebook.objects.filter(dataset=DATASET).order_by("-version")[:1])


def newest_codebook(dataset: Dataset) -> Codebook | None:
    """The version in force, read anew: for whoever writes."""
    return _CODEBOOK.first({DATASET: dataset.pk})


def codebook_versions(dataset: Dataset) -> QuerySet[Codebook]:
    """All versions, newest first, with the people behind them."""
    rows = Codebook.objects.filter(dataset=dataset).select_related("dataset", "written_by", "signed_by")
    return rows.order_by("-version")


def book_of(dataset: Dataset) -> Book:
    """The reasons that are offered now; no query where the dataset came by its address."""
    return dataset.codebook.book if dataset.codebook else shipped()


def in_words(reviews: QuerySet[Review]) -> QuerySet[Review]:
    """Reviews with what their reasons meant: one query more for all of them.

    What `made_under` says of each is asked along.
    """
    return reviews.annotate(under=F("guideline__version")).prefetch_related("codebook")


def made_under(review: Review) -> int | None:
    """The version of the guideline that a review from `in_words` was made under, None for none."""
    version: int | None = vars(review)["under"]
    return version


def reasons_of(review: Review) -> list[tuple[str, Reason]]:
    """Each part that was not good ("" before parts were judged apart) with its reason, as the list had it then."""
    codes = review.reasons or ({"": review.reason} if review.reason else {})
    book = review.codebook.book if review.codebook else shipped()
    return [(part, reason) for part, code in codes.items() if (reason := book.of(code))]


def members_by(dataset: Dataset) -> set[int]:
    """Whoever works by the guideline: authors and reviewers."""
    roles = (Membership.Role.AUTHOR, Membership.Role.REVIEWER)
    rows = Membership.objects.filter(dataset=dataset, role__in=roles)
    return set(rows.values_list("person", flat=True))


def to_confirm(person: Person, guideline: Guideline) -> bool:
    """Whether the person has not said yet that they read this version. The first one is nothing new to anybody."""
    if guideline.version == 1:
        return False
    return not GuidelineReading.objects.filter(guideline=guideline, person=person).exists()


def readers(guideline: Guideline) -> list[tuple[Person, GuidelineReading | None]]:
    """Everybody who works by it, with when they read it; those who have not come first."""
    read = {row.person_id: row for row in guideline.readings.all()}
    people = Person.objects.filter(pk__in=members_by(guideline.dataset)).order_by("display_name", "pk")
    return sorted(((each, read.get(each.pk)) for each in people), key=lambda row: row[1] is not None)
