"""A silent check looks like any other response: the same blocks on the page, the same keys for a program."""

from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from annotation.actions.leases import lease
from annotation.actions.ratings import rate
from annotation.models import Assignment, RatingTask, TaskRater
from annotation.queries import waiting_per_task
from annotation.rules import blinded, blinded_in
from curation.actions.texts import keep_text
from curation.models import Membership
from tests.factories.annotation import make_member, make_task, make_world_dataset
from tests.factories.gold import draw_checks, make_case

pytestmark = pytest.mark.django_db


class Structure(HTMLParser):
    """The elements of a page in order, with their classes and the names of their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Any] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs).get("class"), tuple(sorted(name for name, _value in attrs))))


def structure(body: str) -> list[Any]:
    reader = Structure()
    reader.feed(body)
    return reader.found


def worked(rubric: Any, label: str) -> None:
    """One worked example belongs to a category of the dataset."""
    rubric.texts["examples"][0]["label"] = label
    rubric.save()


@pytest.mark.parametrize("arms", ["without", "with", "both"])
def test_page_and_answer_of_a_check_have_the_blocks_of_any_other(arms: str) -> None:
    task, (person,) = make_task(make_world_dataset(), raters=1, questions=6, models=("a",), arms=arms)
    worked(task.rubric, "type")
    for number in range(6):
        bare = number < 3  # must never be given: they would be known
        case = make_case(task.rubric, use="gold", labels=() if bare else ("area", "type", "leaf0"))
        if bare:
            case.reference_text = None
            case.save()
    draw_checks(TaskRater.objects.get(task=task), share=0.5, checks=3, within=8)
    client = Client()
    client.force_login(person)
    pages: dict[tuple[bool, bool], list[Any]] = {}
    keys: dict[tuple[bool, bool], set[str]] = {}
    held = lease(person, task)
    held = (
        rate(person, task, token=held.token, score=4).following if held else None
    )  # undo is there from now on
    while held is not None:
        kind = (held.gold_id is not None, held.with_reference)
        body = structure(client.get(f"/d/{task.dataset.slug}/rate/{task.pk}/").content.decode())
        shown = client.post(f"/api/d/{task.dataset.slug}/tasks/{task.pk}/next/").json()
        assert pages.setdefault(kind, body) == body
        keys[kind] = {key for key, value in shown.items() if value}
        held = rate(person, task, token=held.token, score=4).following
    given = Assignment.objects.filter(task=task, gold__isnull=False)
    assert given.count() == 3
    assert not given.filter(response__labels=[]).exists()
    for arm in {arm for gold, arm in pages if gold}:
        assert (pages[True, arm], keys[True, arm]) == (pages[False, arm], keys[False, arm])
    assert {gold for gold, _arm in pages} == {False, True}


def test_the_reference_of_a_check_is_shown_as_any_other() -> None:
    task, (person,) = make_task(make_world_dataset(), raters=1, questions=2, arms="with")
    case = make_case(task.rubric, use="gold")
    case.reference_text = keep_text("この確認の参考回答。")
    case.save()
    draw_checks(TaskRater.objects.get(task=task), share=0.5, checks=1, within=2)
    held, seen = lease(person, task), set()
    client = Client()
    client.force_login(person)
    while held is not None:
        body = client.get(f"/d/{task.dataset.slug}/rate/{task.pk}/").content.decode()
        seen.add((held.gold_id is not None, "この確認の参考回答。" in body))
        held = rate(person, task, token=held.token, score=4).following
    assert seen == {(False, False), (True, True)}


def test_a_researcher_who_holds_only_a_silent_check_is_still_blind() -> None:
    """Else the results would open in the midst of work, and say that what is held is none of the responses."""
    task, (person,) = make_task(make_world_dataset(), raters=1, questions=1, models=("a",))
    Membership.objects.create(dataset=task.dataset, person=person, role=Membership.Role.RESEARCHER)
    make_case(task.rubric, use="gold")
    held = lease(person, task)
    assert held is not None
    rate(person, task, token=held.token, score=4)
    assert not blinded(person, task)
    # The second turn of rater 1 with seed n is a check with a chance of one half
    for seed in range(20):
        RatingTask.objects.filter(pk=task.pk).update(gold_share=0.5, seed=seed)
        check = lease(person, task)
        if check is not None:
            break
    assert check is not None
    assert check.gold_id is not None
    page = f"/d/{task.dataset.slug}/tasks/{task.pk}/"
    client = Client()
    client.force_login(person)
    assert (blinded(person, task), blinded_in(person, task.dataset)) == (True, True)
    assert client.get(page).status_code == 404
    # Neither for another's check nor for one that ran out
    other = make_member(task.dataset, Membership.Role.RATER, Membership.Role.RESEARCHER)
    assert not blinded(other, task)
    Assignment.objects.filter(pk=check.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert not blinded(person, task)
    Assignment.objects.filter(pk=check.pk).update(expires_at=timezone.now() + timedelta(minutes=1))
    rate(person, task, token=check.token, score=4)
    assert (blinded(person, task), client.get(page).status_code) == (False, 200)


def test_no_number_of_what_is_left_stays_or_goes_with_a_check() -> None:
    """12 responses and checks among them: 20 while more than ten are left, then 10 to the end, whatever is held."""
    task, (person,) = make_task(make_world_dataset(), raters=1, questions=12, models=("a",))
    for _number in range(6):
        make_case(task.rubric, use="gold", labels=("area", "type", "leaf0"))
    draw_checks(TaskRater.objects.get(task=task), share=0.5, checks=3, within=10)
    told, held = [], lease(person, task)
    while held is not None:
        told.append((held.gold_id is not None, sum(waiting_per_task(person, task.dataset).values())))
        held = rate(person, task, token=held.token, score=4).following
    checks = [number for number, (check, _left) in enumerate(told) if check]
    assert len(told) == 12 + len(checks)
    assert len(checks) >= 3
    steps = [left for _check, left in told]
    # The third turn of a response leaves ten
    third = [number for number, (check, _left) in enumerate(told) if not check][2]
    assert steps == [20] * third + [10] * (len(told) - third)
    assert waiting_per_task(person, task.dataset) == {}


def test_who_may_rate_and_has_no_task_is_told_of_nothing() -> None:
    dataset = make_world_dataset()
    assert waiting_per_task(make_member(dataset, Membership.Role.RATER), dataset) == {}
