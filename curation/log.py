"""The one writer of the append-only log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models

from curation.models import Dataset, LogEntry, Person
from curation.prepared import insert


@dataclass(frozen=True)
class Operator:
    """Whoever runs a command without naming a person. Never the second person of a rule."""

    name: str = "operator"
    pk: None = None


OPERATOR = Operator()
Actor = Person | Operator


def person_of(actor: Actor) -> Person | None:
    """The person behind an actor, None for the operator."""
    return actor if isinstance(actor, Person) else None


def record(
    actor: Actor,
    verb: str,
    subject: models.Model,
    *,
    dataset: Dataset | None = None,
    from_state: str = "",
    to_state: str = "",
    **details: Any,
) -> LogEntry:
    """Append who did what to which object. Details hold ids and numbers, never texts.

    The dataset is the subject's own where it has one.
    """
    if dataset is None:
        dataset = subject if isinstance(subject, Dataset) else getattr(subject, "dataset", None)
    entry = LogEntry(
        dataset=dataset,
        person=person_of(actor),
        actor=actor.username if isinstance(actor, Person) else actor.name,
        verb=verb,
        object_type=subject._meta.model_name or "",
        object_id=str(subject.pk),
        from_state=from_state,
        to_state=to_state,
        details=details,
    )
    insert(entry)
    return entry


def record_many(
    actor: Actor,
    verb: str,
    model: type[models.Model],
    ids: Iterable[int],
    *,
    dataset: Dataset,
    from_state: str = "",
    to_state: str = "",
) -> None:
    """Append one entry per object of a bulk act."""
    person = person_of(actor)
    name = actor.username if isinstance(actor, Person) else actor.name
    LogEntry.objects.bulk_create(
        (
            LogEntry(
                dataset=dataset,
                person=person,
                actor=name,
                verb=verb,
                object_type=model._meta.model_name or "",
                object_id=str(pk),
                from_state=from_state,
                to_state=to_state,
            )
            for pk in ids
        ),
        batch_size=500,
    )
