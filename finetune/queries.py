"""Which runs a person sees, and what used an item."""

from __future__ import annotations

from django.db.models import QuerySet

from curation.models import Dataset, Membership, Person
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
