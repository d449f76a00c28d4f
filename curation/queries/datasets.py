"""What of a dataset a person may see beside its items, and the names of its categories."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from curation.models import (
    Category,
    Dataset,
    Job,
    Membership,
    Person,
)
from curation.prepared import Prepared, slot, word_slot
from curation.rules import roles_of
from curation.stats.data import PATH_SEPARATOR

Role = Membership.Role


# Raters see responses through their task alone: an item's page would show them the reference and the discussion.
ITEM_ROLES = frozenset(Role.values) - {Role.RATER}


def datasets_of(person: Person | int) -> QuerySet[Dataset]:
    """The datasets in which the person has any role; all others do not exist for them."""
    mine = Membership.objects.filter(person=person).values("dataset")
    return Dataset.objects.filter(pk__in=mine).select_related("taxonomy").order_by("name")


PERSON, SLUG = slot(1), word_slot(2)


# With the reasons in force: lists and forms offer them, and have no query left for it.
_AT = Prepared(lambda: datasets_of(PERSON).select_related("codebook").filter(slug=SLUG)[:1])


def dataset_at(person: Person, slug: str) -> Dataset | None:
    """The dataset at an address, if the person has any role in it: asked by every page."""
    return _AT.first({PERSON: person.pk, SLUG: slug})


def jobs_visible_to(person: Person, dataset: Dataset) -> QuerySet[Job]:
    """All jobs of the dataset for those who answer for it, one's own for everybody else."""
    jobs = Job.objects.filter(dataset=dataset)
    roles = roles_of(person, dataset)
    if roles & {Role.LEAD, Role.RELEASE_MANAGER, Role.RESEARCHER}:
        return jobs
    return jobs.filter(person=person) if roles else jobs.none()


def named_steps(dataset: Dataset, paths: Iterable[str]) -> list[list[str]]:
    """Display names from the risk area down, for paths of labels joined by a tab.

    A label that the dataset's taxonomy does not hold (any more) stands for itself.
    """
    known = {
        category.path: category.name for category in Category.objects.filter(taxonomy=dataset.taxonomy_id)
    }
    steps = []
    for path in paths:
        labels = path.split("\t")
        above = ["\t".join(labels[: depth + 1]) for depth in range(len(labels))]
        steps.append([known.get(each, label) for each, label in zip(above, labels, strict=True)])
    return steps


def path_words(dataset: Dataset, paths: Iterable[str]) -> dict[str, str]:
    """Display names of category paths as statistics keep them, in exact labels; no paths, no query."""
    asked = sorted(set(paths))
    steps = named_steps(dataset, [path.replace(PATH_SEPARATOR, "\t") for path in asked]) if asked else []
    return {path: " › ".join(found) for path, found in zip(asked, steps, strict=True)}
