"""Whoever does what in whatever order, and whatever breaks off: no text is lost, nobody judges their own work, one
writer moves states, and the log tells all of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Q
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from curation.errors import TeineiError
from curation.models import (
    Batch,
    BatchItem,
    Comment,
    DoubleReview,
    Draft,
    Item,
    KeptDraft,
    LogEntry,
    Membership,
    Person,
    Review,
    Revision,
)
from curation.workflow import ITEM
from tests.factories.curation import make_dataset, make_item, make_member
from tests.rig.office import ACCEPTS, PIECEMEAL, STEPS, Office, state_of_all

Entries = list[LogEntry]


class Broken(Exception):
    """The process ends in the middle of what it writes."""


class BreaksOff:
    """Ends the act before its statement number `at` that writes; 0: never."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self, execute: Callable[..., Any], sql: str, *more: Any) -> Any:
        if sql.startswith(("INSERT", "UPDATE", "DELETE")):
            self.left -= 1
            if self.left == 0:
                raise Broken
        return execute(sql, *more)


# --- The law --------------------------------------------------------------------------------------------------------


def check(office: Office) -> None:
    """The law."""
    entries = list(LogEntry.objects.order_by("pk"))
    revisions = {
        row.pk: row for row in Revision.objects.select_related("question_text", "answer_text", "item")
    }
    no_text_is_lost(office, revisions)
    by_item: dict[str, Entries] = {}
    for entry in entries:
        if entry.object_type == "item":
            by_item.setdefault(entry.object_id, []).append(entry)
    for item in Item.objects.filter(dataset=office.dataset).select_related("current_revision"):
        one_writer_of_state(item, by_item[str(item.pk)])
        if item.current_revision:
            assert item.category_id == item.current_revision.category_id
        if item.state == Item.State.APPROVED:
            decided = Review.objects.filter(item=item, decides=True, decision__in=ACCEPTS)
            assert decided.filter(revision=item.approved_revision_id).exists(), "approved by nobody"
    for review in Review.objects.all():
        nobody_judges_their_own(review, revisions)
    for double in DoubleReview.objects.prefetch_related("opinions"):
        two_people_judge_apart(double)
    the_log_is_complete(entries, revisions)


def no_text_is_lost(office: Office, revisions: dict[int, Revision]) -> None:
    drafts = Draft.objects.values_list("item", "person", "question", "answer")
    now = {(item, person): texts for item, person, *texts in drafts}
    for place, texts in office.typed.items():
        assert now.get(place) == list(texts), "what somebody typed is gone"
    aside = set(KeptDraft.objects.values_list("item", "person", "question", "answer"))
    assert office.kept <= aside, "what an earlier text put aside is gone"
    for pk, texts in office.written.items():
        assert (revisions[pk].question, revisions[pk].answer) == texts, "a revision has changed"
    office.written |= {pk: (row.question, row.answer) for pk, row in revisions.items()}


def one_writer_of_state(item: Item, entries: Entries) -> None:
    """From draft on, every step is one of the table's or takes one back, begins where the last one ended, and the last
    one ends here."""
    state: str = Item.State.DRAFT
    for entry in entries:
        if entry.to_state:
            assert entry.from_state == state
            if entry.verb == "undo":
                verb = Batch.objects.get(pk=entry.details["batch"]).verb
                assert ITEM[verb][entry.to_state] == state
            else:
                assert entry.to_state == ITEM[entry.verb][state]
            state = entry.to_state
    assert item.state == state


def nobody_judges_their_own(review: Review, revisions: dict[int, Revision]) -> None:
    """Of what was there when they read it: a fix is their own, and comes after."""
    fixed = review.decision == Review.Decision.FIX_AND_APPROVE
    for row in revisions.values():
        read = row.pk < review.revision_id or (row.pk == review.revision_id and not fixed)
        if row.item_id == review.item_id and read:
            hands = {row.question_author_id, row.answer_author_id, row.submitted_by_id}
            assert review.reviewer_id not in hands, "somebody judged what they wrote a part of"


def two_people_judge_apart(double: DoubleReview) -> None:
    """The first opinion decides nothing; the second decides where it leads the same way, else a third person's word."""
    given = sorted(double.opinions.all(), key=lambda each: each.pk)
    assert len({each.reviewer_id for each in given}) == len(given), "both opinions are one person's"
    if double.agreed is None:
        decides = [False]
    elif double.agreed:
        decides = [False, True]
    else:
        decides = [False, False, True] if double.settled_by_id else [False, False]
    assert [each.decides for each in given] == decides
    if double.settled_by_id:
        assert given[-1].reviewer_id == double.settled_by_id


