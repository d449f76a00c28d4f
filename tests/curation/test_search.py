"""What people type finds what others wrote, on both databases: one character is enough, width and kana do not matter."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation.actions import redactions
from curation.models import Dataset, Item
from curation.queries import items, matching
from curation.similar import fold
from tests.factories.curation import make_dataset, make_item, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

Search = Callable[[str], list[str]]


def signed_in(dataset: Dataset) -> Client:
    client = Client()
    client.force_login(make_member(dataset, "author"), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def dataset() -> Dataset:
    return make_dataset("home")


@pytest.fixture(params=["page", "api"])
def found(request: pytest.FixtureRequest, dataset: Dataset) -> Search:
    """Numbers of the items that a search shows, on the page or through the API."""
    client = signed_in(dataset)

    def by_page(query: str) -> list[str]:
        answer = client.get("/d/home/items/", {"q": query})
        return sorted(row["item"].external_id for row in answer.context["rows"])

    def by_api(query: str) -> list[str]:
        answer = client.get("/api/d/home/items/", {"q": query})
        return sorted(row["external_id"] for row in answer.json()["results"])

    return by_page if request.param == "page" else by_api


def test_what_people_type_finds_what_others_wrote(dataset: Dataset, found: Search) -> None:
    murder = make_item(dataset, state="in_review", question="殺人の罪は何年で時効になりますか。").external_id
    loan = make_item(dataset, state="in_review", answer="ヤミ金からは借りないでください。").external_id
    make_item(dataset, state="in_review", question="天気はどうですか。", answer="晴れています。")
    assert found("殺") == found("殺人") == [murder]
    assert found("ﾔﾐ金") == found("ヤミ金") == found("やみ 金") == found("金") == [loan]
    assert found("殺す") == []
    assert found("%") == found("_") == []


def test_number_of_an_item_finds_it(dataset: Dataset, found: Search) -> None:
    item = make_item(dataset, state="in_review")
    make_item(dataset, state="in_review")
    assert found(item.external_id.upper()) == [item.external_id]


# Letters beyond the first plane, of other widths, with what LIKE and arrays would read as signs of their own.
ASKED = ("𠮷野家の牛丼は安全ですか", "100%_の確率{a,b}", "a b\\c 'd' \"e\"", "ｶﾞｽと酸素ガス", "金", "が")
ANSWERED = ("いいえ、ガスは危険です。", "金金金", "はい", "NULL", "👨‍👩‍👧‍👦の話", "野家")


def some_of(text: str) -> st.SearchStrategy[str]:
    return st.tuples(st.integers(0, len(text)), st.integers(1, 4)).map(lambda at: text[at[0] : at[0] + at[1]])


@pytest.mark.parametrize("few", [items.FEW, 0], ids=["few", "many"])
def test_search_finds_what_a_scan_of_all_texts_finds(
    dataset: Dataset, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(items, "FEW", few)
    texts = {
        make_item(dataset, state="in_review", question=asked, answer=answered).pk: (
            fold(asked),
            fold(answered),
        )
        for asked, answered in zip(ASKED, ANSWERED, strict=True)
    }

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.one_of(*map(some_of, ASKED + ANSWERED), st.text("金が a%_\\{}野", max_size=3)))
    def law(query: str) -> None:
        wanted = fold(query)
        there = {pk for pk, pair in texts.items() if wanted and any(wanted in text for text in pair)}
        assert set(matching(Item.objects.all(), query).values_list("pk", flat=True)) == there

    law()


def test_redacted_text_is_found_no_longer(dataset: Dataset, found: Search) -> None:
    item = make_item(dataset, state="in_review", question="殺人の罪は何年で時効になりますか。")
    assert found("殺") == [item.external_id]
    lead, manager = make_member(dataset, "lead"), make_member(dataset, "release_manager")
    (asked,) = redactions.ask(lead, dataset, [item.current_revision.question_text_id], reason="A name.")
    redactions.confirm(manager, asked)
    assert found("殺") == found("時効") == []
