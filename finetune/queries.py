"""Which runs a person sees, and what used an item."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from curation.models import Dataset, Membership, Person, Release
from curation.rules import roles_of
from finetune.models import TrainingRun

Role = Membership.Role
RUN_ROLES = frozenset({Role.RESEARCHER, Role.RELEASE_MANAGER, Role.LEAD})


def runs_visible_to(person: Person, dataset: Dataset) -> QuerySet[TrainingRun]:
    if not roles_of(person, dataset) & RUN_ROLES:
        return TrainingRun.objects.none()
    return TrainingRun.objects.filter(dataset=dataset)


def runs_active(person: Person, dataset: Dataset) -> int | None:
    states = [TrainingRun.State.QUEUED, TrainingRun.State.RUNNING]
    return runs_visible_to(person, dataset).filter(state__in=states).count() or None


def runs_using(items: Iterable[int]) -> list[dict[str, Any]]:
    """Runs trained on any of the items: `[{"kind", "name", "items"}]`, for errata."""
    ids = list(items)
    found = (
        TrainingRun.objects.filter(
            mixture__releases__items__item__in=ids, mixture__releases__items__split="dev"
        )
        .distinct()
        .order_by("pk")
    )
    rows = []
    for run in found:
        used = (
            Release.objects.filter(mixtures=run.mixture_id, items__item__in=ids, items__split="dev")
            .values_list("items__item", flat=True)
            .distinct()
        )
        rows.append({"kind": "training run", "name": f"{run.name} #{run.pk}", "items": sorted(used)})
    return rows