def the_log_is_complete(entries: Entries, revisions: dict[int, Revision]) -> None:
    """Each review, revision, comment, role and bulk change is told once."""
    told = [entry.details["review"] for entry in entries if "review" in entry.details]
    undone = BatchItem.objects.filter(batch__verb="request_changes", outcome="undone")
    forgotten = {row.after["review"] for row in undone}
    forgotten |= {entry.details["taken_back"] for entry in entries if "taken_back" in entry.details}
    assert sorted(told) == sorted({*Review.objects.values_list("pk", flat=True), *forgotten})
    every_revision_is_told(entries, revisions)
    verbs = Counter(entry.verb for entry in entries)
    assert verbs["comment"] == Comment.objects.filter(client_id__isnull=False).count()
    assert verbs["give_role"] - verbs["take_role"] == Membership.objects.count()
    assert verbs["move"] == len(
        {entry.details["revision"] for entry in entries if entry.verb == "move"} & set(revisions)
    )
    bulk = Counter((entry.object_id, entry.verb) for entry in entries if entry.object_type == "batch")
    steps = {"running": 1, "done": 2, "undoing": 3, "undone": 4}
    for batch in Batch.objects.all():
        names = ("carry_out", "finish", "undo", "finish_undo")[: steps.get(batch.state, 0)]
        said = [bulk[str(batch.pk), name] for name in names if name != "finish" or batch.state == "done"]
        assert said == [1] * len(said), "a bulk change that the log does not know"


def every_revision_is_told(entries: Entries, revisions: dict[int, Revision]) -> None:
    """A question that a sibling brought along is told with the sibling."""
    made = {entry.details["revision"] for entry in entries if "revision" in entry.details}
    fixes = Review.objects.filter(decision=Review.Decision.FIX_AND_APPROVE)
    made |= set(fixes.values_list("revision", flat=True))
    for pk in revisions.keys() - made:
        row = revisions[pk]
        same = Q(question_text=row.question_text, submitted_by=row.submitted_by, pk__lt=pk)
        siblings = Revision.objects.filter(same, item__question=row.item.question_id).exclude(
            item=row.item_id
        )
        assert siblings.exists(), "a revision that the log does not know"


# --- Work -----------------------------------------------------------------------------------------------------------


def run(office: Office, steps: list[tuple[str, int, int, int]]) -> None:
    before = state_of_all()
    for verb, who, n, breaks in steps:
        memory = office.memory()
        act: Callable[[int, int], None] = getattr(office, verb)
        try:
            with connection.execute_wrapper(BreaksOff(breaks)):
                act(who, n)
            done = True
        except (TeineiError, Broken):  # refused in words, or ended in the middle
            done = False
        after = state_of_all()
        if not done:
            office.remember(memory)
            whole = after == before or verb in PIECEMEAL
            assert whole, f"{verb} was refused or broke off, and left something behind"
        before = after
        check(office)


def holds(examples: int, longest: int) -> None:
    """The law on that many lists of steps, each in a world that is as it was."""
    dataset = make_dataset()
    cast = (("author",), ("author", "reviewer"), ("reviewer",), ("reviewer", "lead"))
    people = [make_member(dataset, *roles).pk for roles in cast]
    for n, state in enumerate(("draft", "in_review", "in_review", "in_review", "awaiting_answer")):
        make_item(dataset, state=state, author=Person.objects.get(pk=people[n % 2]))
    breaks = st.sampled_from([0] * 30 + list(range(1, 9)))
    step = st.tuples(st.sampled_from(STEPS), st.integers(0, len(people) - 1), st.integers(0, 7), breaks)

    # Not shortened when it fails: that takes minutes, and a list of steps reads well as it is.
    quiet = {
        "phases": [Phase.generate],
        "deadline": None,
        "database": None,
        "suppress_health_check": list(HealthCheck),
    }

    @settings(max_examples=examples, derandomize=examples < 20, **quiet)
    @given(st.lists(step, min_size=longest // 2, max_size=longest))
    def law(steps: list[tuple[str, int, int, int]]) -> None:
        with transaction.atomic():
            run(Office(dataset, people), steps)
            transaction.set_rollback(True)

    law()


@pytest.mark.django_db
def test_work_goes_on_by_its_laws() -> None:
    holds(2, 20)


@pytest.mark.slow
@pytest.mark.both_databases
@pytest.mark.django_db
def test_work_goes_on_by_its_laws_at_length() -> None:
    holds(30, 60)
