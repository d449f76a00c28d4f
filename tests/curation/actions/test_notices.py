"""Who is told what: of decisions, moves, hand-overs, second opinions and jobs; ids alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from curation.actions import items, jobs, leases, moves, notices
from curation.actions.items import Wording
from curation.actions.notices import mark_seen
from curation.models import Job, Notice, Revision
from curation.queries import notices_of
from curation.tasks import remove_old_notices
from tests.factories.curation import ANSWER, decide, leaf, make_dataset, make_item, make_member
from tests.factories.whole import NoTask

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def dataset():
    return make_dataset()


@pytest.fixture
def author(dataset):
    return make_member(dataset, "author")


@pytest.fixture
def reviewer(dataset):
    return make_member(dataset, "reviewer")


@pytest.fixture
def lead(dataset):
    return make_member(dataset, "lead")


def kinds(person, dataset) -> list[str]:
    return [row.kind for row in notices_of(person, dataset)]


@pytest.mark.parametrize(
    ("decision", "given", "kind"),
    [
        ("approve", {}, "approved"),
        ("request_changes", {}, "sent_back"),
        ("request_changes", {"open_to_all": True}, "opened"),
        ("request_answer", {}, "answer_asked"),
        ("reject", {}, "rejected"),
    ],
)
def test_writer_is_told_of_a_decision_and_not_by_whom(dataset, author, reviewer, decision, given, kind):
    item = make_item(dataset, state="in_review", author=author)
    decide(item, reviewer, decision, **given)
    told = [(row.person, row.kind, row.item, row.actor) for row in Notice.objects.all()]
    assert told == [(author, kind, item, None)]


def test_writers_of_both_parts_are_told_that_it_was_mended(dataset, author, reviewer):
    second = make_member(dataset, "author")
    item = make_item(dataset, state="awaiting_answer", author=author)
    question = Revision.objects.get(item=item).question
    items.submit(second, item, Wording(question=question, answer=ANSWER, category=leaf(dataset)))
    fixed = Wording(question=question, answer=ANSWER + "念のため。", category=leaf(dataset))
    decide(item, reviewer, "fix_and_approve", fixed=fixed)
    assert [kinds(each, dataset) for each in (author, second, reviewer)] == [["fixed"], ["fixed"], []]


def test_move_withdrawal_and_return_are_told(dataset, author, lead):
    item = make_item(dataset, state="in_review", author=author)
    moves.move(lead, item, leaf(dataset, 1), revision=item.current_revision_id)
    items.withdraw(lead, item, reason="不要になりました。")
    items.reopen(lead, item)
    assert kinds(author, dataset) == ["sent_back", "withdrawn", "moved"]


def test_leads_without_a_part_settle_and_are_told_until_it_is_settled(dataset, author, reviewer, lead):
    both = make_member(dataset, "lead", "reviewer")
    item = make_item(dataset, state="in_review", author=author)
    decide(item, reviewer, "approve", second=True)
    assert Notice.objects.count() == 0
    decide(item, both, "reject")
    assert [(row.person, row.kind, row.actor) for row in Notice.objects.all()] == [(lead, "settle", None)]
    decide(item, lead, "approve")
    assert Notice.objects.get(kind="settle").seen_at is not None
    assert kinds(author, dataset) == ["approved"]


def test_a_fix_that_was_the_first_of_two_opinions_is_told_as_one(dataset, author, reviewer):
    item = make_item(dataset, state="in_review", author=author)
    question = item.current_revision.question
    fixed = Wording(question=question, answer=ANSWER + "念のため。", category=leaf(dataset))
    decide(item, reviewer, "fix_and_approve", fixed=fixed, second=True)
    assert kinds(author, dataset) == []
    item.refresh_from_db()
    decide(item, make_member(dataset, "reviewer"), "approve")
    assert kinds(author, dataset) == ["fixed"]


def test_who_gets_a_review_and_who_loses_it_are_told(dataset, author, reviewer, lead):
    other = make_member(dataset, "reviewer")
    item = make_item(dataset, state="in_review", author=author)
    leases.lease_item(reviewer, item)
    leases.hand_over(lead, item, to=other)
    assert [(row.person, row.kind) for row in Notice.objects.order_by("pk")] == [
        (other, "handed"),
        (reviewer, "taken"),
    ]


def test_end_of_a_job_is_told_to_whoever_asked_for_it(dataset, lead):
    job = jobs.queue_job(lead, dataset, kind="k", title="書き出し", task=NoTask)
    jobs.run_job(job.pk, lambda _job: {})
    told = Notice.objects.get()
    assert (told.person, told.kind, told.job, told.item) == (lead, "job", job, None)
    assert Job.objects.get(pk=job.pk).state == "succeeded"


def test_only_own_notices_are_marked_as_seen_and_none_newer(dataset, author, reviewer):
    for _ in range(3):
        decide(make_item(dataset, state="in_review", author=author), reviewer, "approve")
    newest, middle, oldest = notices_of(author, dataset)
    assert mark_seen(reviewer, dataset, up_to=newest.pk) == 0
    assert mark_seen(author, dataset, ids=[middle.pk, 10**9]) == 1
    assert mark_seen(author, dataset, up_to=middle.pk) == 1
    unseen = Notice.objects.filter(seen_at=None)
    assert list(unseen) == [newest]
    assert oldest.pk < newest.pk


def test_notices_seen_long_ago_are_removed_some_at_a_time_and_unseen_ones_stay(
    dataset, author, settings, monkeypatch
):
    monkeypatch.setattr(notices, "AT_ONCE", 2)
    assert settings.TEINEI_NOTICE_DAYS == 180
    settings.TEINEI_NOTICE_DAYS = 100
    now = timezone.now()
    ages = {"approved": 101, "fixed": 101, "moved": 101, "rejected": 99, "withdrawn": None}
    for kind, days in ages.items():
        seen = None if days is None else now - timedelta(days=days)
        Notice.objects.create(person=author, dataset=dataset, kind=kind, seen_at=seen)
    Notice.objects.update(created_at=now - timedelta(days=400))
    remove_old_notices()
    assert sorted(Notice.objects.values_list("kind", flat=True)) == ["rejected", "withdrawn"]
