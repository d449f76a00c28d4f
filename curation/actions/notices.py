"""Telling people what concerns them: one row a person and event, with ids and never a text."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from curation.models import (
    Comment,
    Dataset,
    DoubleReview,
    Item,
    Job,
    Lease,
    Membership,
    Mention,
    Notice,
    Person,
    Review,
    Revision,
)
from curation.queries import notices_of

Kind = Notice.Kind
QUIET = {"drafting_aid"}
AT_ONCE = 1000  # rows removed in a transaction, so that nobody's page waits for long
D = Review.Decision
OF_DECISIONS = {
    D.APPROVE: Kind.APPROVED,
    D.FIX_AND_APPROVE: Kind.FIXED,
    D.REQUEST_CHANGES: Kind.SENT_BACK,
    D.REQUEST_ANSWER: Kind.ANSWER_ASKED,
    D.REJECT: Kind.REJECTED,
}


def tell(
    kind: str, people: Iterable[int | None], *, dataset: int, but: Person | None = None, **of: Any
) -> None:
    """One notice for each of the people, once each, and none for `but`, whose act it is. `of`: item, comment, job, actor."""
    ids = {pk for pk in people if pk is not None} - {but.pk if but else None}
    Notice.objects.bulk_create(
        Notice(person_id=pk, dataset_id=dataset, kind=kind, **of) for pk in sorted(ids)
    )


def writers_of(item: Item, revision: Revision | None) -> set[int | None]:
    """Whose item it is: who has it, and who wrote a part of the text."""
    parts = {revision.question_author_id, revision.answer_author_id} if revision else set()
    return {item.author_id, *parts}


def tell_writers(kind: str, item: Item, *, by: Person | None) -> None:
    """What became of an item, for those who wrote it. Who decided it stays untold. There is nothing to settle any more."""
    people = writers_of(item, item.current_revision)
    tell(kind, people, dataset=item.dataset_id, but=by, item=item)
    waiting = Notice.objects.filter(item=item, kind=Kind.SETTLE, seen_at=None)
    waiting.update(seen_at=timezone.now())


def tell_of_decision(item: Item, row: Review) -> None:
    """For the writers of what was decided; an opinion that two people gave differently waits for the leads."""
    if row.decides:
        kind = OF_DECISIONS[D(row.decision)]
        if kind == Kind.SENT_BACK and item.open_to_all:
            kind = Kind.OPENED
        if kind == Kind.APPROVED and row.double and _mended(row.double):
            kind = Kind.FIXED
        tell_writers(kind, item, by=row.reviewer)
    elif row.double and row.double.agreed is False:
        leads = Membership.objects.filter(dataset=item.dataset_id, role=Membership.Role.LEAD)
        gave = row.double.opinions.values_list("reviewer", flat=True)
        people = set(leads.values_list("person", flat=True)) - set(gave)
        tell(Kind.SETTLE, people, dataset=item.dataset_id, item=item)


def forget_decision(item: Item, row: Review) -> None:
    """What nobody has read yet of a decision that was taken back."""
    told = Notice.objects.filter(item=item, kind__in={*OF_DECISIONS.values(), Kind.OPENED}, seen_at=None)
    told.filter(created_at__gte=row.created_at).delete()


def _mended(double: DoubleReview) -> bool:
    return double.opinions.filter(decision=D.FIX_AND_APPROVE).exists()


def tell_of_comment(made: Comment) -> None:
    """Whom it names, whoever spoke in the thread before, and whoever has the item: each once, for what is nearest."""
    item, by = made.item, made.person
    named = set(Mention.objects.filter(comment=made).values_list("person", flat=True))
    opening = made.reply_to
    answered = {opening.person_id, *opening.replies.values_list("person", flat=True)} if opening else set()
    told: set[int | None] = set()
    for kind, people in (
        (Kind.MENTIONED, named),
        (Kind.ANSWERED, answered),
        (Kind.COMMENTED, {item.author_id}),
    ):
        tell(kind, people - told, dataset=item.dataset_id, but=by, item=item, comment=made, actor=by)
        told |= people


def tell_of_hand_over(lease: Lease, *, held: Lease | None, by: Person) -> None:
    """To whoever has it now, and to whoever had it where somebody else gave it away."""
    dataset, writing = lease.item.dataset_id, lease.part == Lease.Part.WRITE
    tell(
        Kind.HANDED_WRITING if writing else Kind.HANDED,
        [lease.person_id],
        dataset=dataset,
        but=by,
        item=lease.item,
    )
    if held is not None:
        kind = Kind.TAKEN_WRITING if writing else Kind.TAKEN
        tell(kind, [held.person_id], dataset=dataset, but=by, item=lease.item)


def tell_of_job(job: Job) -> None:
    """To whoever asked for it; what is waited for on its own page tells nobody."""
    if job.dataset_id is not None and job.kind not in QUIET:
        tell(Kind.JOB, [job.person_id], dataset=job.dataset_id, job=job)


@transaction.atomic
def mark_seen(
    person: Person, dataset: Dataset, *, ids: Iterable[int] | None = None, up_to: int | None = None
) -> int:
    """Mark the person's notices as seen: those of `ids`, or all up to the id `up_to`. Returns how many were new."""
    rows = notices_of(person, dataset).filter(seen_at=None)
    rows = rows.filter(pk__in=list(ids)) if ids is not None else rows.filter(pk__lte=up_to or 0)
    chosen = list(rows.values_list("pk", flat=True))
    return Notice.objects.filter(pk__in=chosen, seen_at=None).update(seen_at=timezone.now())


def remove_old() -> int:
    """Remove notices that were seen more than `TEINEI_NOTICE_DAYS` days ago, some at a time; how many. Unseen ones stay."""
    before = timezone.now() - timedelta(days=settings.TEINEI_NOTICE_DAYS)
    old = Notice.objects.filter(seen_at__lt=before)
    gone = 0
    while ids := list(old.values_list("pk", flat=True)[:AT_ONCE]):
        gone += Notice.objects.filter(pk__in=ids).delete()[0]
    return gone
