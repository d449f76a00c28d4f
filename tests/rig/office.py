"""An office for laws of the workflow: a dataset, four people, and what each may do next."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from curation.actions import batches, comments, items, leases, moves, restoring, reviews
from curation.actions.batches.verbs import Plan
from curation.actions.datasets import give_role, take_role
from curation.actions.doubles import set_reviewing
from curation.actions.taking import take_cell
from curation.actions.taking_back import take_back
from curation.log import OPERATOR
from curation.models import (
    Batch,
    BatchItem,
    Comment,
    Dataset,
    DoubleReview,
    Draft,
    Item,
    KeptDraft,
    Lease,
    LogEntry,
    Membership,
    Person,
    Review,
    Revision,
)
from curation.reasons import shipped
from tests.factories.curation import leaf, make_question

Part, S = Lease.Part, Item.State
ACCEPTS = (Review.Decision.APPROVE, Review.Decision.FIX_AND_APPROVE)
DECISIONS = tuple(Review.Decision.values)
WATCHED = (
    *(Item, Revision, Draft, KeptDraft, Review, DoubleReview, Lease, Comment, Membership),
    *(Batch, BatchItem, LogEntry),
)
# How often each step is drawn: most of the time people write and review.
STEPS = (
    *("take", "save", "save", "submit", "submit", "submit", "ask", "write_answer", "write_answer"),
    *("lease", "decide", "decide", "decide", "decide", "decide_again", "mend", "second", "move", "take_back"),
    *("hand_over", "let_go", "time_passes", "sibling", "withdraw", "reopen", "comment", "role", "share"),
    *("lease_writing", "save_late", "restore", "restore", "bring_back", "bulk", "bulk_on", "bulk_back"),
)
PIECEMEAL = {"bulk", "bulk_on", "bulk_back"}  # several transactions: what is broken off goes on later
BULK = ("move", "request_changes", "open_to_all", "reopen", "request_changes", "move", "withdraw")


def state_of_all() -> list[list[tuple[Any, ...]]]:
    return [list(model._default_manager.order_by("pk").values_list()) for model in WATCHED]


class Office:
    """A dataset and four people; each verb is one step of the person `who`, `n` picks among what there is."""

    def __init__(self, dataset: Dataset, people: list[int]) -> None:
        self.dataset, self.people = dataset, people
        self.typed: dict[tuple[int, int], tuple[str, str]] = {}  # (item, person): what their draft must say
        self.by_hand: set[tuple[int, int]] = (
            set()
        )  # whose draft says what they typed, and not an earlier text
        self.kept: set[tuple[int, int, str, str]] = (
            set()
        )  # item, person, texts: what an earlier text put aside
        self.written: dict[int, tuple[str, str]] = {}  # revision: its texts, for ever
        self.sent = 0

    def memory(self) -> tuple[Any, ...]:
        """What was promised so far, to be taken back with an act that broke off."""
        return dict(self.typed), set(self.by_hand), set(self.kept)

    def remember(self, memory: tuple[Any, ...]) -> None:
        self.typed, self.by_hand, self.kept = memory

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
        self.by_hand.add((item.pk, person.pk))

    def save_late(self, who: int, n: int) -> None:
        """Another window saved since: refused, and nothing is overwritten."""
        person, item = self.person(who), self.item(n)
        late = items.draft_of(person, item).version - 1
        items.save_draft(person, item, version=late, client_id=self.client_id(), answer=self.answer())
        raise AssertionError("a save of an older version was taken")

    def restore(self, who: int, n: int) -> None:
        """An earlier text takes the place of what they typed, which is kept; mostly where somebody has typed."""
        person, item = self.person(who), self.item(n)
        if self.by_hand and n % 4:
            typed = sorted(self.by_hand)[n % len(self.by_hand)]
            item, person = Item.objects.get(pk=typed[0]), Person.objects.get(pk=typed[1])
        old = list(item.revisions.order_by("pk"))
        draft = restoring.restore_revision(person, item, old[n % len(old)].pk if old else 0)
        place = (item.pk, person.pk)
        if place in self.by_hand:
            self.kept.add((*place, *self.typed[place]))
            self.by_hand.remove(place)
        self.typed[place] = (draft.question, draft.answer)

    def bring_back(self, who: int, n: int) -> None:
        kept = KeptDraft.objects.filter(person=self.people[who]).order_by("pk").first()
        if kept is None:
            return
        person, item = self.person(who), kept.item
        place, said = (item.pk, person.pk), (kept.question, kept.answer)
        draft = restoring.bring_back(person, item, kept.pk)
        if place in self.by_hand and self.typed[place] != (draft.question, draft.answer):
            self.kept.add((*place, *self.typed[place]))
        self.typed[place] = (draft.question, draft.answer)
        if self.typed[place] == said:  # else the question that stands took the place of theirs
            self.kept.discard((*place, *said))
        self.by_hand.add(place)

    def _forget(self, item: Item, person: Person) -> None:
        """Their draft has ended with what they handed in or decided."""
        self.typed.pop((item.pk, person.pk), None)
        self.by_hand.discard((item.pk, person.pk))

    def _submit(self, who: int, n: int, answer: str) -> None:
        """Twice with the same id: the second changes nothing."""
        person, item, sent = self.person(who), self.item(n), self.client_id()
        wording = self.wording(item, answer)
        holder = self.holder(item, Part.WRITE)
        made = items.submit(person, item, wording, client_id=sent)
        assert holder in (None, person.pk), "handed in what somebody else has in hand"
        assert (made.question, made.answer) == (wording.question, wording.answer)
        self._forget(item, person)
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

    def lease_writing(self, who: int, n: int) -> None:
        leases.lease_writing(self.person(who), self.dataset)

    def holder(self, item: Item, part: str) -> int | None:
        """Who has it in hand now."""
        live = Lease.objects.filter(item=item, part=part, expires_at__gt=timezone.now())
        return live.values_list("person", flat=True).first()

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
        holder = self.holder(item, Part.REVIEW)
        first = reviews.review(person, item, **told)
        assert holder in (None, person.pk), "decided what somebody else has in hand"
        self._forget(item, person)
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
        to = self.person(n % len(self.people))
        if n < 5:
            leases.hand_over(self.person(who), self.in_review(n), to=to)
        else:
            leases.hand_over(self.person(who), self.item(n), to=to, part=Part.WRITE)

    def let_go(self, who: int, n: int) -> None:
        leases.let_go(self.person(who), self.item(n), (Part.WRITE, Part.REVIEW)[n % 2])

    def time_passes(self, who: int, n: int) -> None:
        with transaction.atomic():  # as any act: what breaks off leaves the rest usable
            Lease.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    def sibling(self, who: int, n: int) -> None:
        items.add_answer(self.person(who), self.item(n))

    def withdraw(self, who: int, n: int) -> None:
        if n == 5:  # seldom
            items.withdraw(self.person(who), self.item(who), reason="重複しています。")

    def reopen(self, who: int, n: int) -> None:
        items.reopen(self.person(who), self.item(n))

    def comment(self, who: int, n: int) -> None:
        comments.comment(self.person(who), self.item(n), body="どうでしょう。", client_id=self.client_id())

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

    def bulk(self, who: int, n: int) -> None:
        """The lead looks at three items and does one verb to the first of them that it fits."""
        lead, verb = self.person(3), BULK[n % len(BULK)]
        told = {
            "move": {"category": leaf(self.dataset, n % 3)},
            "request_changes": {"reasons": {"question": "ambiguous"}, "open_to_all": n > 3},
        }
        ids = [self.item(n + more).pk for more in range(1 if verb == "withdraw" else 3)]
        batch = batches.prepare(lead, self.dataset, Plan(verb=verb, **told.get(verb, {})), ids)
        self._carry_out(lead, batch)

    def bulk_on(self, who: int, n: int) -> None:
        """A bulk change that stopped goes on where it did."""
        batch = Batch.objects.filter(state__in=(Batch.State.PREPARED, Batch.State.RUNNING)).first()
        if batch:
            self._carry_out(self.person(3), batch)

    def _carry_out(self, lead: Person, batch: Batch) -> None:
        """A piece of it; what the lead began to mend of what is sent back ends with that, as with any decision."""
        before = set(BatchItem.objects.filter(outcome="done").values_list("pk", flat=True))
        batches.carry_out(lead, batch, comment="直してください。", seconds=0, piece=1)
        for row in BatchItem.objects.filter(outcome="done", batch__verb="request_changes").exclude(
            pk__in=before
        ):
            self._forget(row.item, lead)

    def bulk_back(self, who: int, n: int) -> None:
        begun = Batch.objects.exclude(state__in=(Batch.State.PREPARED, Batch.State.UNDONE)).order_by("pk")
        if batch := begun.last():
            batches.undo(self.person(3), batch, seconds=0, piece=1)
