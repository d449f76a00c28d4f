"""The log's hash chain: sealed in batches by a periodic job, checked by `doctor`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from curation.models import LogEntry, LogSeal

SETTLED = timedelta(
    seconds=60
)  # an entry's id is drawn before its transaction ends: a younger batch may have gaps


@transaction.atomic
def seal_log(*, settled: timedelta = SETTLED) -> LogSeal | None:
    """Put every settled entry since the last seal under a new one; None where there is none."""
    before = LogSeal.objects.select_for_update().last()
    fresh = LogEntry.objects.filter(created_at__lte=timezone.now() - settled).order_by("id")
    rows = list(fresh.filter(id__gt=before.last) if before else fresh)
    if not rows:
        return None
    previous = before.hash if before else ""
    return LogSeal.objects.create(
        first=rows[0].pk, last=rows[-1].pk, entries=len(rows), previous=previous, hash=chain(previous, rows)
    )


def chain(previous: str, entries: Iterable[LogEntry]) -> str:
    """sha256 over the hash before and the canonical JSON of each entry, in order."""
    digest = hashlib.sha256(previous.encode())
    for entry in entries:
        row = [
            entry.pk,
            entry.dataset_id,
            entry.person_id,
            entry.actor,
            entry.verb,
            entry.object_type,
            entry.object_id,
            entry.from_state,
            entry.to_state,
            entry.details,
            entry.created_at.isoformat(),
        ]
        digest.update(json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode())
    return digest.hexdigest()


def broken_seals() -> list[LogSeal]:
    """Seals that their entries no longer match: the log was changed behind the application's back."""
    broken, previous = [], ""
    for seal in LogSeal.objects.all():
        rows = list(LogEntry.objects.filter(id__gte=seal.first, id__lte=seal.last).order_by("id"))
        if (seal.previous, len(rows), chain(previous, rows)) != (previous, seal.entries, seal.hash):
            broken.append(seal)
        previous = seal.hash
    return broken
