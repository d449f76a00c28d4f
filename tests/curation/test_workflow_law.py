"""Whoever does what in whatever order, and whatever breaks off: no text is lost, nobody judges their own work, one
writer moves states, and the log tells all of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from curation.actions import items, leases, moves, reviews
from curation.actions.comments import comment
from curation.actions.datasets import give_role, take_role
from curation.actions.doubles import set_reviewing
from curation.actions.taking import take_cell
from curation.actions.taking_back import take_back
from curation.errors import TeineiError
from curation.log import OPERATOR
from curation.models import (
    Comment,
    Dataset,
    DoubleReview,
    Draft,
    Item,
    Lease,
    LogEntry,
    Membership,
    Person,
    Review,
    Revision,
)
from curation.reasons import shipped
from curation.workflow import ITEM
from tests.factories.curation import leaf, make_dataset, make_item, make_member, make_question

ACCEPTS = (Review.Decision.APPROVE, Review.Decision.FIX_AND_APPROVE)
DECISIONS = tuple(Review.Decision.values)
WATCHED = (Item, Revision, Draft, Review, DoubleReview, Lease, Comment, Membership, LogEntry)
# How often each step is drawn: most of the time people write and review.
STEPS = (
    *("take", "save", "save", "submit", "submit", "submit", "ask", "write_answer", "write_answer"),
    *("lease", "decide", "decide", "decide", "decide", "decide_again", "take_back", "mend", "second", "move"),
    *("hand_over", "let_go", "time_passes", "sibling", "withdraw", "reopen", "comment", "role", "share"),
)


class Broken(Exception):
    """The process ends before its transaction does."""


class Office:
    """A dataset and four people; each verb is one step of the person `who`, `n` picks among what there is."""

    def __init__(self, dataset: Dataset, people: list[int]) -> None:
        self.dataset, self.people = dataset, people
        self.typed: dict[tuple[int, int], tuple[str, str]] = {}  # (item, person): what their draft must say
        self.written: dict[int, tuple[str, str]] = {}  # revision: its texts, for ever
        self.sent = 0

    def person(self, who: int) -> Person:
        return Person.objects.get(pk=self.people[who])  # as each request reads who asks

    def item(self, n: int) -> Item:
        found = list(Item.objects.filter(dataset=self.dataset).order_by("pk"))
        return found[n % len(found)]

    def client_id(self) -> str:
        self.sent += 1
        return f"law-{self.sent}"

    def wording(self, item: Item, answer: str) -> items.Wording:
        before = item.current_revision
        question = before.question if before else make_question()
        return items.Wording(question=question, answer=answer, category=leaf(self.dataset, item.pk % 3))

    def answer(self) -> str:
        return f"答え{self.client_id()}。まず落ち着いて、窓口に相談してください。"

    def take(self, who: int, n: int) -> None:
        take_cell(self.person(who), self.dataset, leaf(self.dataset, n % 3))

    def save(self, who: int, n: int) -> None:
        person, item = self.person(who), self.item(n)
        told = {"question": make_question(), "answer": self.answer()}
        version = items.draft_of(person, item).version
        items.save_draft(person, item, version=version, client_id=self.client_id(), **told)
        self.typed[item.pk, person.pk] = (told["question"], told["answer"])

    def _submit(self, who: int, n: int, answer: str) -> None:
        """Twice with the same id: the second changes nothing."""
        person, item, sent = self.person(who), self.item(n), self.client_id()
        wording = self.wording(item, answer)
        made = items.submit(person, item, wording, client_id=sent)
        self.typed.pop((item.pk, person.pk), None)
        before = state_of_all()
        assert items.submit(person, item, wording, client_id=sent).pk == made.pk
        assert state_of_all() == before

    def submit(self, who: int, n: int) -> None:
        self._submit(who, n, self.answer())

    def ask(self, who: int, n: int) -> None:
        self._submit(who, n, "")

    def write_answer(self, who: int, n: int) -> None:
        asked = Item.objects.filter(dataset=self.dataset, state=Item.State.AWAITING_ANSWER).order_by("pk")
        if asked:
            everything = list(Item.objects.filter(dataset=self.dataset).order_by("pk"))
            self._submit(who, everything.index(asked[n % len(asked)]), self.answer())

    def lease(self, who: int, n: int) -> None:
        leases.lease_review(self.person(who), self.dataset)

    def _decide(self, who: int, item: Item, decision: str, **more: Any) -> None:
        """Twice with the same id: one decision."""
        person = self.person(who)
        before = item.current_revision
        told: dict[str, Any] = {"decision": decision, "revision": item.current_revision_id, **more}
        told["client_id"] = self.client_id()
        if decision == Review.Decision.FIX_AND_APPROVE and before is not None:
            told["fixed"] = items.Wording(question=before.question, answer=self.answer())
        if decision not in ACCEPTS:
            part = "answer" if decision == Review.Decision.REQUEST_ANSWER else "question"
            told |= {f"{part}_ok": False, "comment": "直してください。"}
            told["reasons"] = {part: shipped().offered(decision, part)[0].code}
            if part == "question":
                told["answer_ok"] = True
        first = reviews.review(person, item, **told)
        self.typed.pop((item.pk, person.pk), None)
        known = state_of_all()
        assert reviews.review(person, item, **told).pk == first.pk
        assert state_of_all() == known

    def in_review(self, n: int) -> Item:
        waiting = Item.objects.filter(dataset=self.dataset, state=Item.State.IN_REVIEW).order_by("pk")
        return waiting[n % len(waiting)] if waiting else self.item(n)

    def decide(self, who: int, n: int) -> None:
        """By those who began as reviewers: whatever roles they have had since."""
        self._decide(2 + who % 2, self.in_review(n), DECISIONS[n % len(DECISIONS)])

    def decide_again(self, who: int, n: int) -> None:
        """Anybody, on whatever there is, in whatever state: mostly refused."""
        self._decide(who, self.item(n), DECISIONS[n % len(DECISIONS)])

    def take_back(self, who: int, n: int) -> None:
        """What they decided last on anything, if they did."""
        person = self.person(2 + who % 2)
        last = Review.objects.filter(reviewer=person).order_by("pk").last()
        take_back(person, last.item if last else self.item(n))

    def second(self, who: int, n: int) -> None:
        self._decide(2 + who % 2, self.in_review(n), DECISIONS[n % len(DECISIONS)], second=True)

    def mend(self, who: int, n: int) -> None:
        """A reviewer begins to mend and goes away."""
        self.save(
            who, list(Item.objects.filter(dataset=self.dataset).order_by("pk")).index(self.in_review(n))
        )

    def move(self, who: int, n: int) -> None:
        item = self.in_review(n)
        to = leaf(self.dataset, n % 3)
        moves.move(
            self.person(who), item, to, revision=item.current_revision_id or 0, client_id=self.client_id()
        )

    def hand_over(self, who: int, n: int) -> None:
        leases.hand_over(self.person(who), self.in_review(n), to=self.person(n % len(self.people)))

    def let_go(self, who: int, n: int) -> None:
        leases.let_go(self.person(who), self.item(n))

    def time_passes(self, who: int, n: int) -> None:
        Lease.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    def sibling(self, who: int, n: int) -> None:
        items.add_answer(self.person(who), self.item(n))

    def withdraw(self, who: int, n: int) -> None:
        if n == 5:  # seldom
            items.withdraw(self.person(who), self.item(who), reason="重複しています。")

    def reopen(self, who: int, n: int) -> None:
        items.reopen(self.person(who), self.item(n))

    def comment(self, who: int, n: int) -> None:
        comment(self.person(who), self.item(n), body="どうでしょう。", client_id=self.client_id())

    def role(self, who: int, n: int) -> None:
        """Writers become reviewers and the other way round, and back."""
        role = (Membership.Role.AUTHOR, Membership.Role.REVIEWER)[n % 2]
        person = self.person(who)
        held = Membership.objects.filter(dataset=self.dataset, person=person, role=role).first()
        if held is None:
            give_role(OPERATOR, self.dataset, person, role)
        elif n > 3:
            take_role(OPERATOR, held)

    def share(self, who: int, n: int) -> None:
        """From now on none, some or all texts are reviewed twice."""
        shares = {"twice_share": (0, 50, 100)[n % 3], "second_after_fix": n > 3}
        set_reviewing(OPERATOR, self.dataset, lease_minutes=20, **shares)


def state_of_all() -> list[list[tuple[Any, ...]]]:
    return [list(model._default_manager.order_by("pk").values_list()) for model in WATCHED]


def check(office: Office) -> None:
    """The law."""
    entries = list(LogEntry.objects.order_by("pk"))
    revisions = {
        row.pk: row for row in Revision.objects.select_related("question_text", "answer_text", "item")
    }
    no_text_is_lost(office, revisions)
    for item in Item.objects.filter(dataset=office.dataset).select_related("current_revision"):
        one_writer_of_state(item, entries)
        if item.current_revision:
            assert item.category_id == item.current_revision.category_id
        if item.state == Item.State.APPROVED:
            decided = Review.objects.filter(item=item, decides=True, decision__in=ACCEPTS)
            assert decided.filter(revision=item.approved_revision_id).exists(), "approved by nobody"
    for review in Review.objects.all():
        nobody_judges_their_own(review, revisions)
    the_log_is_complete(entries, revisions)


def no_text_is_lost(office: Office, revisions: dict[int, Revision]) -> None:
    drafts = Draft.objects.values_list("item", "person", "question", "answer")
    kept = {(item, person): texts for item, person, *texts in drafts}
    for place, texts in office.typed.items():
        assert kept.get(place) == list(texts), "what somebody typed is gone"
    for pk, texts in office.written.items():
        assert (revisions[pk].question, revisions[pk].answer) == texts, "a revision has changed"
    office.written |= {pk: (row.question, row.answer) for pk, row in revisions.items()}


def one_writer_of_state(item: Item, entries: list[LogEntry]) -> None:
    """From draft on, every step is one of the table's, begins where the last one ended, and the last one ends here."""
    state: str = Item.State.DRAFT
    for entry in entries:
        if (entry.object_type, entry.object_id) == ("item", str(item.pk)) and entry.to_state:
            assert (entry.from_state, entry.to_state) == (state, ITEM[entry.verb][state])
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


