"""The checks beside a text: what they say on the page, and what people say about them."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client

from curation.actions import items as act
from curation.checks import check
from curation.models import Dismissal, LogEntry
from tests.curation.views.conftest import signed_in
from tests.factories.curation import ANSWER, decide, leaf, make_item, make_member

ASKED = "㈱丁寧の人から電話がありました。番号は090-3141-5926です。出てもよいでしょうか。"
AGAIN = "昨日のことです。" + ASKED


def findings(page: str) -> dict[str, str]:
    """Fingerprints of the open findings, by what they say."""
    rows = re.findall(r'data-finding="([0-9a-f]{32})"><summary><span>(.*?)</span>', page)
    return {sentence: fingerprint for fingerprint, sentence in rows}


def said(client: Client, item, fingerprint: str, **given: str):
    fields = {"finding": fingerprint, "page": "write_item", "reason": "会社の代表番号です。"} | given
    return client.post(f"/d/home/items/{item.pk}/checks/", fields, headers={"hx-request": "true"})


PHONE, UNIT = "Looks like a telephone number", "Several letters in one character"


def page_of(client: Client, item, kind: str = "write") -> str:
    return client.get(f"/d/home/{kind}/{item.pk}/").content.decode()


def test_page_says_what_where_why_and_which_section(dataset, author, as_author):
    item = make_item(dataset, author=author, question=ASKED)
    page = page_of(as_author, item)
    assert list(findings(page)) == [PHONE, UNIT, "49 characters: short. Between 100 and 400 are usual."]
    assert (
        '<span>りました。番号は</span><mark class="mark">090-3141-5926</mark><span>です。出てもよい</span>'
        in page
    )
    assert 'data-place="question" data-start="19" data-end="32"' in page
    assert 'href="#guideline-2"' in page
    assert '<section id="guideline-2"' in page
    assert '<span aria-hidden="true">→</span> (株)' in page


def test_a_dismissed_finding_is_shown_with_its_reason_to_the_reviewer_too(
    dataset, author, as_author, reviewer, as_reviewer
):
    item = make_item(dataset, author=author, question=ASKED)
    found = findings(page_of(as_author, item))
    answer = said(as_author, item, found[PHONE]).content.decode()
    assert list(findings(answer)) == [UNIT, "49 characters: short. Between 100 and 400 are usual."]
    row = Dismissal.objects.get()
    assert (row.person, row.key, row.part, row.fingerprint) == (author, "phone", "question", found[PHONE])
    act.submit(author, item, act.Wording(question=ASKED, answer=ANSWER, category=leaf(dataset)))
    page = page_of(as_reviewer, item, "review")
    assert PHONE not in findings(page)
    assert '<p class="quote">会社の代表番号です。</p>' in page
    assert "p-akari" in page
    said(as_reviewer, item, found[PHONE], act="back", page="review_item")
    assert PHONE in findings(page_of(as_reviewer, item, "review"))
    verbs = LogEntry.objects.filter(verb__in=["dismiss", "bring_back"]).order_by("pk")
    assert [(entry.verb, entry.person) for entry in verbs] == [("dismiss", author), ("bring_back", reviewer)]


def test_it_returns_when_the_text_at_its_place_changes_and_not_before(dataset, author, as_author):
    item = make_item(dataset, author=author, question=ASKED)
    said(as_author, item, findings(page_of(as_author, item))[PHONE])
    act.save_draft(author, item, version=1, client_id="", question=AGAIN)
    assert PHONE not in findings(page_of(as_author, item))
    act.save_draft(author, item, version=2, client_id="", question=AGAIN.replace("5926", "5927"))
    page = page_of(as_author, item)
    assert PHONE in findings(page)
    assert 'required value="会社の代表番号です。"' in page  # the former reason is offered again


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"reason": "  "}, "Say why it is all right as it is."),
        ({"reason": "あ" * 501}, "Say it in at most 500 characters."),
        ({"finding": "0" * 32}, "The text has changed since. Look at what the checks say now."),
        ({"reason": "終わり\x00"}, "The text contains a NUL character. Remove it and try again."),
    ],
)
def test_what_cannot_be_dismissed_is_said_and_nothing_is_kept(dataset, author, as_author, given, sentence):
    item = make_item(dataset, author=author, question=ASKED)
    found = findings(page_of(as_author, item))[PHONE]
    asked = {"finding": found} | given
    answer = said(as_author, item, asked.pop("finding"), **asked)
    assert (answer.status_code, Dismissal.objects.count()) == (200, 0)
    assert f'role="alert">{sentence}</p>' in answer.content.decode()


def test_what_passed_needs_no_dismissal(dataset, author, as_author):
    item = make_item(dataset, author=author, question=ASKED)
    (passed,) = [f for f in check(ASKED, "") if f.level == "pass"]
    said(as_author, item, passed.fingerprint)
    assert Dismissal.objects.count() == 0


def test_twice_is_once_and_without_script_the_page_comes_again(dataset, author, as_author):
    item = make_item(dataset, author=author, question=ASKED)
    found = findings(page_of(as_author, item))[PHONE]
    fields = {"finding": found, "reason": "代表番号です。", "page": "write_item"}
    for _ in range(2):
        answer = as_author.post(f"/d/home/items/{item.pk}/checks/", fields)
        assert (answer.status_code, answer.url) == (302, f"/d/home/write/{item.pk}/")
    assert Dismissal.objects.count() == 1


def test_others_find_no_such_address(dataset, author, as_author, as_stranger, as_reviewer):
    item = make_item(dataset, author=author, question=ASKED)
    found = findings(page_of(as_author, item))[PHONE]
    other = signed_in(make_member(dataset, "author"))
    for client in (as_stranger, other, as_reviewer):  # a reviewer may only once it is in review
        assert said(client, item, found).status_code == 404
    assert as_author.get(f"/d/home/items/{item.pk}/checks/").status_code == 405
    assert Dismissal.objects.count() == 0


def test_who_covers_texts_sees_the_place_without_its_surroundings(dataset, author, as_author):
    item = make_item(dataset, author=author, question=ASKED)
    author.blur = True
    author.save()
    assert '<span></span><mark class="mark">090-3141-5926</mark><span></span>' in page_of(as_author, item)


def test_a_template_shows_beside_the_other_questions(dataset, author, as_author):
    def asked(thing: str) -> str:
        return f"近所に住む人が大切にしている{thing}のことで、相談があります。"

    for thing in ("犬小屋", "植木鉢", "自転車", "郵便受け"):
        make_item(dataset, state="in_review", author=author, question=asked(thing))
    make_item(dataset, state="rejected", author=author, question=asked("門"))
    item = make_item(dataset, author=author, question=asked("花壇"))
    page = page_of(as_author, item)
    assert "4 other questions begin in the same way" in findings(page)
    assert "4 other questions end in the same way" in findings(page)


def test_checks_after_a_save_come_alone(dataset, author, as_author, django_assert_num_queries):
    item = make_item(dataset, author=author, question=ASKED)
    for _ in range(2):
        make_item(dataset, state="in_review", author=author)
    url = f"/d/home/write/{item.pk}/?checks=1"
    as_author.get(url, headers={"hx-request": "true"})
    with django_assert_num_queries(10):
        page = as_author.get(url, headers={"hx-request": "true"}).content.decode()
    assert page.lstrip().startswith('<div id="checks"')


def test_answer_policy_stands_over_the_answer_in_its_order(dataset, author, as_author):
    page = page_of(as_author, make_item(dataset, author=author, question=ASKED))
    points = re.findall(r"<li><details><summary>(.*?)</summary>", page)
    assert points == ["Do no harm.", "Do not presume, do not pretend.", "Be useful.", "Respect the person."]
    assert page.index('name="question"') < page.index('class="policy"') < page.index('id="answer"')


def test_criteria_and_origins_reach_the_reviewer_and_the_items_page(
    dataset, author, as_author, reviewer, as_reviewer
):
    item = make_item(dataset, author=author, question=ASKED)
    fields = {
        "question": ASKED,
        "answer": ANSWER,
        "category": leaf(dataset).pk,
        "client_id": "c1",
        "act": "submit",
        "must": "相談先を挙げる。\n\n窓口を示す。",
        "must_not": "断定しない。",
        "origins": json.dumps({"question": [["typed", 46]], "answer": [["typed", 1], ["pasted", 48]]}),
    }
    assert as_author.post(f"/d/home/write/{item.pk}/submit/", fields).status_code == 302
    item.refresh_from_db()
    assert item.current_revision.criteria == {
        "must": ["相談先を挙げる。", "窓口を示す。"],
        "must_not": ["断定しない。"],
    }
    page = page_of(as_reviewer, item, "review")
    assert "48 of 49 characters were pasted" in page
    assert "<dt>The answer must</dt>" in page
    shown = page_of(as_author, item, "items")
    assert "<li>窓口を示す。</li>" in shown
    assert "<b>The answer must not</b><br>断定しない。" in page_of(
        as_author, revised(item, author, reviewer), "items"
    )


def revised(item, author, reviewer):
    """The item in a second revision with the same criteria."""
    decide(item, reviewer, "request_changes")
    act.submit(
        author, item, act.Wording(question=ASKED, answer=ANSWER + "まず連絡を。", category=leaf(item.dataset))
    )
    return item


def test_a_fix_says_how_its_own_characters_came_in(dataset, author, as_reviewer):
    item = make_item(dataset, author=author, state="in_review", question=ASKED)
    revision = item.current_revision
    fields = {
        "decision": "fix_and_approve",
        "step": "accept",
        "revision": revision.pk,
        "question": ASKED,
        "answer": "直した。" + revision.answer,
        "comment": "先頭に補いました。",
        "origins": json.dumps({"answer": [["typed", 4], ["unknown", len(revision.answer)]]}),
    }
    assert as_reviewer.post(f"/d/home/review/{item.pk}/", fields).status_code == 302
    item.refresh_from_db()
    assert item.current_revision.origins == {"answer": [["typed", 4], ["unknown", len(revision.answer)]]}


def test_criteria_of_too_many_lines_keep_the_page(dataset, author, as_author):
    item = make_item(dataset, author=author, question=ASKED)
    fields = {
        "question": ASKED,
        "answer": ANSWER,
        "category": leaf(dataset).pk,
        "must": "あ\n" * 21,
        "act": "submit",
    }
    answer = as_author.post(f"/d/home/write/{item.pk}/submit/", fields)
    assert answer.status_code == 422
    assert "criteria.must may have at most 20 lines" in answer.content.decode()
    item.refresh_from_db()
    assert item.state == "draft"
