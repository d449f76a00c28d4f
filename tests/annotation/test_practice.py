"""The way into a task: nobody rates before the warning is read and the practice set is passed."""

import pytest

from annotation.actions.leases import lease
from annotation.actions.practice import (
    acknowledge_warning,
    allow_attempt,
    next_case,
    practise,
    standing,
)
from annotation.actions.tasks import enlist
from annotation.campaign import places_of
from annotation.models import Assignment, PracticeAnswer, Qualification, Rater, Rating
from annotation.queries import place_of, readiness
from curation.errors import Invalid, NotAllowed, WrongState
from curation.log import OPERATOR
from curation.models import Category, LogEntry, Membership, OptOut
from tests.factories.annotation import make_member, make_task, make_world_dataset
from tests.factories.gold import make_case
from tests.rig.clients import signed_in

pytestmark = pytest.mark.django_db
Role = Membership.Role


def base(task) -> str:
    return f"/d/{task.dataset.slug}/rate/{task.pk}/"


def qualifying(*, cases: int = 5, at: float = 0.8, raters: int = 1):
    """A task with a practice set, where nothing but a score of 1 or 2 is right."""
    task, people = make_task(make_world_dataset(), raters=raters)
    task.qualify_at = at
    task.save()
    return task, people, [make_case(task.rubric) for _n in range(cases)]


def answer(person, task, *scores: str) -> None:
    rater = task.raters.get(person=person)
    for score in scores:
        case = next_case(task, rater)
        assert case is not None
        practise(person, task, case=case.pk, scores={"safety": score})


def verbs(task) -> list[str]:
    wanted = ("acknowledge_warning", "qualify", "fail_practice", "allow_attempt")
    rows = LogEntry.objects.filter(dataset=task.dataset, verb__in=wanted).order_by("id")
    return list(rows.values_list("verb", flat=True))


def test_warning_is_noted_once_and_opens_the_work() -> None:
    task, (person,) = make_task(make_world_dataset(), raters=1)
    Rater.objects.update(warned_at=None)
    with pytest.raises(WrongState):
        lease(person, task)
    first = acknowledge_warning(person, task).warned_at
    assert acknowledge_warning(person, task).warned_at == first is not None
    assert (verbs(task), lease(person, task) is not None) == (["acknowledge_warning"], True)


def test_four_of_five_right_is_enough_at_eighty_percent() -> None:
    task, (person,), _cases = qualifying()
    answer(person, task, "1", "2", "5", "1")
    with pytest.raises(WrongState):
        lease(person, task)
    answer(person, task, "2")  # 4 of 5 = .8
    found = standing(task, task.raters.get(person=person))
    assert (found.asked, found.right, found.cases, found.over, found.passed) == (5, 4, 5, True, True)
    assert (verbs(task), lease(person, task) is not None) == (["qualify"], True)
    assert Rating.objects.count() == 0  # practice is no rating


def test_a_failed_attempt_needs_the_lead_and_begins_anew() -> None:
    task, (person,), cases = qualifying()
    lead = make_member(task.dataset, Role.LEAD)
    rater = task.raters.get(person=person)
    answer(person, task, "1", "2", "5", "4", "1")  # 3 of 5
    with pytest.raises(WrongState):
        practise(person, task, case=make_case(task.rubric).pk, scores={"safety": "1"})
    with pytest.raises(WrongState):
        lease(person, task)
    made = allow_attempt(lead, task, rater)
    with pytest.raises(WrongState):  # pressed twice
        allow_attempt(lead, task, rater)
    assert (made.attempt, Qualification.objects.count(), next_case(task, rater)) == (2, 2, cases[0])
    answer(person, task, "1", "1", "1", "1", "1", "1")
    assert verbs(task) == ["fail_practice", "allow_attempt", "qualify"]
    assert PracticeAnswer.objects.filter(qualification=made).count() == 6
    assert PracticeAnswer.objects.filter(qualification__attempt=1).count() == 5  # kept


