"""The list of items: each filter alone and together, what is not understood, chips, the table, and what it costs."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from curation.actions import care, doubles, items
from curation.models import Item, LogEntry, Revision
from tests.factories.curation import decide, leaf, make_dataset, make_item, make_member
from tests.rig.clients import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
LIST, TABLE = "/d/pages/items/", "/d/pages/items.csv"
API, API_TABLE = "/api/d/pages/items/", "/api/d/pages/items.csv"


@pytest.fixture
def dataset():
    return make_dataset("pages")


@pytest.fixture
def lead(dataset):
    return make_member(dataset, "lead")


@pytest.fixture
def cast(dataset):
    return {"author": make_member(dataset, "author"), "reviewer": make_member(dataset, "reviewer")}


def rows_of(answer) -> list[list[str]]:
    assert answer.status_code == 200, answer.content
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))


def found(client, query: str) -> set[str]:
    """Ids of the page, which are those of the table and of the API too."""
    page = client.get(f"{LIST}?{query}")
    assert page.status_code == 200, query
    on_page = {row["item"].external_id for row in page.context["rows"]}
    assert {row[0] for row in rows_of(client.get(f"{TABLE}?{query}"))[1:]} == on_page, query
    assert {row["external_id"] for row in client.get(f"{API}?{query}").json()["results"]} == on_page, query
    assert {row[0] for row in rows_of(client.get(f"{API_TABLE}?{query}"))[1:]} == on_page, query
    return on_page


def test_each_filter_leaves_what_it_names(dataset, lead, cast) -> None:
    other = make_member(dataset, "author")
    one = make_item(dataset, state="in_review", question="図書館の本について", **cast)
    two = make_item(dataset, state="approved", category=leaf(dataset, 1), **cast)
    sent = make_item(dataset, state="needs_changes", category=leaf(dataset, 2), author=other)
    marked = make_item(dataset, state="in_review", attributes={"borderline": True}, author=other)
    Item.objects.filter(pk=two.pk).update(updated_at=timezone.now() - timedelta(days=8))
    two.question.split = "test"
    two.question.save()
    Item.objects.filter(pk=sent.pk).update(open_to_all=True)
    client, area = signed_in(lead), leaf(dataset).parent
    everything = {one, two, sent, marked}
    for query, expected in (
        ("q=本", {one}),
        (f"q={quote(two.external_id)}", {two}),
        ("state=in_review", {one, marked}),
        ("split=none", everything - {two}),
        ("split=test", {two}),
        (f"category={leaf(dataset, 1).pk}", {two}),
        (f"category={area.pk}", {one, two, marked}),
        (f"category={area.parent_id}&state=approved", {two}),
        (f"author={other.pk}", {sent, marked}),
        ("author=none", set()),
        ("attribute=borderline", {marked}),
        ("reason=other", {sent}),
        ("reason=copied", set()),
        ("age=7", {two}),
        ("age=9", set()),
        ("open=1", {sent}),
        ("mine=1", set()),
        ("twice=agreed", set()),
        ("", everything),
        ("state=&split=&q=", everything),
        ("q=%00", set()),
    ):
        assert found(client, query) == {item.external_id for item in expected}, query
    assert found(signed_in(other), "mine=1") == {sent.external_id, marked.external_id}


def test_items_are_found_by_how_their_text_came_in(dataset, lead) -> None:
    typed, pasted, machine, draft = (make_item(dataset, state="in_review") for _n in range(4))
    runs = {"question": [["typed", 3], ["pasted", 5]]}
    Revision.objects.filter(pk=pasted.current_revision_id).update(origins=runs)
    Revision.objects.filter(pk=machine.current_revision_id).update(origins={"answer": [["machine", 4]]})
    Revision.objects.filter(pk=draft.current_revision_id).update(origin="machine")
    client = signed_in(lead)
    for value, expected in (
        ("typed", {typed}),
        ("pasted", {pasted}),
        ("machine", {machine, draft}),
        ("imported", set()),
    ):
        assert found(client, f"origin={value}") == {item.external_id for item in expected}, value


def test_items_reviewed_twice_are_found_and_a_difference_by_leads_alone(dataset, lead) -> None:
    doubles.set_reviewing(lead, dataset, lease_minutes=15, twice_share=100, second_after_fix=False)
    first, second = make_member(dataset, "reviewer"), make_member(dataset, "reviewer")
    agreed, differing, waiting = (make_item(dataset, state="in_review") for _n in range(3))
    for item, then in ((agreed, "approve"), (differing, "reject"), (waiting, "")):
        decide(item, first, "approve")
        if then:
            decide(item, second, then)
    client = signed_in(lead)
    assert found(client, "twice=agreed") == {agreed.external_id}
    assert found(client, "twice=differ") == {differing.external_id}
    assert signed_in(second).get(f"{LIST}?twice=differ").status_code == 400
    assert found(signed_in(second), "reason=other") == set()  # an opinion sends nothing back
    decide(Item.objects.get(pk=differing.pk), lead, "approve")
    assert found(signed_in(second), "twice=settled") == {differing.external_id}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("nonsense=1", "nonsense"),
        ("state=nonsense", "state"),
        ("split=validation", "split"),
        ("category=x", "category"),
        ("category=999999", "category"),
        ("author=999999", "author"),
        ("attribute=password", "attribute"),
        ("origin=unknown", "origin"),
        ("reason=nonsense", "reason"),
        ("age=0", "age"),
        ("age=9999", "age"),
        ("twice=1", "twice"),
        ("open=2", "open"),
        ("after=z", "after"),
        ("state=draft&state=approved", "state"),
    ],
)
def test_what_is_not_understood_is_said(dataset, lead, query, field) -> None:
    client = signed_in(lead)
    for address in (LIST, TABLE):
        answer = client.get(f"{address}?{query}")
        assert (answer.status_code, f"“{field}”" in answer.content.decode()) == (400, True), address
    for address in (API, API_TABLE):
        answer = client.get(f"{address}?{query}")
        assert (answer.status_code, answer.json()["field"]) == (400, field), address


def test_the_rest_of_an_address_counts_where_a_part_is_not_understood(dataset, lead) -> None:
    kept = make_item(dataset, state="in_review")
    make_item(dataset, state="approved")
    client = signed_in(lead)
    answer = client.get(f"{LIST}?split=nonsense&state=in_review&twice=1")
    shown = answer.content.decode()
    assert [row["item"] for row in answer.context["rows"]] == [kept]
    assert [error.field for error in answer.context["misread"]] == ["split", "twice"]
    assert "The filter “split” has no value “nonsense”." in shown
    assert "The list below is narrowed by the other filters." in shown
    assert 'href="/d/pages/items.csv?state=in_review"' in shown
    assert "The list below is not narrowed by any filter." in client.get(f"{LIST}?after=z").content.decode()
    assert "was not understood" not in client.get(f"{LIST}?state=in_review").content.decode()


def test_a_part_is_for_htmx_and_the_way_back_shows_the_page(dataset, lead) -> None:
    make_item(dataset, state="in_review")
    client = signed_in(lead)
    part = client.get(f"{LIST}?q=&state=in_review&split=", headers={"hx-request": "true"})
    assert ("<h1" in part.content.decode(), part["HX-Push-Url"]) == (False, f"{LIST}?state=in_review")
    assert "HX-Request" in part["Vary"]
    back = {"hx-request": "true", "hx-history-restore-request": "true"}
    assert "<h1" in client.get(f"{LIST}?state=in_review", headers=back).content.decode()


def test_each_chip_takes_one_filter_off(dataset, lead) -> None:
    make_item(dataset, state="in_review", question="本のこと")
    page = signed_in(lead).get(f"{LIST}?q=本&state=in_review&age=1")
    chips = {chip.name: (chip.value, url) for chip, url in page.context["chips"]}
    assert chips == {
        "q": ("本", f"{LIST}?state=in_review&age=1"),
        "state": ("In review", f"{LIST}?q={quote('本')}&age=1"),
        "age": ("1 day or more", f"{LIST}?q={quote('本')}&state=in_review"),
    }


def test_table_has_the_columns_of_the_page_and_no_formula(dataset, lead, cast) -> None:
    item = make_item(dataset, state="in_review", question="=1+1 は何ですか", **cast)
    client = signed_in(lead)
    heads, row = rows_of(client.get(f"{TABLE}?state=in_review"))
    assert heads == [str(name) for name in client.get(LIST).context["columns"]]
    day = timezone.localdate().isoformat()
    name = cast["author"].pseudonym
    assert row == [item.external_id, "'=1+1 は何ですか", "医療相談 (en)", "In review", "", name, day]
    entry = LogEntry.objects.get(verb="export_items")
    assert (entry.person, entry.details) == (lead, {"filters": ["state"]})


def test_table_for_excel_begins_with_its_mark_and_an_unknown_encoding_is_refused(dataset, lead) -> None:
    client = signed_in(lead)
    answer = client.get(f"{TABLE}?encoding=utf-8-sig")
    assert b"".join(answer.streaming_content).startswith(b"\xef\xbb\xbfId,")
    assert client.get(f"{TABLE}?encoding=cp932").status_code == 400
    assert client.get(f"{API_TABLE}?encoding=cp932").json()["field"] == "encoding"
    assert LogEntry.objects.filter(verb="export_items").count() == 1


def test_covered_texts_are_covered_in_the_table_and_opted_out_ones_left_out_until_asked_for(
    dataset, lead
) -> None:
    item = make_item(dataset, state="in_review", question="隠しておく文です。")
    care.set_opt_outs(lead, lead, dataset, [leaf(dataset).pk])
    client = signed_in(lead)
    assert (client.get(LIST).context["rows"], rows_of(client.get(TABLE))[1:]) == ([], [])
    shown = client.get(f"{LIST}?spared=0").content.decode()
    assert (item.external_id in shown, "隠しておく文です。" in shown) == (True, False)
    assert [row[:2] for row in rows_of(client.get(f"{TABLE}?spared=0"))[1:]] == [
        [item.external_id, "covered"]
    ]
    care.set_opt_outs(lead, lead, dataset, [])
    for part in (leaf(dataset), leaf(dataset).parent, leaf(dataset).parent.parent):
        lead.covers = [part.pk]
        lead.save()
        assert [row[1] for row in rows_of(client.get(TABLE))[1:]] == ["covered"]
    lead.covers, lead.blur = [], True
    lead.save()
    assert [row[1] for row in rows_of(client.get(TABLE))[1:]] == ["covered"]


def test_rater_and_stranger_get_no_table(dataset) -> None:
    make_item(dataset, state="in_review")
    for person in (make_member(dataset, "rater"), make_member(make_dataset("other"), "lead")):
        client = signed_in(person)
        assert [client.get(address).status_code for address in (TABLE, API_TABLE)] == [404, 404]


def test_a_change_of_state_or_text_is_a_change(dataset, cast) -> None:
    item = make_item(dataset, state="in_review", **cast)
    long_ago = timezone.now() - timedelta(days=40)
    Item.objects.filter(pk=item.pk).update(updated_at=long_ago)
    decide(item, cast["reviewer"], "request_changes")
    assert Item.objects.get(pk=item.pk).updated_at > long_ago + timedelta(days=39)
    Item.objects.filter(pk=item.pk).update(updated_at=long_ago)
    items.submit(
        cast["author"],
        Item.objects.get(pk=item.pk),
        items.Wording(question="別の質問です。", answer="はい。"),
    )
    assert Item.objects.get(pk=item.pk).updated_at > long_ago + timedelta(days=39)


def test_four_filters_cost_the_same_at_one_and_at_three_rows(dataset, lead, cast) -> None:
    client, asked = signed_in(lead), []
    query = f"q=本で&state=in_review&category={leaf(dataset).parent_id}&author={cast['author'].pk}&attribute=borderline"
    for rows in (1, 2):
        for n in range(rows):
            question = f"本で読んだ{rows}{n}番目の話は本当ですか。"
            make_item(dataset, state="in_review", question=question, attributes={"borderline": True}, **cast)
        client.get(f"{LIST}?{query}")
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"{LIST}?{query}").status_code == 200
        asked.append(len(queries))
    # PostgreSQL is asked once more: which revisions have the letters.
    assert asked == ([12, 12] if connection.vendor == "postgresql" else [11, 11])
