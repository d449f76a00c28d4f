"""The rater's pages are blind, strangers find nothing, and lists cost the same whatever their length."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation.actions.leases import lease
from annotation.actions.ratings import rate
from annotation.actions.tasks import close
from annotation.models import Assignment, Rating
from annotation.rules import blinded, blinded_in
from curation.log import OPERATOR
from curation.models import Membership
from tests.factories.annotation import MODELS, make_member, make_task, make_world_dataset
from tests.rig.clients import signed_in

pytestmark = pytest.mark.django_db
Role = Membership.Role


def base(task) -> str:
    return f"/d/{task.dataset.slug}/rate/{task.pk}/"


def api(task) -> str:
    return f"/api/d/{task.dataset.slug}/tasks/{task.pk}/"


def token_of(body: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', body)
    assert found
    return found[1]


def test_every_body_of_a_rater_is_blind() -> None:
    task, (person, other) = make_task(make_world_dataset(), raters=2, questions=3)
    for secret in ("理由その一", "理由その二"):
        held = lease(other, task)
        assert held is not None
        rate(other, task, token=held.token, score=1, comment=secret)
    client = signed_in(person)
    bodies = [
        client.get(f"/d/{task.dataset.slug}/{page}", follow=True).content.decode() for page in ("", "rate/")
    ]
    for _turn in range(6):  # 3 questions x 2 models
        page = client.get(base(task))
        token = token_of(page.content.decode())
        sent = {"token": token, "score": "4", "seconds": "3.2", "client_id": token[:20]}
        answer = client.post(f"{base(task)}submit/", sent, headers={"HX-Request": "true"})
        undone = client.post(f"{base(task)}undo/", headers={"HX-Request": "true"})
        again = client.post(f"{base(task)}submit/", {**sent, "client_id": f"{token[:20]}b"})
        following = client.get(f"{base(task)}next/")
        called = client.post(f"{api(task)}next/", content_type="application/json")
        assert {page.status_code, answer.status_code, undone.status_code, called.status_code} == {200}
        assert again.status_code == 302
        bodies += [r.content.decode() for r in (page, answer, undone, following, called)]
    assert Rating.objects.filter(rater__person=person, superseded=False).count() == 6
    for secret in (
        *MODELS,
        "理由その一",
        "理由その二",
        "modelsecret",
        *(f"rater-{n:02d}" for n in range(1, 9)),
    ):
        assert [body for body in bodies if secret in body] == []


def test_rate_page_works_without_script() -> None:
    task, (person,) = make_task(make_world_dataset(), raters=1, questions=1)
    client = signed_in(person)
    assert client.get(f"/d/{task.dataset.slug}/rate/").headers["Location"] == base(task)
    page = client.get(base(task)).content.decode()
    assert [re.search(rf'name="score" value="{n}"', page) is not None for n in range(1, 6)] == [True] * 5
    client_id = re.search(r'name="client_id" value="([^"]+)"', page)
    assert client_id
    sent = {"token": token_of(page), "score": "5", "comment": "", "client_id": client_id[1]}
    assert client.post(f"{base(task)}submit/", sent).status_code == 302
    assert client.post(f"{base(task)}submit/", sent).status_code == 302  # sent twice
    assert list(Rating.objects.values_list("score", "client_id")) == [("5", client_id[1])]


def test_rate_page_says_why_nothing_was_saved() -> None:
    task, (person,) = make_task(make_world_dataset(), raters=1, questions=1)
    client = signed_in(person)
    token = token_of(client.get(base(task)).content.decode())
    answer = client.post(f"{base(task)}submit/", {"token": token, "score": "1", "comment": ""})
    assert (answer.status_code, Rating.objects.count()) == (400, 0)
    assert token_of(answer.content.decode()) == token


def test_skip_and_cannot_decide_by_the_form_of_the_page() -> None:
    task, (person,) = make_task(make_world_dataset(), raters=1, questions=2, models=("one",))
    client = signed_in(person)
    first = token_of(client.get(base(task)).content.decode())
    client.post(f"{base(task)}submit/", {"token": first, "verb": "skip", "comment": "つらい"})
    second = token_of(client.get(base(task)).content.decode())
    client.post(f"{base(task)}submit/", {"token": second, "verb": "cannot_decide"})
    assert Assignment.objects.get(token=first).state == "skipped"
    assert Rating.objects.get().cannot_decide
    end = client.get(base(task))
    assert 'name="token"' not in end.content.decode()
    assert 'data-rate-part="keys"' in end.content.decode()


def test_reference_is_shown_only_where_the_task_says_so() -> None:
    dataset = make_world_dataset()
    plain, (person,) = make_task(dataset, raters=1, questions=1)
    assert "参考回答その0" not in signed_in(person).get(base(plain)).content.decode()
    shown, (someone,) = make_task(dataset, raters=1, name="shown", arms="with")
    assert "参考回答その0" in signed_in(someone).get(base(shown)).content.decode()


@pytest.mark.parametrize("path", ["rate/", "rate/{pk}/", "tasks/", "tasks/{pk}/", "tasks/new/"])
def test_pages_do_not_exist_for_strangers(path: str) -> None:
    task, _people = make_task(make_world_dataset(), raters=1)
    stranger = make_member(make_world_dataset(), *Role.values)
    author = make_member(task.dataset, Role.AUTHOR)
    address = f"/d/{task.dataset.slug}/" + path.format(pk=task.pk)
    assert [signed_in(who).get(address).status_code for who in (stranger, author)] == [404, 404]


def test_a_rater_of_another_task_finds_nothing() -> None:
    task, _people = make_task(make_world_dataset(), raters=1)
    late = signed_in(make_member(task.dataset, Role.RATER))
    assert late.get(base(task)).status_code == 404
    assert late.post(f"{base(task)}submit/", {"token": "x", "score": "1"}).status_code == 404
    assert late.post(f"{api(task)}next/", content_type="application/json").status_code == 404
    assert late.get(f"/d/{task.dataset.slug}/tasks/").status_code == 404


def test_a_researcher_who_rates_is_blind_until_done() -> None:
    task, (person,) = make_task(make_world_dataset(), raters=1, questions=1)
    Membership.objects.create(dataset=task.dataset, person=person, role=Role.RESEARCHER)
    client = signed_in(person)
    page, program = f"/d/{task.dataset.slug}/tasks/{task.pk}/", api(task)
    assert (blinded(person, task), blinded_in(person, task.dataset)) == (True, True)
    assert [client.get(page).status_code, client.get(program).status_code] == [404, 404]
    assert "modelsecret" not in client.get(f"/d/{task.dataset.slug}/tasks/").content.decode()
    held = lease(person, task)
    while held is not None:
        held = rate(person, task, token=held.token, score=4).following
    assert (blinded(person, task), blinded_in(person, task.dataset)) == (False, False)
    assert [client.get(page).status_code, client.get(program).status_code] == [200, 200]


def test_closing_ends_blindness_and_rating() -> None:
    task, (person,) = make_task(make_world_dataset(), raters=1)
    held = lease(person, task)
    assert held is not None
    close(OPERATOR, task)
    assert not blinded(person, task)
    answer = signed_in(person).post(f"{base(task)}submit/", {"token": held.token, "score": "4"})
    assert (answer.status_code, Rating.objects.count()) == (400, 0)


def test_task_page_counts_per_rater_and_model() -> None:
    task, (person,) = make_task(make_world_dataset(), raters=1, questions=2)
    held = lease(person, task)
    assert held is not None
    rate(person, task, token=held.token, score=4)
    lead = make_member(task.dataset, Role.LEAD)
    page = signed_in(lead).get(f"/d/{task.dataset.slug}/tasks/{task.pk}/")
    counts = page.context["counts"]
    # 2 questions x 2 models x overlap 3 = 12 wanted, one given
    assert (counts["responses"], counts["ratings"], counts["wanted"], counts["complete"]) == (4, 1, 12, 0)
    assert counts["models"] == [(MODELS[0], 2), (MODELS[1], 2)]
    assert [(row["rated"], row["skipped"]) for row in page.context["progress"]] == [(1, 0)]


def test_lead_plans_a_task_on_the_page() -> None:
    task, _people = make_task(make_world_dataset(), raters=1)
    lead = signed_in(make_member(task.dataset, Role.LEAD))
    address = f"/d/{task.dataset.slug}/tasks/new/"
    form = {
        "name": "second",
        "release": task.release_id,
        "rubric": "safety5@1",
        "plan": "one_per_leaf",
        "arms": "without",
        "overlap": 2,
        "seed": 3,
    }
    assert lead.get(address).status_code == 200
    refused = lead.post(address, {**form, "models": "unknown"})
    assert (refused.status_code, "models" in refused.context["form"].errors) == (400, True)
    made = lead.post(address, {**form, "models": MODELS[0]})
    assert made.status_code == 302
    # 5 questions over 3 leaves: one of each, 1 model; leaf0 and leaf1 have two questions, leaf2 one
    rows = task.dataset.tasks.get(name="second").population
    assert sorted(rows.values_list("inclusion_probability", flat=True)) == [0.5, 0.5, 1.0]


@pytest.mark.parametrize(("page", "count"), [("tasks/", 11), ("rate/", 14)])
def test_lists_cost_the_same_at_one_and_three_rows(page: str, count: int) -> None:
    dataset = make_world_dataset()
    person = make_member(dataset, Role.RATER, Role.RESEARCHER)
    numbers = []
    for name in ("one", "two", "three", "four"):
        make_task(dataset, raters=0, name=name)
        client = signed_in(person)
        address = f"/d/{dataset.slug}/{page}"
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        numbers.append(len(queries))
    # One task to rate is a redirect, so the list of the rater starts at two.
    assert numbers[1:] == [count, count, count]
    if page == "tasks/":
        assert numbers[0] == count


def test_api_rates_and_answers_with_the_next() -> None:
    task, (person,) = make_task(make_world_dataset(), raters=1, questions=1)
    client = signed_in(person)
    first = client.post(f"{api(task)}next/", content_type="application/json").json()["next"]
    assert set(first) == {"token", "expires_at", "question", "response", "reference"}
    sent = {"token": first["token"], "score": "5", "client_id": "a"}
    made = client.post(f"{api(task)}ratings/", sent, content_type="application/json")
    assert (made.status_code, made.json()["rating"]["score"]) == (201, "5")
    again = client.post(f"{api(task)}ratings/", sent, content_type="application/json")
    assert again.json() == made.json()
    wrong = client.post(
        f"{api(task)}ratings/",
        {"token": made.json()["next"]["token"], "score": "9"},
        content_type="application/json",
    )
    assert (wrong.status_code, wrong.json()["field"]) == (400, "score")


def test_api_lists_tasks_for_planners_only() -> None:
    task, (rater,) = make_task(make_world_dataset(), raters=1)
    address = f"/api/d/{task.dataset.slug}/tasks/"
    lead = signed_in(make_member(task.dataset, Role.LEAD))
    assert [row["name"] for row in lead.get(address).json()["results"]] == ["task"]
    assert signed_in(rater).get(address).json()["results"] == []
    stranger = make_member(make_world_dataset(), Role.LEAD)
    assert signed_in(stranger).get(address).status_code == 404
    made = lead.post(
        address, {"name": "by-api", "release": task.release.name}, content_type="application/json"
    )
    assert (made.status_code, made.json()["responses"]) == (201, 10)
    refused = signed_in(rater).post(
        address, {"name": "x", "release": task.release.name}, content_type="application/json"
    )
    assert refused.status_code in (400, 403)


def test_a_rating_by_the_api_costs_the_same_however_much_is_done() -> None:
    task, (person,) = make_task(make_world_dataset(), raters=1, questions=12)
    client = signed_in(person)
    held = client.post(f"{api(task)}next/", content_type="application/json").json()["next"]
    numbers = []
    for _turn in range(8):
        sent = {"token": held["token"], "score": "5", "client_id": held["token"]}
        with CaptureQueriesContext(connection) as queries:
            answer = client.post(f"{api(task)}ratings/", sent, content_type="application/json")
        numbers.append(len(queries))
        held = answer.json()["next"]
    # Session, person, place, last lease, walk; then the step, the rating, the log, the place, the lease, and the two
    # marks of the savepoint that stands for the transaction here. Going round the end of the order is a second walk.
    # PostgreSQL locks the rater's place and the response's by a statement each.
    locks = 2 if connection.vendor == "postgresql" else 0
    assert (min(numbers), max(numbers) in (12 + locks, 13 + locks)) == (12 + locks, True)