def test_the_same_answer_twice_and_another_from_a_second_tab_leave_the_first() -> None:
    task, (person,), cases = qualifying()
    first = practise(person, task, case=cases[0].pk, scores={"safety": "5"})
    assert practise(person, task, case=cases[0].pk, scores={"safety": "5"}) == first
    again = practise(person, task, case=cases[0].pk, scores={"safety": "1"})
    assert (again, again.scores, again.right) == (first, {"safety": "5"}, False)
    found = Qualification.objects.get()
    assert (found.asked, found.right, PracticeAnswer.objects.count()) == (1, 0, 1)


def test_what_is_no_answer_changes_nothing() -> None:
    task, (person,), cases = qualifying()
    elsewhere, _people, others = qualifying()
    for case, score in ((cases[0].pk, "6"), (others[0].pk, "1"), (0, "1")):
        with pytest.raises(Invalid):
            practise(person, task, case=case, scores={"safety": score})
    with pytest.raises(NotAllowed):
        practise(person, elsewhere, case=others[0].pk, scores={"safety": "1"})
    assert PracticeAnswer.objects.count() == 0


def test_not_deciding_is_an_answer_and_never_right() -> None:
    task, (person,), cases = qualifying()
    given = practise(person, task, case=cases[0].pk, scores={})
    assert (given.scores, given.right) == ({"safety": ""}, False)


def test_only_the_lead_allows_another_attempt_and_not_to_themselves() -> None:
    task, (person, other), _cases = qualifying(raters=2, cases=1, at=1)
    answer(person, task, "5")
    rater = task.raters.get(person=person)
    with pytest.raises(NotAllowed):
        allow_attempt(other, task, rater)
    Membership.objects.create(dataset=task.dataset, person=person, role=Role.LEAD)
    person.__dict__.pop("_roles", None)
    with pytest.raises(NotAllowed):
        allow_attempt(person, task, rater)
    stranger = Rater.objects.create(dataset=task.dataset, pseudonym="outside")
    with pytest.raises(Invalid):
        allow_attempt(OPERATOR, task, stranger)
    assert Qualification.objects.count() == 1


def test_cases_of_an_opted_out_category_are_left_out() -> None:
    task, (person,), cases = qualifying(cases=2)
    spared = make_case(task.rubric, labels=("area", "type", "leaf1"))
    leaf = Category.objects.get(taxonomy=task.dataset.taxonomy, label="leaf1")
    OptOut.objects.create(person=person, category=leaf)
    with pytest.raises(Invalid):
        practise(person, task, case=spared.pk, scores={"safety": "1"})
    answer(person, task, "1", "1")
    found = Qualification.objects.get()
    assert (found.asked, found.passed) == (len(cases), True)


# --- The pages -------------------------------------------------------------------------------------------------


def test_the_work_leads_to_what_is_missing() -> None:
    task, (person,), (case,) = qualifying(cases=1, at=1)
    Rater.objects.update(warned_at=None)
    client = signed_in(person)
    assert client.get(base(task)).headers["Location"] == f"{base(task)}warning/"
    assert client.post(f"{base(task)}warning/").headers["Location"] == f"{base(task)}practice/"
    assert client.get(base(task)).headers["Location"] == f"{base(task)}practice/"
    failed = client.post(f"{base(task)}practice/", {"case": case.pk, "score": "5"})
    assert failed.headers["Location"] == f"{base(task)}practice/?answered={case.pk}"
    assert client.get(base(task)).headers["Location"] == f"{base(task)}practice/"
    assert Assignment.objects.count() == 0
    allow_attempt(OPERATOR, task, task.raters.get())
    client.post(f"{base(task)}practice/", {"case": case.pk, "score": "2"})
    assert client.get(base(task)).status_code == 200
    assert Assignment.objects.count() == 1


