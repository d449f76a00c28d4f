"""How long texts are to be in a dataset: set by its lead, said by the checks wherever they are shown."""

from __future__ import annotations

import json

import pytest

from curation.actions.quotas import set_bands
from curation.checks.lengths import bands_of, sound
from curation.errors import Invalid, NotAllowed
from curation.models import Item, LogEntry, Routine
from curation.queries import findings_in
from tests.curation.views.conftest import signed_in
from tests.factories.curation import make_dataset, make_item, make_member

pytestmark = pytest.mark.django_db
HEADINGS = {"content_type": "application/json"}


@pytest.fixture
def dataset():
    return make_dataset("home")


@pytest.fixture
def lead(dataset):
    return make_member(dataset, "lead")


def test_a_part_that_is_not_named_has_the_guidelines_band():
    assert bands_of({}) == {"question": (10, 300), "answer": (100, 400)}
    assert bands_of({"answer": [1, 9]}) == {"question": (10, 300), "answer": (1, 9)}


@pytest.mark.parametrize(
    "band", [[5], [9, 8], [-1, 5], [0, 0], [1, 20_001], [1.5, 3], ["1", "3"], [True, 3], "13", None]
)
def test_what_is_no_band(band):
    assert not sound(band)


@pytest.mark.both_databases
def test_lead_sets_the_bands_and_nobody_else(dataset, lead):
    assert set_bands(lead, dataset, {"question": [10, 300], "answer": [20, 90]})
    assert Routine.objects.get().bands == {"answer": [20, 90]}
    assert not set_bands(lead, dataset, {"answer": [20, 90]})
    assert LogEntry.objects.get(verb="set_routine").details == {"now": {"bands": {"answer": [20, 90]}}}
    for wrong in ({"answer": [9, 8]}, {"title": [1, 2]}):
        with pytest.raises(Invalid):
            set_bands(lead, dataset, wrong)
    with pytest.raises(NotAllowed):
        set_bands(make_member(dataset, "author", "reviewer"), dataset, {})
    assert set_bands(lead, dataset, {})
    assert Routine.objects.get().bands == {}


def test_checks_go_by_the_dataset_without_a_query_for_it(dataset, lead, django_assert_num_queries):
    set_bands(lead, dataset, {"question": [3, 6]})
    pk = make_item(dataset).pk
    item = Item.objects.select_related("dataset__routine").get(pk=pk)
    with django_assert_num_queries(0):
        found = findings_in(item, question="", answer="短い。", author=None, category=None)
    assert [(each.key, each.bounds) for each in found] == [("short", (100, 400))]
    found = findings_in(item, question="七字の質問です", answer="", author=None, category=None)
    assert [(each.key, each.bounds) for each in found] == [("long", (3, 6))]


def test_both_pages_and_programs_say_the_datasets_band(dataset, lead):
    set_bands(lead, dataset, {"answer": [1200, 1300]})
    author, reviewer = make_member(dataset, "author"), make_member(dataset, "reviewer")
    written, waiting = make_item(dataset, author=author), make_item(dataset, state="in_review")
    said = "Between 1200 and 1300 are usual."
    pages = [
        signed_in(author).get(f"/d/home/write/{written.pk}/"),
        signed_in(author).get(f"/d/home/write/{written.pk}/?checks=1", HTTP_HX_REQUEST="true"),
        signed_in(reviewer).get(f"/d/home/review/{waiting.pk}/"),
        signed_in(author).get(f"/api/d/home/items/{written.pk}/checks/"),
    ]
    assert [said in page.content.decode() for page in pages] == [True] * 4


def test_page_of_targets_sets_them_and_empty_fields_give_the_guidelines_back(dataset, lead):
    client = signed_in(lead)
    url = "/d/home/coverage/lengths/"
    sent = {"question_least": "5", "question_most": "50", "answer_least": "", "answer_most": ""}
    assert client.post(url, sent).url == "/d/home/coverage/targets/"
    assert Routine.objects.get().bands == {"question": [5, 50]}
    page = client.get("/d/home/coverage/targets/").content.decode()
    assert 'name="question_most" type="number" inputmode="numeric" min="1" max="20000" value="50"' in page
    client.post(url, sent | {"question_most": ""})
    assert "two whole numbers" in client.get("/d/home/coverage/targets/").content.decode()
    assert Routine.objects.get().bands == {"question": [5, 50]}
    client.post(url, dict.fromkeys(sent, ""))
    assert Routine.objects.get().bands == {}


def test_page_is_for_leads(dataset):
    for client in (signed_in(make_member(dataset, "author")), signed_in(make_member(make_dataset(), "lead"))):
        assert client.post("/d/home/coverage/lengths/", {}).status_code == 404
    assert Routine.objects.count() == 0


def test_programs_read_and_set_all_of_it_or_none(dataset, lead):
    client, url = signed_in(lead), "/api/d/home/routine/"
    given = {"bands": {"answer": [1, 9]}, "soft_cap": 80, "lease_minutes": 20}
    assert client.patch(url, json.dumps(given), **HEADINGS).json() == {
        "soft_cap": 80,
        "hard_cap": 150,
        "reserve_hours": 24,
        "lease_minutes": 20,
        "twice_share": 0,
        "second_after_fix": False,
        "bands": {"question": [10, 300], "answer": [1, 9]},
        "aid": None,
    }
    wrong = {"soft_cap": 70, "bands": {"answer": [9, 1]}}
    assert client.patch(url, json.dumps(wrong), **HEADINGS).status_code == 400
    assert client.get(url).json()["soft_cap"] == 80
    author = signed_in(make_member(dataset, "author"))
    assert author.get(url).status_code == 200
    assert author.patch(url, json.dumps(given), **HEADINGS).status_code == 403
    rater = signed_in(make_member(dataset, "rater"))
    assert rater.get(url).status_code == 404
    assert signed_in(make_member(make_dataset(), "lead")).get(url).status_code == 404
