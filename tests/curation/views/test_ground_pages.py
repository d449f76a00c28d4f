"""Pages of the ground floor: filters, gates before a freeze, downloads, roles, and the same cost for any length."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from curation.actions.items import withdraw
from curation.actions.jobs import queue_job
from curation.actions.releases import Choice, freeze
from curation.log import OPERATOR
from curation.models import Item, Job, Membership, Release
from tests.factories.curation import make_dataset, make_item, make_member, make_person
from tests.rig.clients import signed_in

pytestmark = pytest.mark.django_db


class Nothing:
    @staticmethod
    def delay(job: int) -> None:
        return None


@pytest.fixture
def dataset():
    return make_dataset("pages")


@pytest.fixture
def manager(dataset):
    return make_member(dataset, "release_manager", "lead")


def page(person, path: str) -> str:
    answer = signed_in(person).get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


@pytest.mark.parametrize("path", ["items/", "releases/", "jobs/", "people/", "coverage/", "taxonomy/", ""])
def test_every_page_of_an_empty_dataset_opens(dataset, manager, path) -> None:
    assert "<h1" in page(manager, f"/d/pages/{path}")


def test_the_first_page_names_what_was_worked_on(dataset, manager) -> None:
    item = make_item(dataset, state="approved")
    withdraw(manager, item, reason="written twice")
    link = f'<a href="/d/pages/items/{item.pk}/">{item.external_id}</a>'
    assert page(manager, "/d/pages/").count(link) == 1


def test_a_lead_who_is_no_author_is_sent_to_no_page_of_authors(dataset, manager) -> None:
    item = make_item(dataset, state="approved")
    path, to = f"/d/pages/items/{item.pk}/", f"/d/pages/write/{item.pk}/"
    assert to not in page(manager, path)
    assert to in page(make_member(dataset, "author"), path)


def test_covered_texts_are_in_no_list(dataset) -> None:
    make_item(dataset, state="in_review", question="隠しておく文です。")
    person = make_member(dataset, "author", person=make_person(blur=True))
    assert "隠しておく文です。" not in page(person, "/d/pages/items/")


def test_item_shows_no_draft_of_its_author(dataset, manager) -> None:
    item = make_item(dataset, question="書きかけの文です。")
    assert "書きかけの文です。" not in page(manager, f"/d/pages/items/{item.pk}/")


def test_withdrawing_needs_the_id_typed(dataset, manager) -> None:
    item = make_item(dataset, state="approved")
    client, path = signed_in(manager), f"/d/pages/items/{item.pk}/withdraw/"
    client.post(path, {"confirm": "something", "reason": "古い"})
    assert Item.objects.get().state == "approved"
    client.post(path, {"confirm": item.external_id, "reason": "古い"})
    assert Item.objects.get().state == "withdrawn"


def test_author_finds_no_freeze_page_and_no_people(dataset) -> None:
    client = signed_in(make_member(dataset, "author"))
    for path in ("releases/freeze/", "people/"):
        assert client.get(f"/d/pages/{path}").status_code == 404


def test_author_may_neither_write_nor_fetch_files(dataset) -> None:
    make_item(dataset, state="approved")
    freeze(OPERATOR, dataset, Choice(name="v1", test_per_leaf=0))
    client = signed_in(make_member(dataset, "author"))
    client.post("/d/pages/releases/v1/export/", {"formats": ["jsonl"]})
    assert Job.objects.count() == 0
    assert client.get("/d/pages/releases/v1/download/1/").status_code == 404


def test_job_stops_on_request(dataset, manager) -> None:
    job = queue_job(manager, dataset, kind="x", title="試し", task=Nothing)
    signed_in(manager).post(f"/d/pages/jobs/{job.pk}/cancel/")
    assert Job.objects.get().state == "cancelled"


def test_role_is_given_to_who_can_sign_in_and_ended(dataset, manager) -> None:
    person, client = make_person("hanako"), signed_in(manager)
    client.post("/d/pages/people/add/", {"name": "hanako", "role": "rater"})
    client.post("/d/pages/people/add/", {"name": "nobody", "role": "rater"})
    client.post("/d/pages/people/add/", {"name": "hanako", "role": "emperor"})
    given = Membership.objects.get(person=person)
    assert given.role == "rater"
    client.post(f"/d/pages/people/{given.pk}/remove/")
    assert Membership.objects.filter(person=person).count() == 0


def test_preferences_are_kept_and_lead_back_on_this_site_only(dataset, manager) -> None:
    client = signed_in(manager)
    answer = client.post("/preferences/", {"theme": "dark", "blur": "1", "next": "//evil.example/"})
    manager.refresh_from_db()
    assert (manager.theme, manager.blur, answer.headers["Location"]) == ("dark", True, "/")


def test_cast_is_offered_and_entered_in_the_demo_only(settings) -> None:
    make_person("demo-author")
    client = Client()
    for demo, code in ((False, 404), (True, 302)):
        settings.TEINEI_DEMO = demo
        assert ("demo-author" in client.get("/accounts/login/").content.decode()) is demo
        assert client.post("/enter/", {"key": "demo-author"}).status_code == code
    assert Client().post("/enter/", {"key": "nobody"}).status_code == 404
    assert Client(REMOTE_ADDR="192.0.2.1").post("/enter/", {"key": "demo-author"}).status_code == 404


def test_job_that_is_done_stands_at_its_end(dataset, manager) -> None:
    kept = {"dataset": dataset, "person": manager, "kind": "freeze_check", "title": "check", "total": 11}
    Job.objects.create(state="succeeded", done=10, **kept)
    Job.objects.create(state="failed", done=7, **kept)
    page = signed_in(manager).get("/d/pages/jobs/").content.decode()
    assert re.findall(r'progress__count">([^<]*)<', page) == ["7 / 11", "11 / 11"]


@pytest.mark.parametrize(("path", "count"), [("items/", 11), ("jobs/", 9), ("releases/", 9), ("people/", 9)])
def test_page_costs_the_same_at_one_and_at_three_rows(dataset, manager, path, count) -> None:
    client, asked = signed_in(manager), []
    person = make_member(dataset, "author")
    for rows in (1, 2):
        for _n in range(rows):
            make_item(dataset, state="approved", author=person)
            queue_job(manager, dataset, kind="x", title="試し", task=Nothing)
            freeze(OPERATOR, dataset, Choice(name=f"v{Release.objects.count()}", test_per_leaf=0))
            make_member(dataset, "rater")
        client.get(f"/d/pages/{path}")
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/d/pages/{path}").status_code == 200
        asked.append(len(queries))
    assert asked == [count, count]
