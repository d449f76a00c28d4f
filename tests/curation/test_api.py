"""The API follows the same rules as the pages, page by key, and answers errors in one form."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from curation.actions.jobs import queue_job
from curation.actions.releases import Choice, freeze
from curation.log import OPERATOR
from curation.models import Draft, Item, Job, Review
from tests.factories.curation import ANSWER, leaf, make_dataset, make_item, make_member
from tests.rig.clients import signed_in

pytestmark = pytest.mark.django_db


class Nothing:
    """Stands where a task would: the job stays queued."""

    @staticmethod
    def delay(job: int) -> None:
        return None


def call(client, method, path, body=None):
    answer = getattr(client, method)(path, data=body, content_type="application/json")
    return answer.status_code, answer.json() if answer.content else None


@pytest.fixture
def dataset():
    return make_dataset("api")


@pytest.fixture
def author(dataset):
    return make_member(dataset, "author")


@pytest.fixture
def reviewer(dataset):
    return make_member(dataset, "reviewer")


def test_from_start_to_approval(dataset, author, reviewer) -> None:
    mine, theirs = signed_in(author), signed_in(reviewer)
    code, item = call(mine, "post", "/api/d/api/items/")
    assert (code, item["state"], item["verbs"]) == (201, "draft", ["submit", "submit_question"])
    base = f"/api/d/api/items/{item['id']}/"
    code, draft = call(
        mine, "put", f"{base}draft/", {"version": 0, "client_id": "a", "question": "はじめの一歩は何ですか。"}
    )
    assert (code, draft["version"], draft["question"]) == (200, 1, "はじめの一歩は何ですか。")
    text = {
        "question": "鍵を拾いました。",
        "answer": ANSWER,
        "category": leaf(dataset).labels,
        "client_id": "b",
    }
    code, submitted = call(mine, "post", f"{base}submit/", text)
    assert (code, submitted["state"], submitted["verbs"]) == (201, "in_review", [])
    assert call(mine, "post", f"{base}submit/", text)[1]["revision"] == submitted["revision"]
    assert Draft.objects.count() == 0
    decision = {"decision": "approve", "revision": submitted["revision"]}
    assert call(mine, "post", f"{base}review/", decision)[0] == 403
    assert call(theirs, "get", base)[1]["verbs"] == ["approve", "request_changes", "request_answer", "reject"]
    code, approved = call(theirs, "post", f"{base}review/", decision)
    assert (code, approved["state"]) == (201, "approved")
    assert call(theirs, "post", f"{base}review/", decision)[0] == 409


def test_fix_and_approve_keeps_the_category_where_no_labels_are_given(dataset, reviewer) -> None:
    item = make_item(dataset, state="in_review")
    fixed = {"question": "直した質問です。", "answer": ANSWER}
    body = {"decision": "fix_and_approve", "revision": item.current_revision_id, "fixed": fixed}
    code, answer = call(signed_in(reviewer), "post", f"/api/d/api/items/{item.pk}/review/", body)
    assert (code, answer["question"], answer["category"]) == (201, "直した質問です。", leaf(dataset).labels)
    assert Review.objects.get(item=item).decision == "fix_and_approve"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"answer": "答え"}, "question"),
        ({"question": "質問", "category": ["ない", "ない", "ない"]}, "category"),
        ({"question": "!!", "answer": "答え", "category": None}, "category"),
        ({"question": "質問\u0000"}, "question"),
    ],
)
def test_unusable_body_names_the_field_and_writes_nothing(dataset, author, body, field) -> None:
    item = make_item(dataset, author=author)
    code, answer = call(signed_in(author), "post", f"/api/d/api/items/{item.pk}/submit/", body)
    assert (code, answer["field"]) == (400, field)
    assert item.revisions.count() == 0


def test_draft_of_an_older_version_is_a_conflict(dataset, author) -> None:
    item = make_item(dataset, author=author)  # its draft is version 1
    body = {"version": 0, "client_id": "late", "question": "遅れた"}
    code, answer = call(signed_in(author), "put", f"/api/d/api/items/{item.pk}/draft/", body)
    assert (code, set(answer)) == (409, {"error", "field"})


def test_draft_of_another_person_is_never_shown(dataset) -> None:
    item = make_item(dataset)
    stranger = make_member(dataset, "author")
    assert call(signed_in(stranger), "get", f"/api/d/api/items/{item.pk}/draft/")[0] == 403
    listed = call(signed_in(stranger), "get", "/api/d/api/items/")[1]["results"]
    assert [(row["id"], row["question"]) for row in listed] == [(item.pk, None)]


def test_lead_withdraws_with_a_reason_and_reopens(dataset) -> None:
    item = make_item(dataset, state="approved")
    lead = signed_in(make_member(dataset, "lead"))
    base = f"/api/d/api/items/{item.pk}/"
    assert call(lead, "post", f"{base}withdraw/", {})[1]["field"] == "reason"
    assert call(lead, "post", f"{base}withdraw/", {"reason": "古い"})[1]["state"] == "withdrawn"
    assert call(lead, "post", f"{base}reopen/", {})[1]["state"] == "needs_changes"


def test_comment_is_written_once_for_one_client_id(dataset, author) -> None:
    item = make_item(dataset, state="in_review", author=author)
    for _turn in range(2):
        path = f"/api/d/api/items/{item.pk}/comment/"
        assert call(signed_in(author), "post", path, {"body": "補足です。", "client_id": "c"})[0] == 201
    assert item.comments.count() == 1


def test_list_pages_by_key_and_a_new_row_shifts_nothing(dataset, author) -> None:
    first = [make_item(dataset, author=author).pk for _n in range(3)]
    client = signed_in(author)
    page = call(client, "get", "/api/d/api/items/?page_size=2")[1]
    assert [row["id"] for row in page["results"]] == [first[2], first[1]]
    make_item(dataset, author=author)
    assert [row["id"] for row in client.get(page["next"]).json()["results"]] == [first[0]]


def test_list_is_narrowed_by_state_split_and_words(dataset, author) -> None:
    one = make_item(dataset, state="in_review", question="猫について教えて")
    make_item(dataset, state="approved", question="犬について教えて")
    client = signed_in(author)
    for query in ("state=in_review", "q=ネコ", "q=猫", "state=in_review&split=none"):
        ids = [row["id"] for row in call(client, "get", f"/api/d/api/items/?{query}")[1]["results"]]
        assert ids == ([one.pk] if query != "q=ネコ" else []), query


@pytest.mark.parametrize("rows", [1, 3])
def test_list_of_items_costs_the_same(dataset, author, rows) -> None:
    for _n in range(rows):
        make_item(dataset, state="in_review")
    client = signed_in(author)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert len(call(client, "get", "/api/d/api/items/")[1]["results"]) == rows
    assert len(asked) == 5  # session, person, dataset, roles, items


def test_releases_are_listed_and_shown(dataset, author) -> None:
    for number in range(3):
        make_item(dataset, state="approved", category=leaf(dataset, number))
    freeze(OPERATOR, dataset, Choice(name="v1", test_per_leaf=0))
    client = signed_in(author)
    listed = call(client, "get", "/api/d/api/releases/")[1]["results"]
    assert [(row["name"], row["items"], row["dev"], row["test"]) for row in listed] == [("v1", 3, 3, 0)]
    shown = call(client, "get", "/api/d/api/releases/v1/")[1]
    assert (shown["root_hash"], shown["errata"], len(shown["gates"])) == (listed[0]["root_hash"], [], 11)
    assert call(client, "get", "/api/d/api/releases/v2/")[0] == 404


def test_rater_sees_neither_items_nor_releases(dataset) -> None:
    item = make_item(dataset, state="approved")
    freeze(OPERATOR, dataset, Choice(name="v1", test_per_leaf=0))
    client = signed_in(make_member(dataset, "rater"))
    assert call(client, "get", "/api/d/api/items/")[1]["results"] == []
    assert call(client, "get", "/api/d/api/releases/")[1]["results"] == []
    assert call(client, "get", f"/api/d/api/items/{item.pk}/")[0] == 404
    assert call(client, "get", "/api/d/api/me/")[1]["roles"] == ["rater"]


def test_job_is_stopped_by_whoever_queued_it_and_hidden_from_others(dataset, author, reviewer) -> None:
    job = queue_job(author, dataset, kind="export_release", title="x", task=Nothing)
    assert call(signed_in(reviewer), "get", f"/api/d/api/jobs/{job.pk}/")[0] == 404
    code, answer = call(signed_in(author), "post", f"/api/d/api/jobs/{job.pk}/cancel/")
    assert (code, answer["state"]) == (200, "cancelled")
    assert Job.objects.get().state == "cancelled"
    assert [row["id"] for row in call(signed_in(author), "get", "/api/d/api/jobs/")[1]["results"]] == [job.pk]


def test_schema_can_be_drawn_up() -> None:
    assert Client().get("/api/schema/").status_code == 200
    assert Item.objects.count() == 0
