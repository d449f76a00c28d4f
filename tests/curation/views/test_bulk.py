"""The pages of a change of several items, and the same for programs."""

from __future__ import annotations

import pytest

from curation.models import Batch, BatchItem, Item
from tests.factories.curation import leaf, make_dataset, make_item, make_member
from tests.rig.clients import signed_in

pytestmark = pytest.mark.django_db
BULK, API = "/d/pages/items/bulk/", "/api/d/pages/items/bulk/"


@pytest.fixture
def dataset():
    return make_dataset("pages")


@pytest.fixture
def lead(dataset):
    return make_member(dataset, "lead", "reviewer")


def states(*chosen: Item) -> list[str]:
    return [str(Item.objects.get(pk=item.pk).state) for item in chosen]


def test_marked_rows_are_looked_at_carried_out_once_and_taken_back(dataset, lead) -> None:
    one, two = make_item(dataset, state="in_review"), make_item(dataset, state="withdrawn")
    client = signed_in(lead)
    form = {"verb": "withdraw", "ids": [one.pk, two.pk, "x", "9" * 30], "filters": "state=in_review"}
    answer = client.post(BULK, form)
    batch = Batch.objects.get()
    assert answer["Location"] == f"{BULK}{batch.pk}/"
    page = client.get(answer["Location"])
    assert (page.context["told"].counts["pending"], page.context["told"].counts["refused"]) == (1, 1)
    assert "This is not possible now: the state is “Withdrawn”." in page.content.decode()
    assert states(one) == ["in_review"]
    go, undo = f"{BULK}{batch.pk}/carry-out/", f"{BULK}{batch.pk}/undo/"
    assert client.post(go, {"comment": " "}).status_code == 422
    for _press in range(2):
        assert client.post(go, {"comment": "重複のため。"})["Location"] == f"{BULK}{batch.pk}/"
    assert (states(one), one.comments.count()) == (["withdrawn"], 1)
    for _press in range(2):
        assert client.post(undo)["Location"] == f"{BULK}{batch.pk}/"
    assert states(one, two) == ["in_review", "withdrawn"]


def test_lead_who_does_not_review_is_not_offered_to_send_back(dataset, lead) -> None:
    offered = '<option value="request_changes">'
    assert offered in signed_in(lead).get("/d/pages/items/").content.decode()
    page = signed_in(make_member(dataset, "lead", name="only")).get("/d/pages/items/").content.decode()
    assert '<option value="withdraw">' in page
    assert offered not in page


def test_where_nothing_can_be_changed_the_page_says_so_and_leads_back(dataset, lead) -> None:
    withdrawn = make_item(dataset, state="withdrawn")
    client = signed_in(lead)
    page = client.get(client.post(BULK, {"verb": "withdraw", "ids": [withdrawn.pk]})["Location"])
    assert "None of these items can be changed so." in page.content.decode()
    assert '<a class="button" href="/d/pages/items/">' in page.content.decode()


def test_all_that_match_are_those_of_the_filters(dataset, lead) -> None:
    chosen = [make_item(dataset, state="in_review") for _n in range(2)]
    make_item(dataset, state="approved")
    form = {"verb": "withdraw", "all": "1", "filters": "state=in_review"}
    signed_in(lead).post(BULK, form)
    assert list(BatchItem.objects.order_by("item").values_list("item", flat=True)) == [c.pk for c in chosen]
    assert Batch.objects.get().filters == {"state": "in_review"}


@pytest.mark.parametrize(
    "given",
    [
        {"verb": "approve"},
        {"verb": "move"},
        {"verb": "move", "category": "9" * 30},
        {"verb": "request_changes"},
        {"verb": "withdraw", "ids": []},
        {"verb": "withdraw", "filters": "nonsense=1"},
    ],
)
def test_what_is_unusable_leads_back_with_a_sentence(dataset, lead, given) -> None:
    item = make_item(dataset, state="in_review")
    answer = signed_in(lead).post(BULK, {"ids": [item.pk]} | given)
    assert (answer.status_code, answer["Location"], Batch.objects.count()) == (302, "/d/pages/items/", 0)


def test_only_leads_find_these_pages(dataset, lead) -> None:
    item = make_item(dataset, state="in_review")
    signed_in(lead).post(BULK, {"verb": "withdraw", "ids": [item.pk]})
    pk = Batch.objects.get().pk
    for person in (make_member(dataset, "reviewer", "author"), make_member(make_dataset(), "lead")):
        client = signed_in(person)
        assert [client.get(path).status_code for path in (BULK, f"{BULK}{pk}/")] == [404, 404]
        assert client.post(f"{BULK}{pk}/undo/").status_code == 404
        assert client.get(f"{API}{pk}/").status_code == 404
    assert (
        'form="bulk"' not in signed_in(make_member(dataset, "author")).get("/d/pages/items/").content.decode()
    )


def test_programs_prepare_carry_out_and_take_back(dataset, lead) -> None:
    one, two = make_item(dataset, state="in_review"), make_item(dataset, state="approved")
    client = signed_in(lead)

    def post(path: str, body: object) -> tuple[int, dict]:
        answer = client.post(path, body, content_type="application/json")
        return answer.status_code, answer.json()

    there = leaf(dataset, 2)
    body = {"verb": "move", "category": there.labels, "filters": {"split": "none"}}
    code, made = post(API, body)
    why = "Only what is being worked on can be moved. Revise the item first."
    assert (code, made["state"], made["counts"]["pending"]) == (201, "prepared", 1)
    assert made["why"] == [{"outcome": "refused", "why": why, "count": 1, "items": [two.pk]}]
    code, done = post(f"{API}{made['id']}/carry-out/", {})
    assert (code, done["state"], Item.objects.get(pk=one.pk).category) == (200, "done", there)
    code, back = post(f"{API}{made['id']}/undo/", {})
    assert (code, back["state"], Item.objects.get(pk=one.pk).category) == (200, "undone", leaf(dataset))
    assert client.get(API).json()["results"] == [{"id": made["id"], "verb": "move", "state": "undone"}]
    for wrong in ({"verb": "withdraw"}, {"verb": "withdraw", "ids": [one.pk], "filters": {}}):
        assert post(API, wrong)[0] == 400
    assert post(API, {"verb": "withdraw", "filters": {"nonsense": "1"}})[1]["field"] == "nonsense"
    assert client.get(f"{API}{made['id']}/").json() == back
