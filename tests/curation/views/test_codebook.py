"""The pages of the coded reasons, and the links from a reason to its section of the guideline."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from curation.actions import guidelines
from curation.forms_reasons import fields_of
from curation.models import Codebook, Person
from tests.curation.actions.test_codebooks import COLD, ROWS, changed, write
from tests.factories.curation import decide, make_item, make_member
from tests.rig.clients import signed_in

pytestmark = pytest.mark.django_db
AT = "/d/home/reasons/"


@pytest.fixture
def lead(dataset: Any) -> Person:
    return make_member(dataset, "lead", name="mio")


@pytest.fixture
def as_lead(lead: Person) -> Client:
    return signed_in(lead)


def page(client: Client, path: str = AT) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_members_read_every_version(dataset, lead, as_author) -> None:
    write(lead, dataset, [*changed("copied", retired=True), COLD])
    assert "<code>too_long</code></th>" not in page(as_author, f"{AT}1/")
    newest = page(as_author)
    assert "Too long <code>too_long</code>" in newest
    assert '<code>copied</code> <span class="badge">Retired</span>' in newest
    assert '<a href="/d/home/guideline/1/#guideline-4">4</a>' in newest
    assert as_author.get(f"{AT}3/").status_code == 404


def test_stranger_and_rater_find_none_of_the_pages(dataset, as_stranger) -> None:
    for client in (as_stranger, signed_in(make_member(dataset, "rater"))):
        for path in ("", "1/", "new/", "2/since/1/"):
            assert client.get(AT + path).status_code == 404
        for path in ("draft/", "1/sign/"):
            assert client.post(AT + path).status_code == 404


@pytest.mark.parametrize("more", [0, 2])
def test_page_asks_the_same_number_of_queries(
    dataset, lead, as_author, more, django_assert_num_queries
) -> None:
    for n in range(more):
        write(lead, dataset, changed("copied", hint_ja=f"{n}回目の言葉"), base=n + 1)
    page(as_author)
    with django_assert_num_queries(10):
        page(as_author)


def sent(rows: list[dict[str, Any]], **more: str) -> dict[str, Any]:
    return fields_of(rows, "見直しました。") | {"base": "1", "version": "0", "act": "write"} | more


def test_lead_writes_the_next_version(dataset, as_lead, as_author) -> None:
    assert as_author.get(f"{AT}new/").status_code == 404
    form = page(as_lead, f"{AT}new/")
    assert (
        'name="code-0" value="unnatural" maxlength="40" autocomplete="off" autocapitalize="none" readonly'
        in form
    )
    assert 'name="code-23" value=""' in form
    answer = as_lead.post(f"{AT}new/", sent([*ROWS, COLD]))
    assert (answer.status_code, answer["Location"]) == (302, f"{AT}2/")
    assert Codebook.objects.get(version=2).entries == [*ROWS, COLD]


def test_refused_list_keeps_what_was_typed(dataset, as_lead) -> None:
    answer = as_lead.post(f"{AT}new/", sent([*ROWS, COLD | {"for": []}]))
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "Say which parts the reason speaks of." in shown
    assert 'name="name_ja-21" value="長すぎる"' in shown


def test_after_a_conflict_the_page_goes_on_with_what_came(dataset, as_lead) -> None:
    write(make_member(dataset, "lead"), dataset, [*ROWS, COLD | {"code": "long_one"}])
    answer = as_lead.post(f"{AT}new/", sent([*ROWS, COLD]))
    shown = answer.content.decode()
    assert answer.status_code == 409
    assert '<input type="hidden" name="base" value="2">' in shown
    assert 'name="code-21" value="too_long"' in shown
    assert 'name="code-22" value="long_one"' in shown


def test_draft_is_saved_and_shown_again(dataset, as_lead, as_author) -> None:
    def save(client: Client, name: str) -> Any:
        body = {"client_id": name, "base_version": 0, "fields": fields_of([*ROWS, COLD], "理由")}
        return client.post(f"{AT}draft/", json.dumps(body), content_type="application/json")

    assert save(as_author, "a").status_code == 404
    assert save(as_lead, "a").json()["version"] == 1
    met = save(as_lead, "b")
    assert (met.status_code, met.json()["fields"]) == (409, fields_of([*ROWS, COLD], "理由"))
    assert 'name="name_ja-21" value="長すぎる"' in page(as_lead, f"{AT}new/")


def test_reviewer_signs_and_is_offered_the_newest_reasons(dataset, lead, as_lead, as_reviewer) -> None:
    write(lead, dataset, [*changed("copied", retired=True), COLD])
    as_lead.post(f"{AT}2/sign/")
    assert "Not yet reviewed" in page(as_reviewer)
    as_reviewer.post(f"{AT}2/sign/")
    assert "Signed by ren on" in page(as_reviewer)
    item = make_item(dataset, state="in_review")
    shown = page(as_reviewer, f"/d/home/review/{item.pk}/?decide=request_changes")
    assert 'value="too_long"' in shown
    assert 'value="copied"' not in shown


def test_retired_reason_is_read_on_older_reviews_and_found_by_the_filter(dataset, lead, as_lead) -> None:
    item = make_item(dataset, state="in_review")
    decide(item, make_member(dataset, "reviewer"), "reject", reason="copied")
    write(lead, dataset, changed("copied", retired=True, hint_en="Other words now."))
    assert "Copied from elsewhere" in page(as_lead, f"/d/home/items/{item.pk}/")
    assert item.external_id in page(as_lead, "/d/home/items/?reason=copied")


SECTION = "/d/home/guideline/1/#guideline-1"


def test_reason_leads_to_its_section_in_the_version_of_the_decision(dataset, lead, author, as_author) -> None:
    item = make_item(dataset, state="in_review", author=author)
    decide(item, make_member(dataset, "reviewer"), "request_changes", reason="bare_refusal")
    text = dataset.guidelines.get().text_ja + "\n- 追記"
    guidelines.write(lead, dataset, base=1, text_ja=text, text_en="", changed="追記しました。")
    for path in (f"write/{item.pk}/", f"items/{item.pk}/", "me/", "notices/"):
        assert f'href="{SECTION}"' in page(as_author, f"/d/home/{path}")
    assert '<section id="guideline-1"' in page(as_author, SECTION.partition("#")[0])


def test_reason_of_no_section_has_no_link(dataset, lead, author, as_author) -> None:
    write(lead, dataset, changed("bare_refusal", section=0))
    item = make_item(dataset, state="in_review", author=author)
    decide(item, make_member(dataset, "reviewer"), "request_changes", reason="bare_refusal")
    shown = page(as_author, f"/d/home/write/{item.pk}/")
    assert "Bare refusal" in shown
    assert "/guideline/1/#" not in shown


@pytest.mark.parametrize("rows", [1, 3])
def test_notices_tell_the_reasons_of_each_decision_at_the_same_cost(
    dataset, author, as_author, rows, django_assert_num_queries
) -> None:
    reviewer = make_member(dataset, "reviewer")
    for _ in range(rows):
        item = make_item(dataset, state="in_review", author=author)
        decide(item, reviewer, "request_changes", reason="bare_refusal")
        decide(make_item(dataset, state="in_review", author=author), reviewer, "reject", reason="copied")
    as_author.get("/d/home/notices/")
    with django_assert_num_queries(10):
        found = as_author.get("/d/home/notices/").context["rows"]
    said = [(row["icon"], [reason["code"] for reason in row["reasons"]]) for row in found]
    assert said == [("cross", ["copied"]), ("back", ["bare_refusal"])] * rows


MENDED = "説教をやめ、質問に答えてください。"


def second(dataset: Any, lead: Person) -> Codebook:
    """Version 2: another hint, another section, one retired, one more."""
    rows = changed("preaching", hint_ja=MENDED, section=2)
    return write(lead, dataset, [row | {"retired": row["code"] == "copied"} for row in rows] + [COLD])


def test_difference_tells_reason_by_reason(dataset, lead, as_author) -> None:
    old = next(row for row in ROWS if row["code"] == "preaching")
    second(dataset, lead)
    answer = as_author.get(f"{AT}2/since/1/")
    rows = answer.context["rows"]
    assert [(row["code"], row["kind"]) for row in rows] == [
        ("preaching", "changed"),
        ("copied", "changed"),
        ("too_long", "added"),
    ]
    mended, retired, added = (row["cells"] for row in rows)
    assert [name for name, _lang, _segments in mended] == ["section", "hint_ja"]
    assert mended[0][2] == [("del", str(old["section"])), ("same", " "), ("ins", "2")]
    said = mended[1][2]
    assert "".join(text for kind, text in said if kind != "ins") == old["hint_ja"]
    assert "".join(text for kind, text in said if kind != "del") == MENDED
    assert retired == [("retired", "ed", [("del", "in use"), ("same", " "), ("ins", "Retired")])]
    assert ("parts", "ts", [("ins", "Reference answer")]) in added
    shown = answer.content.decode()
    assert '<dd class="guideline__diff" lang="ja">' in shown
    assert "The reasons stand in another order." not in shown


def test_difference_backwards_removes_and_between_the_same_has_nothing(dataset, lead, as_author) -> None:
    second(dataset, lead)
    rows = as_author.get(f"{AT}1/since/2/").context["rows"]
    assert [(row["code"], row["kind"]) for row in rows][-1] == ("too_long", "removed")
    assert "Both versions have the same reasons." in page(as_author, f"{AT}2/since/2/")
    assert as_author.get(f"{AT}2/since/9/").status_code == 404


def test_difference_says_when_only_the_order_changed(dataset, lead, as_author) -> None:
    write(lead, dataset, [*ROWS[1:], ROWS[0]])
    shown = page(as_author, f"{AT}2/since/1/")
    assert "The reasons stand in another order." in shown
    assert "Both versions have the same reasons." not in shown


def test_own_language_stands_before_the_other(dataset, lead, as_author, author) -> None:
    write(lead, dataset, changed("preaching", hint_ja=MENDED, hint_en="Answer what was asked."))
    names = [name for name, _lang, _segments in as_author.get(f"{AT}2/since/1/").context["rows"][0]["cells"]]
    assert names == ["hint_en", "hint_ja"]
    as_author.cookies["django_language"] = "ja"
    names = [name for name, _lang, _segments in as_author.get(f"{AT}2/since/1/").context["rows"][0]["cells"]]
    assert names == ["hint_ja", "hint_en"]


def test_versions_are_compared_from_their_list(dataset, lead, as_author) -> None:
    second(dataset, lead)
    for path in (AT, f"{AT}1/"):
        assert f'<a href="{AT}2/since/1/">Compare' in page(as_author, path)
    assert f'<a href="{AT}2/since/1/">Changes since version 1</a>' in page(as_author)


@pytest.mark.parametrize("more", [1, 3])
def test_difference_asks_the_same_number_of_queries(
    dataset, lead, as_author, more, django_assert_num_queries
) -> None:
    for n in range(more):
        write(lead, dataset, changed("copied", hint_ja=f"{n}回目の言葉"), base=n + 1)
    page(as_author, f"{AT}2/since/1/")
    with django_assert_num_queries(10):
        page(as_author, f"{AT}2/since/1/")
