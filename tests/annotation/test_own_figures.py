"""A rater's own numbers during the work, no later than anybody else's, and never such that they tell a silent check."""

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from annotation.actions.drafts import save_draft
from annotation.actions.leases import expire_leases, lease
from annotation.actions.quality import rows_of
from annotation.actions.tasks import close
from annotation.models import Assignment, Rater, Rating, RatingTask
from annotation.own_figures import own_figures
from annotation.quality import TaskRows, own_part, quality
from annotation.quality_rows import matching
from annotation.study_rows import checks_of
from curation.log import OPERATOR
from curation.models import Membership
from tests.factories.annotation import make_member, make_task, make_world_dataset
from tests.factories.gold import make_case
from tests.rig.clients import signed_in

pytestmark = pytest.mark.django_db
Role = Membership.Role


def address(task: RatingTask, name: str) -> str:
    return reverse(f"annotation:{name}", kwargs={"dataset": task.dataset.slug, "pk": task.pk})


def turn(
    task: RatingTask, rater: Rater, number: int, response: Any, *, gold: Any = None, score: str = "4"
) -> None:
    """A decided turn; without a score it was skipped."""
    now = timezone.now()
    state = {"state": "rated" if score else "skipped", "ended_at": now, "expires_at": now}
    token = f"{rater.pk}-{number}"
    lease = {"rater": rater, "response": response, "gold": gold, "turn": number, "token": token}
    Assignment.objects.create(task=task, reason_code="" if score else "unclear", **lease, **state)
    if score:
        role = "gold" if gold else "rater"
        Rating.objects.create(
            task=task, rater=rater, response=response, score=score, role=role, seconds=number
        )