def test_after_each_answer_the_page_tells_what_is_right_and_why() -> None:
    task, (person,), cases = qualifying(cases=2)
    client = signed_in(person)
    before = client.get(f"{base(task)}practice/").content.decode()
    assert (cases[0].explanation_ja in before, "modelsecret" in before) == (False, False)
    sent = {"case": cases[0].pk, "score": "5"}
    told = client.post(f"{base(task)}practice/", sent, headers={"HX-Request": "true"})
    assert told.context["answered"]["right"] is False
    assert told.context["answered"]["axes"][0]["accepted"] == ["1", "2"]
    assert told.context["answered"]["explanation"] == cases[0].explanation_ja
    client.cookies["django_language"] = "en"
    again = client.get(f"{base(task)}practice/?answered={cases[0].pk}")
    assert again.context["answered"]["explanation"] == cases[0].explanation_en
    # a case that was not answered yet is not explained, whatever the address says
    ahead = client.get(f"{base(task)}practice/?answered={cases[1].pk}")
    assert (ahead.context["answered"], cases[1].explanation_en in ahead.content.decode()) == (None, False)


def test_a_paused_rater_is_told_so() -> None:
    task, (person,) = make_task(make_world_dataset(), raters=1)
    task.places.update(paused=True)
    client = signed_in(person)
    answer = client.get(base(task), follow=True)
    assert (answer.redirect_chain[-1][0], answer.context["paused"]) == (f"{base(task)}rest/", True)


def test_the_leads_button_allows_another_attempt() -> None:
    task, (person,), _cases = qualifying(cases=1, at=1)
    lead = signed_in(make_member(task.dataset, Role.LEAD))
    address = f"/d/{task.dataset.slug}/tasks/{task.pk}/"
    answer(person, task, "5")
    rater = task.raters.get(person=person)
    page = lead.get(address).content.decode()
    assert f'name="rater" value="{rater.pk}"' in page
    assert lead.post(f"{address}attempt/", {"rater": rater.pk}).status_code == 302
    assert list(Qualification.objects.values_list("attempt", "passed")) == [(1, False), (2, None)]
    assert f'name="rater" value="{rater.pk}"' not in lead.get(address).content.decode()
    assert signed_in(person).post(f"{address}attempt/", {"rater": rater.pk}).status_code == 404


@pytest.mark.parametrize("path", ["warning/", "guide/", "practice/", "rest/", "own/x/", "draft/"])
def test_the_way_in_does_not_exist_for_strangers(path: str) -> None:
    task, _people, _cases = qualifying(cases=1)
    stranger = make_member(make_world_dataset(), *Role.values)
    colleague = make_member(task.dataset, Role.RATER)  # a rater, but not of this task
    for who in (stranger, colleague):
        client = signed_in(who)
        codes = {client.get(base(task) + path).status_code, client.post(base(task) + path).status_code}
        assert codes <= {404, 405}
        assert 404 in codes


# --- Several tasks by one rubric, and opt-outs on the way -----------------------------------------------------------


def stricter(task, person, *, at: float):
    """A second task by the same version, with the same rater."""
    other, _people = make_task(task.dataset, raters=0, name="stricter")
    other.rubric, other.qualify_at = task.rubric, at
    other.save()
    enlist(other, [task.raters.get(person=person)])
    return other


def test_a_stricter_task_by_the_same_rubric_asks_for_another_attempt() -> None:
    task, (person,), cases = qualifying(at=0.6)
    rater = task.raters.get(person=person)
    answer(person, task, "1", "1", "1", "5", "5")  # 3 of 5 = .6
    other = stricter(task, person, at=0.8)
    with pytest.raises(WrongState):
        lease(person, other)
    assert (readiness(other, place_of(person, other)), next_case(other, rater)) == ("practice", cases[0])
    before = standing(other, rater)
    assert (before.attempt, before.asked, before.over, before.before) == (2, 0, False, (3, 5))
    body = signed_in(person).get(f"{base(other)}practice/").content.decode()
    assert "以前の練習では5件中3件が正解でした" in body
    assert "80%" in body
    assert [row["state"] for row in places_of(other)] == ["practice"]
    answer(person, other, "1", "1", "1", "5", "5")
    assert (readiness(other, place_of(person, other)), next_case(other, rater)) == ("failed", None)
    assert lease(person, task) is not None  # what was passed elsewhere stays passed
    allow_attempt(OPERATOR, other, rater)
    answer(person, other, "1", "1", "1", "1", "5")  # 4 of 5 = .8
    assert (lease(person, other) is not None, standing(other, rater).right) == (True, 4)
    assert [row["state"] for row in places_of(other)] == ["ready"]
    assert list(Qualification.objects.order_by("attempt").values_list("right", "passed")) == [
        (3, True),
        (3, False),
        (4, True),
    ]


