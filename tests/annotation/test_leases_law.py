"""Whatever raters do in whatever order: places are kept, nobody meets a response twice, no free place is forgotten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from annotation.actions.leases import expire_leases, lease
from annotation.actions.places import arm_of
from annotation.actions.ratings import rate, skip, undo
from annotation.actions.tasks import close, pause, reopen
from annotation.models import Assignment, Rating, RatingTask, TaskRater, TaskResponse
from curation.actions.care import set_opt_outs
from curation.errors import TeineiError, WrongState
from curation.log import OPERATOR
from curation.models import Category, Person
from tests.factories.annotation import make_task, make_world_dataset

A = Assignment.State
OVERLAP = 2
RATERS = {"without": 4, "both": 6}  # always one more in each arm than a response has places there
# How often each step is drawn: most of the time people work, and now and then somebody comes too late.
STEPS = (
    *("work", "work", "work", "late", "take", "rate", "rate_again", "skip", "rate_late", "undo"),
    *("time_passes", "sweep", "pause", "opt_out", "close"),
)


def spelled(verb: str, who: int, n: int) -> list[tuple[str, int, int]]:
    """A step in the words of a campaign: to work is to take and to rate some, after which the law is asked each time."""
    if verb == "work":
        return [("take", who, n), *[("rate", who, n)] * (2 + n % 3)]
    if verb == "late":
        return [("take", who, n), ("time_passes", who, n), ("overtake", who, n), ("rate_late", who, -1)]
    return [(verb, who, n)]


@dataclass
class Campaign:
    """A task and its raters; each verb is one step of the rater with the number `who`, `n` picks among what there is."""

    task: RatingTask
    people: list[Person]

    def __post_init__(self) -> None:
        self.places = [TaskRater.objects.get(task=self.task, rater__person=person) for person in self.people]
        self.rows = {row.response_id: row for row in TaskResponse.objects.filter(task=self.task)}
        self.leaves = list(
            Category.objects.filter(taxonomy=self.task.dataset.taxonomy_id, level=3).values_list(
                "pk", flat=True
            )
        )
        self.closed: dict[int, set[int]] = {}
        self.sent = 0

    def leases_of(self, who: int) -> list[Assignment]:
        return list(Assignment.objects.filter(task=self.task, rater=self.places[who].rater_id).order_by("pk"))

    def held(self, who: int) -> Assignment | None:
        return next((one for one in self.leases_of(who) if one.state == A.LEASED), None)

    def take(self, who: int, n: int) -> None:
        lease(self.people[who], self.task)

    def _rate(self, who: int, token: str, n: int) -> None:
        """Twice with the same id: the second changes nothing."""
        self.sent += 1
        given = {"token": token, "score": 3 + n % 3, "client_id": f"{who}-{self.sent}"}
        first = rate(self.people[who], self.task, **given).rating
        before = Rating.objects.count()
        again = rate(self.people[who], self.task, **{**given, "score": 5 - n % 3}).rating
        assert (again.pk, Rating.objects.count()) == (first.pk, before)

    def rate(self, who: int, n: int) -> None:
        held = self.held(who)
        if held is not None:
            self._rate(who, held.token, n)

    def rate_late(self, who: int, n: int) -> None:
        """With the token of any lease that they ever had. One that ran out is taken as long as a place is left."""
        known = self.leases_of(who)
        if not known:
            return
        late = known[n % len(known)]
        again = [one for one in known if one.response_id == late.response_id and one.state != A.EXPIRED]
        if late.state != A.EXPIRED or again:
            self._rate(who, late.token, n)
        elif self.free(late) < 1:
            with pytest.raises(WrongState, match="others have rated it meanwhile"):
                self._rate(who, late.token, n)
        else:
            try:
                self._rate(who, late.token, n)
            except TeineiError as refused:
                raise AssertionError("a late answer was refused, though a place was left") from refused

    def free(self, one: Assignment) -> int:
        """The places left on its response, in its arm."""
        here = {"task": self.task, "response": one.response_id, "with_reference": one.with_reference}
        rated = Rating.objects.filter(**here, role="rater", superseded=False).count()
        return OVERLAP - rated - Assignment.objects.filter(**here, state=A.LEASED).count()

    def overtake(self, who: int, n: int) -> None:
        """What they held is given back, and the others rate until nobody has a place left on it."""
        expire_leases(self.task)
        known = self.leases_of(who)
        if not known:
            return
        last = known[-1]
        for other in (one for one in range(len(self.people)) if one != who):
            for _turn in self.rows:
                if self.free(last) < 1:
                    return
                if self.places[other].paused or lease(self.people[other], self.task) is None:
                    break
                self.rate(other, n)

    def rate_again(self, who: int, n: int) -> None:
        done = [one for one in self.leases_of(who) if one.state == A.RATED]
        if done:
            self._rate(who, done[n % len(done)].token, n)

    def skip(self, who: int, n: int) -> None:
        held = self.held(who)
        if held is not None:
            skip(self.people[who], self.task, token=held.token)

    def undo(self, who: int, n: int) -> None:
        undo(self.people[who], self.task)

    def time_passes(self, who: int, n: int) -> None:
        """Their lease is over, and nobody has noticed yet."""
        mine = Assignment.objects.filter(task=self.task, rater=self.places[who].rater_id, state=A.LEASED)
        mine.update(expires_at=timezone.now() - timedelta(seconds=1))

    def sweep(self, who: int, n: int) -> None:
        expire_leases(self.task)

    def pause(self, who: int, n: int) -> None:
        pause(OPERATOR, self.task, self.places[who].rater_id, paused=bool(n % 2))
        self.places[who].refresh_from_db()

    def opt_out(self, who: int, n: int) -> None:
        chosen = {leaf for at, leaf in enumerate(self.leaves) if n >> at & 1}
        set_opt_outs(self.people[who], self.people[who], self.task.dataset, chosen)
        self.closed[who] = chosen

    def close(self, who: int, n: int) -> None:
        close(OPERATOR, self.task)
        reopen(OPERATOR, self.task)
        self.task.refresh_from_db()


def check(campaign: Campaign, new: list[Assignment]) -> None:
    """The law, and of leases that are new that they were fairly chosen."""
    task = campaign.task
    who_rated = list(
        Rating.objects.filter(task=task, role="rater", superseded=False).values_list(
            "response", "with_reference", "rater"
        )
    )
    out = Assignment.objects.filter(task=task, state=A.LEASED)
    who_holds = list(out.values_list("response", "with_reference", "rater"))
    taken = who_rated + who_holds
    pairs = Counter((response, rater) for response, _arm, rater in taken)
    assert not [pair for pair, times in pairs.items() if times > 1], "a rater is twice on a response"
    assert max(Counter(rater for *_rest, rater in who_holds).values(), default=0) <= 1
    places = Counter((response, arm) for response, arm, _rater in taken)
    assert not [place for place, raters in places.items() if raters > OVERLAP], "too many on a response"
    arms = {"without": (False,), "both": (False, True)}[task.arms]
    columns = TaskResponse.objects.filter(task=task).values_list("response", "open_without", "open_with")
    hints = {
        (response, arm): free
        for response, *both in columns
        for arm, free in zip((False, True), both, strict=True)
    }
    assert hints == {
        (response, arm): OVERLAP - places[response, arm] if arm in arms else 0
        for response in campaign.rows
        for arm in (False, True)
    }, "a hint is wrong"
    for one in new:
        _chosen_fairly(campaign, one, places)


def _chosen_fairly(campaign: Campaign, new: Assignment, places: Counter[Any]) -> None:
    """Theirs by arm and category; of the question before only where there was no other, or it is theirs again."""
    who = next(n for n, place in enumerate(campaign.places) if place.rater_id == new.rater_id)
    closed, slot = campaign.closed.get(who, set()), campaign.places[who].slot
    row = campaign.rows[new.response_id]
    assert new.with_reference == arm_of(campaign.task, slot, row.side)
    assert row.category_id not in closed
    mine = [one for one in campaign.leases_of(who) if one.pk < new.pk]
    if not mine or (mine[-1].state == A.EXPIRED and mine[-1].response_id == new.response_id):
        return
    question = mine[-1].response.question_hash
    if new.response.question_hash != question:
        return
    begun = {one.response_id for one in (*mine, new) if one.state != A.EXPIRED}
    begun |= set(
        Rating.objects.filter(rater=new.rater_id, superseded=False).values_list("response", flat=True)
    )
    others = [
        other.pk
        for response, other in campaign.rows.items()
        if response not in begun
        and other.category_id not in closed
        and other.response.question_hash != question
        and places[response, arm_of(campaign.task, slot, other.side)] < OVERLAP
    ]
    assert others == [], "the same question twice in a row, though there were others"


def run(campaign: Campaign, steps: list[tuple[str, int, int]]) -> None:
    known: set[int] = set()
    for verb, who, n in [one for step in steps for one in spelled(*step)]:
        act: Callable[[int, int], None] = getattr(campaign, verb)
        try:
            with transaction.atomic():
                act(who, n)
        except TeineiError:
            pass  # refused in words; what it began is taken back
        made = Assignment.objects.filter(task=campaign.task).exclude(pk__in=known).order_by("pk")
        new = [one for one in made.select_related("response") if one.gold_id is None]
        known |= {one.pk for one in new}
        check(campaign, new[-1:])


def holds(arms: str, examples: int, longest: int) -> None:
    """The law on that many lists of steps, each in a world that is as it was."""
    task, people = make_task(
        make_world_dataset(),
        raters=RATERS[arms],
        questions=2,
        models=("one", "two"),
        overlap=OVERLAP,
        arms=arms,
    )
    step = st.tuples(st.sampled_from(STEPS), st.integers(0, RATERS[arms] - 1), st.integers(0, 7))

    # Not shortened when it fails: that takes minutes, and a list of steps reads well as it is.
    quiet = {
        "phases": [Phase.generate],
        "deadline": None,
        "database": None,
        "suppress_health_check": list(HealthCheck),
    }

    @settings(max_examples=examples, derandomize=examples < 20, **quiet)
    @given(st.lists(step, min_size=longest // 2, max_size=longest))
    def law(steps: list[tuple[str, int, int]]) -> None:
        with transaction.atomic():
            run(Campaign(RatingTask.objects.get(pk=task.pk), people), steps)
            transaction.set_rollback(True)

    law()


@pytest.mark.django_db
@pytest.mark.parametrize("arms", ["without", "both"])
def test_places_are_kept_whatever_raters_do(arms: str) -> None:
    holds(arms, 3, 16)


@pytest.mark.slow
@pytest.mark.both_databases
@pytest.mark.django_db
@pytest.mark.parametrize("arms", ["without", "both"])
def test_places_are_kept_whatever_raters_do_at_length(arms: str) -> None:
    holds(arms, 15, 30)