def worked(turns: int) -> tuple[RatingTask, list[Rater]]:
    """Two raters with so many turns each, every tenth a silent check: right (1) on the tenth, wrong after."""
    task, _people = make_task(make_world_dataset(), raters=2, questions=15, overlap=2)
    raters = list(Rater.objects.filter(tasks=task).order_by("pk"))
    rows = list(task.population.order_by("position").select_related("response"))
    cases = [make_case(task.rubric, use="gold") for _n in range(3)]
    for rater in raters:
        for number in range(1, turns + 1):
            if number % 10 == 0:
                case = cases[number // 10 - 1]
                turn(task, rater, number, case.response, gold=case, score="1" if number == 10 else "5")
            else:
                score = "" if number == 3 else "2" if number == 4 and rater is raters[0] else "4"
                turn(task, rater, number, rows[number].response, score=score)
    return task, raters


def test_numbers_of_a_person_come_with_full_stretches_to_rater_and_lead_alike() -> None:
    task, (first, _second) = worked(19)
    own = own_figures(task, first)
    told = quality(rows_of(task), resamples=100)
    assert (own["gold"], own["same"], own["told"], told["gold"], checks_of(task)) == (None, None, 0, {}, ())
    assert told["axes"]["safety"]["pairs"] == told["pace"]["raters"].get(first.pseudonym, []) == []
    assert matching(task, {"rater": first.pseudonym, "gold": "1"}) == []
    # What concerns the rater alone is there at once, a check among it: 19 turns, one of them skipped.
    assert (own["ratings"], own["skips"], own["median_seconds"]) == (18, {"unclear": 1}, 10.5)


def test_after_a_stretch_both_see_the_same_numbers() -> None:
    task, (first, second) = worked(23)
    own, told = own_figures(task, first), quality(rows_of(task), resamples=100)
    name = first.pseudonym
    # Of turns 1 to 20 two were checks (one right) and one was skipped: 17 ratings, 16 of them the other's point.
    assert (own["told"], own["gold"]["right"], own["gold"]["asked"]) == (20, 1, 2)
    assert own["gold"] == told["gold"][name]
    assert (own["same"]["value"], own["same"]["n"]) == (pytest.approx(16 / 17), 17)
    at_full = quality(rows_of(task))["axes"]["safety"]["raters"][name]["same_as_rest"]
    assert own["same"] == pytest.approx(at_full)
    (pair,) = told["axes"]["safety"]["pairs"]
    assert (pair["shared"], pair["differ"]) == (17, 1)
    assert len(matching(task, {"rater": name, "other": second.pseudonym})) == 17
    assert told["counts"]["ratings"] == 40  # nothing is held back of what is about nobody: 2 * (23 - 1 - 2)
    assert told["pace"]["raters"][name] == own["pace"]


def test_a_correction_moves_no_number_that_would_tell_a_check() -> None:
    task, (first, _second) = worked(20)
    before = own_figures(task, first)
    for rating in Rating.objects.filter(task=task, rater=first):
        new = {"rater": first, "response": rating.response, "score": "3", "seconds": 0.1, "role": rating.role}
        Rating.objects.filter(pk=rating.pk).update(superseded=True)
        Rating.objects.create(task=task, **new)
    after = own_figures(task, first)
    for name in ("gold", "same", "ratings", "cannot_decide", "skips", "pace"):
        assert after[name] == before[name], name


def test_closed_everything_counts_as_it_stands() -> None:
    task, (first, _second) = worked(12)
    close(OPERATOR, task)
    own = own_figures(RatingTask.objects.get(pk=task.pk), first)
    assert (own["gold"]["asked"], own["ratings"], own["same"]["n"]) == (1, 10, 10)


def test_few_shared_responses_have_a_reason_in_the_readers_language() -> None:
    task, (first, _second) = worked(6)
    close(OPERATOR, task)
    assert first.person is not None
    body = signed_in(first.person).get(address(task, "rate_mine")).content.decode()
    # Six turns, one of them skipped: five shared responses, and no share of them is shown.
    assert own_figures(RatingTask.objects.get(pk=task.pk), first)["same"]["n"] == 5
    assert "同じ点を付けたかは、まだ推定できません。" in body
    assert "10件" in body.split("まだ推定できません。")[1][:200]


def test_the_page_is_open_during_the_work_and_to_the_rater_alone() -> None:
    task, (first, second) = worked(20)
    assert first.person is not None
    body = signed_in(first.person).get(address(task, "rate_mine")).content.decode()
    assert "2件中1件" in body
    leaf = own_figures(task, first)["same"]
    assert leaf["low"] < 16 / 17 < leaf["high"]
    # 16 of 17 is 94.1 %
    assert (
        f"回答17件で、ほかの評価者の評価の94% [{100 * leaf['low']:.0f}, {100 * leaf['high']:.0f}]が" in body
    )
    assert second.pseudonym not in body
    assert signed_in(make_member(task.dataset, Role.RATER)).get(address(task, "rate_mine")).status_code == 404
    own_page = signed_in(first.person).get(f"/d/{task.dataset.slug}/me/").content.decode()
    assert address(task, "rate_mine") in own_page


def test_agreement_of_a_part_by_hand() -> None:
    assert own_part(TaskRows("t", worked(0)[0].rubric.axes, (), ()), "r")["same"] is None


def test_an_abandoned_draft_is_told_to_the_lead_and_to_its_rater() -> None:
    task, (person, other) = make_task(make_world_dataset(), raters=2)
    lead = make_member(task.dataset, Role.LEAD)
    held = lease(person, task)
    assert held is not None
    save_draft(person, task, token=held.token, comment="途中の考え\n二行目", scores={"safety": "2"})
    assert signed_in(lead).get(address(task, "task_drafts")).context["drafts"] == []  # still at work
    expire_leases(task, all_of_them=True)
    page = signed_in(lead).get(address(task, "task_drafts"))
    (left,) = page.context["drafts"]
    assert (left.lease.pk, left.comment, left.scores) == (held.pk, "途中の考え\n二行目", {"safety": "2"})
    body = page.content.decode()
    assert task.raters.get(person=person).pseudonym in body
    assert "途中の考え<br>二行目" in body
    (mine,) = signed_in(person).get(address(task, "rate_mine")).context["drafts"]
    assert (mine.comment, mine.lease.decided) == (left.comment, False)
    assert signed_in(other).get(address(task, "rate_mine")).context["drafts"] == []
    for who in (person, other, make_member(make_world_dataset(), Role.LEAD)):
        assert signed_in(who).get(address(task, "task_drafts")).status_code == 404
    Membership.objects.create(dataset=task.dataset, person=other, role=Role.LEAD)  # still rates here
    assert signed_in(other).get(address(task, "task_drafts")).status_code == 404
