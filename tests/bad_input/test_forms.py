"""Forms and the API given what they cannot use: an answer below 500, and nothing written."""

import json
from typing import Any

import pytest
from django.test import Client

from curation.models import Dataset, Item, LogEntry, Membership, Review, Revision
from tests.factories.curation import make_dataset, make_item, make_member

pytestmark = pytest.mark.django_db

UNUSABLE = ["", "a\x00b", "あ" * 30_000, "-1", "9" * 30, "NaN", "<script>"]


@pytest.fixture
def dataset() -> Dataset:
    return make_dataset(slug="demo")


def entered(dataset: Dataset, *roles: str) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(make_member(dataset, *roles), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.both_databases
@pytest.mark.parametrize("name", UNUSABLE)
def test_name_that_no_column_holds_finds_nobody(dataset: Dataset, name: str) -> None:
    client = entered(dataset, "lead")
    before = Membership.objects.count()
    answer = client.post("/d/demo/people/add/", {"name": name, "role": "author"})
    assert (answer.status_code, Membership.objects.count()) == (302, before)


@pytest.mark.parametrize("given", ["\ud800", {"a": 1}, [1], None, 9**30])
def test_decision_of_another_kind_is_a_sentence_of_the_api(dataset: Dataset, given: Any) -> None:
    client = entered(dataset, "reviewer")
    item = make_item(dataset, state="in_review")
    body = json.dumps({"decision": given, "revision": given, "client_id": given})
    answer = client.post(f"/api/d/demo/items/{item.pk}/review/", body, content_type="application/json")
    assert (answer.status_code, Review.objects.count()) == (400, 0)
    assert answer.json()["error"]


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "query",
    [
        "category=%C2%B2",
        "after=%C2%B2",
        "after=" + "9" * 5000,
        "q=%00",
        "q=" + "x" * 5000,
        "q=%ed%a0%80",
        "after=" + "9" * 21,
        "after=x",
        "category=-1",
        "category=" + "9" * 30,
        "category=x",
        "state=%00",
        "page=" + "9" * 30,
        "cursor=%00",
    ],
)
def test_list_answers_whatever_it_is_asked(dataset: Dataset, query: str) -> None:
    client = entered(dataset, "lead")
    for page in ("items", "jobs", "releases", "review", "coverage"):
        assert client.get(f"/d/demo/{page}/?{query}").status_code < 500, page
    assert client.get(f"/api/d/demo/items/?{query}").status_code < 500


@pytest.mark.both_databases
@pytest.mark.parametrize("value", UNUSABLE)
def test_work_forms_refuse_what_they_cannot_use(dataset: Dataset, value: str) -> None:
    """Every field at once: whichever is looked at first says no."""
    client = entered(dataset, "lead", "author", "reviewer")
    item = make_item(dataset, state="in_review")
    names = ("base", "category", "client_id", "version", "decision", "revision", "reason", "question")
    before = (Revision.objects.count(), Item.objects.count(), Review.objects.count())
    for page in (f"write/{item.pk}/submit", f"review/{item.pk}", f"items/{item.pk}/withdraw"):
        answer = client.post(f"/d/demo/{page}/", dict.fromkeys(names, value))
        assert answer.status_code < 500, page
    assert (Revision.objects.count(), Item.objects.count(), Review.objects.count()) == before


def test_post_only_addresses_refuse_get_and_write_nothing(dataset: Dataset) -> None:
    client = entered(dataset, "lead")
    item = make_item(dataset, state="in_review")
    before = LogEntry.objects.count()
    for page in ("people/add", f"items/{item.pk}/withdraw", f"items/{item.pk}/reopen", "jobs/1/cancel"):
        assert client.get(f"/d/demo/{page}/").status_code in (404, 405), page
    assert LogEntry.objects.count() == before


def test_item_of_another_dataset_is_not_there(dataset: Dataset) -> None:
    client = entered(dataset, "lead", "author", "reviewer")
    other = make_item(make_dataset(slug="other"), state="in_review")
    for page in ("items", "write", "review"):
        assert client.get(f"/d/demo/{page}/{other.pk}/").status_code == 404
    assert client.post(f"/d/demo/items/{other.pk}/withdraw/", {"reason": "x"}).status_code == 404
    other.refresh_from_db()
    assert other.state == "in_review"