def the_log_is_complete(entries: list[LogEntry], revisions: dict[int, Revision]) -> None:
    """Every review that was not taken back, and every revision, is told once; a question that a sibling brought along is told with the sibling."""
    told = {entry.details["review"] for entry in entries if "review" in entry.details}
    told -= {entry.details["taken_back"] for entry in entries if "taken_back" in entry.details}
    assert sorted(told) == sorted(Review.objects.values_list("pk", flat=True))
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


def run(office: Office, steps: list[tuple[str, int, int, bool]]) -> None:
    for verb, who, n, breaks in steps:
        act: Callable[[int, int], None] = getattr(office, verb)
        before, typed = state_of_all(), dict(office.typed)
        try:
            if breaks:
                with suppress(Broken), transaction.atomic():
                    act(who, n)
                    raise Broken
            else:
                act(who, n)
            done = not breaks
        except TeineiError:
            done = False  # refused in words
        if not done:
            office.typed = typed
            assert state_of_all() == before, f"{verb} was refused or broke off, and left something behind"
        check(office)


def holds(examples: int, longest: int) -> None:
    """The law on that many lists of steps, each in a world that is as it was."""
    dataset = make_dataset()
    cast = (("author",), ("author", "reviewer"), ("reviewer",), ("reviewer", "lead"))
    people = [make_member(dataset, *roles).pk for roles in cast]
    for n, state in enumerate(("draft", "in_review", "in_review", "in_review", "awaiting_answer")):
        make_item(dataset, state=state, author=Person.objects.get(pk=people[n % 2]))
    breaks = st.sampled_from([False] * 6 + [True])
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
    def law(steps: list[tuple[str, int, int, bool]]) -> None:
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
    holds(60, 60)
