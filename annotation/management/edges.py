"""What the commands of this floor share: objects by name, rows set apart as the base class prints them."""

from __future__ import annotations

from collections.abc import Sequence

from annotation.models import RatingTask
from curation.formats import Quarantined
from curation.management.base import Refused, Unusable
from curation.models import Dataset, Endpoint, Release


def release_named(dataset: Dataset, name: str) -> Release:
    found = Release.objects.filter(dataset=dataset, name=name).first()
    if found is None:
        names = (
            ", ".join(Release.objects.filter(dataset=dataset).values_list("name", flat=True)) or "none yet"
        )
        raise Unusable(
            f"There is no release named {name} in {dataset.slug}. There are: {names}.", field="release"
        )
    return found


def task_named(dataset: Dataset, name: str) -> RatingTask:
    found = RatingTask.objects.filter(dataset=dataset, name=name).select_related("rubric", "dataset").first()
    if found is None:
        names = (
            ", ".join(RatingTask.objects.filter(dataset=dataset).values_list("name", flat=True)) or "none yet"
        )
        raise Unusable(f"There is no task named {name} in {dataset.slug}. There are: {names}.", field="task")
    return found


def endpoint_named(dataset: Dataset, name: str) -> Endpoint:
    found = Endpoint.objects.filter(dataset=dataset, name=name).first()
    if found is None:
        names = (
            ", ".join(Endpoint.objects.filter(dataset=dataset).values_list("name", flat=True)) or "none yet"
        )
        raise Unusable(
            f"There is no endpoint named {name} in {dataset.slug}. There are: {names}.", field="endpoint"
        )
    return found


def refused(rows: Sequence[Quarantined]) -> list[Refused]:
    return [Refused(row=row.row or 0, field=row.field, reason=row.reason) for row in rows]