def test_what_failed_a_strict_task_is_enough_for_a_lenient_one() -> None:
    task, (person,), _cases = qualifying(at=0.6)
    other = stricter(task, person, at=0.8)
    answer(person, other, "1", "1", "1", "5", "5")
    assert readiness(other, place_of(person, other)) == "failed"
    assert (readiness(task, place_of(person, task)), lease(person, task) is not None) == ("", True)
    with pytest.raises(WrongState):
        allow_attempt(OPERATOR, task, task.raters.get(person=person))


def test_an_attempt_that_opt_outs_empty_is_closed_by_what_was_answered() -> None:
    task, (person,), _cases = qualifying(cases=2, at=0.8)
    make_case(task.rubric, labels=("area", "type", "leaf1"))
    answer(person, task, "1", "5")  # 1 of 2
    leaf = Category.objects.get(taxonomy=task.dataset.taxonomy, label="leaf1")
    OptOut.objects.create(person=person, category=leaf)
    assert Qualification.objects.get().passed is None
    page = signed_in(person).get(f"{base(task)}practice/")
    found = Qualification.objects.get()
    assert (found.asked, found.right, found.passed, found.ended_at is not None) == (2, 1, False, True)
    assert (page.context["standing"].over, verbs(task)) == (True, ["fail_practice"])
    allow_attempt(OPERATOR, task, task.raters.get(person=person))
    OptOut.objects.create(person=person, category=Category.objects.get(label="leaf0"))
    page = signed_in(person).get(
        f"{base(task)}practice/"
    )  # nothing is left to begin with: that decides nothing
    assert (page.context["standing"].spared, Qualification.objects.filter(passed=None).count()) == (True, 1)


def test_lead_sees_who_has_no_case_to_practise_on_and_what_to_do() -> None:
    task, (person, other), _cases = qualifying(cases=2, raters=2)
    lead = signed_in(make_member(task.dataset, Role.LEAD))
    page = f"/d/{task.dataset.slug}/tasks/{task.pk}/"
    OptOut.objects.create(person=person, category=Category.objects.get(label="leaf0"))
    OptOut.objects.create(person=other, category=Category.objects.get(label="leaf1"))
    shown = lead.get(page)
    cases = f"/d/{task.dataset.slug}/rubrics/{task.rubric_id}/cases/"
    assert [row["state"] for row in shown.context["places"]] == ["spared", "practice"]
    assert f'<a href="{cases}">別の分類の練習問題を追加してください。</a>' in shown.content.decode()
    words = signed_in(person).get(f"{base(task)}practice/").content.decode()
    assert ("解ける練習問題がありません" in words, "leaf0" in shown.content.decode()) == (True, False)
    fresh = make_case(task.rubric, labels=("area", "type", "leaf2"))
    assert [row["state"] for row in places_of(task)] == ["practice", "practice"]
    practise(person, task, case=fresh.pk, scores={"safety": "1"})
    assert (readiness(task, place_of(person, task)), verbs(task)) == ("", ["qualify"])
    # An attempt with answers is no empty one: it ends by them when the rater comes back.
    practise(other, task, case=fresh.pk, scores={"safety": "1"})
    OptOut.objects.create(person=other, category=Category.objects.get(label="type"))
    assert [row["state"] for row in places_of(task)] == ["ready", "practice"]
