"""What was typed into leases that ran out: kept, marked, and never a rating."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from annotation.models import Assignment, RatingTask

A = Assignment.State


@dataclass(frozen=True, kw_only=True)
class Left:
    """A draft with the lease that it was left in: `at` is when it was saved last."""

    lease: Assignment
    comment: str
    scores: dict[str, str]
    at: datetime


def abandoned(task: RatingTask) -> QuerySet[Assignment]:
    """Leases whose time is over with something typed in them, the newest first; `decided` where the same rater rated or
    skipped the response later."""
    over = Q(state=A.EXPIRED) | Q(state=A.LEASED, expires_at__lte=timezone.now())
    later = Assignment.objects.filter(
        task=OuterRef("task"),
        response=OuterRef("response"),
        rater=OuterRef("rater"),
        state__in=[A.RATED, A.SKIPPED],
    )
    rows = Assignment.objects.filter(over, task=task).exclude(draft={})
    shown = rows.annotate(decided=Exists(later)).select_related(
        "rater", "response__text", "response__question_text"
    )
    return shown.order_by("-leased_at", "-pk")


def left_in(lease: Assignment) -> Left:
    kept = lease.draft
    saved = kept.get("saved_at")
    at = parse_datetime(saved) if isinstance(saved, str) else None
    return Left(
        lease=lease,
        comment=str(kept.get("comment", "")),
        scores={str(axis): str(point) for axis, point in dict(kept.get("scores") or {}).items() if point},
        at=at or lease.expires_at,
    )
