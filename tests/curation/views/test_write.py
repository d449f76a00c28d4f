"""The pages of writing."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from curation.actions import items as act
from curation.log import OPERATOR
from curation.models import Draft, Item
from tests.factories.curation import ANSWER, decide, leaf, make_item, make_member
from tests.rig.clients import signed_in

ASKED = "薬を二倍飲んでもよいか、家族に聞かれました。どう答えればいいですか。"


def fields(item, **given):
    revision = item.current_revision_id or ""
    return {
        "question": ASKED,
        "answer": ANSWER,
        "category": leaf(item.dataset).pk,
        "client_id": "load-1",
        "base": revision,
        "version": "1",
        "act": "submit",
    } | given


def post(client, item, **given):
    return client.post(f"/d/home/write/{item.pk}/submit/", fields(item, **given))


def save(client, item, version=0, client_id="k1", **given):
    body = {"client_id": client_id, "base_version": version, "fields": {"question": "", "answer": ""} | given}
    return client.post(f"/d/home/write/{item.pk}/draft/", json.dumps(body), content_type="application/json")


@pytest.mark.parametrize("path", ["", "{pk}/"])
def test_strangers_and_other_roles_find_no_page(dataset, author, as_stranger, as_reviewer, path):
    item = make_item(dataset, author=author)
    url = f"/d/home/write/{path.format(pk=item.pk)}"
    assert as_stranger.get(url).status_code == 404
    assert as_reviewer.get(url).status_code == 404
    assert Client().get(url).status_code == 302


def test_draft_of_another_author_has_no_page(dataset, author):
    item = make_item(dataset, author=author)
    other = signed_in(make_member(dataset, "author"))
    assert other.get(f"/d/home/write/{item.pk}/").status_code == 404
    assert save(other, item, question="横から").status_code == 404
    assert post(other, item).status_code == 404


def test_empty_list_says_what_to_do_first(as_author, dataset):
    page = as_author.get("/d/home/write/").content.decode()
    assert "empty" in page
    assert page.count('<button class="cell__take"') == 6  # the neediest, and all of them


def test_list_shows_the_reason_and_an_excerpt_only(dataset, author, as_author, reviewer):
    long = "とても長い質問です。" * 20
    item = make_item(dataset, state="in_review", author=author)
    decide(item, reviewer, "request_changes", reason="unnatural", comment="二文目を直してください。")
    make_item(dataset, state="awaiting_answer", question=long)
    page = as_author.get("/d/home/write/").content.decode()
    assert "二文目を直してください。" in page
    assert long[:59] in page
    assert long[:61] not in page


def test_list_shows_no_text_to_people_who_cover_it(dataset, author, as_author):
    make_item(dataset, state="awaiting_answer", question="隠したい質問の文面です。")
    author.blur = True
    author.save()
    assert "隠したい質問" not in as_author.get("/d/home/write/").content.decode()


def test_open_questions_are_filtered_by_category(dataset, as_author):
    first = make_item(dataset, state="awaiting_answer", category=leaf(dataset, 0))
    second = make_item(dataset, state="awaiting_answer", category=leaf(dataset, 1))
    page = as_author.get("/d/home/write/", {"category": leaf(dataset, 1).pk}).content.decode()
    assert second.external_id in page
    assert first.external_id not in page


@pytest.mark.parametrize("rows", [1, 3])
def test_list_asks_the_same_number_of_queries(
    dataset, author, as_author, reviewer, rows, django_assert_num_queries
):
    for _ in range(rows):
        make_item(dataset, author=author)
        make_item(dataset, state="awaiting_answer")
        make_item(dataset, state="needs_changes", author=author, reviewer=reviewer)
    as_author.get("/d/home/write/")
    with django_assert_num_queries(22):  # one for hands, one for the words of the reasons as they stood
        as_author.get("/d/home/write/")


def test_new_question_begins_a_draft_in_its_category(dataset, author, as_author):
    answer = as_author.post("/d/home/write/new/", {"category": leaf(dataset, 2).pk})
    item = Item.objects.get()
    assert answer.url == f"/d/home/write/{item.pk}/"
    draft = Draft.objects.get()
    assert (item.author, draft.category) == (author, leaf(dataset, 2))
    page = as_author.get(answer.url).content.decode()
    assert "Never in 個人犯罪." in page


def test_new_question_outside_the_taxonomy_is_404(dataset, as_author):
    assert as_author.post("/d/home/write/new/", {"category": leaf(dataset).parent_id}).status_code == 404


def test_page_shows_approved_examples_and_near_twins(dataset, author, as_author):
    make_item(dataset, state="approved", question="薬を二倍飲んでもよいですか。")
    item = make_item(dataset, author=author, question="薬を三倍飲んでもよいですか。")
    page = as_author.get(f"/d/home/write/{item.pk}/").content.decode()
    assert 'Approved examples <span class="badge">1</span>' in page
    # The twins are looked up after the page, which does not wait for them.
    assert f'data-twins-url="/d/home/write/{item.pk}/twins/"' in page
    assert "83 %" not in page
    # 12 pairs of letters each, two of them with the letter that differs: 2 * 10 / 24 = 83 %
    told = as_author.post(f"/d/home/write/{item.pk}/twins/", {"question": "薬を三倍飲んでもよいですか。"})
    assert "83 %" in told.content.decode()


def test_autosave_keeps_all_fields_and_counts_the_version(dataset, author, as_author):
    item = make_item(dataset, author=author)
    answer = save(
        as_author,
        item,
        1,
        question="質問",
        answer="回答\n二行目",
        category=str(leaf(dataset, 1).pk),
        attributes=["evasive"],
        sources="https://example.org/a\n\nある本",
    )
    assert answer.status_code == 200
    assert answer.json()["version"] == 2
    draft = Draft.objects.get()
    assert (draft.question, draft.answer, draft.category) == ("質問", "回答\n二行目", leaf(dataset, 1))
    assert (draft.attributes, draft.sources) == ({"evasive": True}, ["https://example.org/a", "ある本"])


def test_autosave_of_an_older_version_is_409_with_the_saved_text(dataset, author, as_author):
    item = make_item(dataset, author=author, question="先の窓で書いた")
    answer = save(as_author, item, 0, client_id="other", question="後の窓で書いた")
    assert answer.status_code == 409
    body = answer.json()
    assert (body["version"], body["fields"]["question"]) == (1, "先の窓で書いた")
    assert body["fields"]["attributes"] == []
    assert body["saved_at"]
    assert Draft.objects.get().question == "先の窓で書いた"


def test_autosave_twice_with_one_client_id_saves_once(dataset, author, as_author):
    item = make_item(dataset, author=author)
    assert save(as_author, item, 1, question="一度").json()["version"] == 2
    assert save(as_author, item, 1, question="一度").json()["version"] == 2


@pytest.mark.parametrize(
    "body", ["", "[]", '{"fields": 1}', '{"client_id": "x"}', '{"fields": {"question": "\\ud800"}}']
)
def test_autosave_of_what_cannot_be_read_is_400_in_a_sentence(dataset, author, as_author, body):
    item = make_item(dataset, author=author)
    answer = as_author.post(f"/d/home/write/{item.pk}/draft/", body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_submit_of_both_goes_to_review_and_to_what_was_sent_back(dataset, author, as_author, reviewer):
    waiting = make_item(dataset, state="needs_changes", author=author, reviewer=reviewer)
    item = make_item(dataset, author=author)
    answer = post(as_author, item, attributes=["borderline"], sources="資料")
    item.refresh_from_db()
    assert (answer.status_code, answer.url) == (302, f"/d/home/write/{waiting.pk}/")
    assert item.state == "in_review"
    revision = item.current_revision
    assert (revision.question, revision.answer) == (ASKED, ANSWER)
    assert (revision.attributes, revision.sources) == ({"borderline": True}, ["資料"])


def test_submit_of_the_question_alone_waits_for_an_answer(dataset, author, as_author):
    item = make_item(dataset, author=author)
    answer = post(as_author, item, act="question", answer="")
    item.refresh_from_db()
    assert item.state == "awaiting_answer"
    assert answer.url == f"/d/home/write/?again={leaf(dataset).pk}"
    assert "Another question in" in as_author.get(answer.url).content.decode()


def test_question_alone_with_a_typed_answer_submits_nothing_and_loses_nothing(dataset, author, as_author):
    item = make_item(dataset, author=author)
    answer = post(as_author, item, act="question")
    assert answer.status_code == 422
    assert ANSWER in answer.content.decode()
    item.refresh_from_db()
    assert (item.state, Draft.objects.get().answer) == ("draft", ANSWER)


def test_submit_twice_with_one_client_id_is_one_revision(dataset, author, as_author):
    item = make_item(dataset, author=author)
    first, second = post(as_author, item), post(as_author, item)
    item.refresh_from_db()
    assert (first.status_code, second.status_code) == (302, 302)
    assert item.revisions.count() == 1


def test_refused_submit_shows_and_keeps_what_was_typed(dataset, author, as_author):
    item = make_item(dataset, author=author)
    answer = post(as_author, item, question="")
    assert answer.status_code == 422
    assert ANSWER in answer.content.decode()
    assert Draft.objects.get().answer == ANSWER
    assert Item.objects.get().state == "draft"


def test_submit_from_an_older_revision_shows_both_texts(dataset, author, as_author, reviewer):
    item = make_item(dataset, state="needs_changes", author=author, reviewer=reviewer)
    answer = post(
        as_author, item, base=str(item.current_revision_id - 1) if item.current_revision_id > 1 else "0"
    )
    assert answer.status_code == 409
    assert "<ins>" in answer.content.decode()
    assert Item.objects.get().state == "needs_changes"


@pytest.mark.parametrize(("theirs", "clash"), [("先に、" + ANSWER, False), (ANSWER + "あちら。", True)])
def test_submit_from_an_older_revision_merges_what_does_not_overlap(
    dataset, author, as_author, reviewer, theirs, clash
):
    item = make_item(dataset, state="needs_changes", author=author, reviewer=reviewer)
    began, question = item.current_revision_id, item.current_revision.question
    act.submit(OPERATOR, item, act.Wording(question=question, answer=theirs))
    decide(item, reviewer, "request_changes", comment="もう一度。", reason="preaching")
    page = post(as_author, item, base=str(began), question=question, answer=ANSWER + "こちら。")
    text = page.content.decode()
    item.refresh_from_db()
    assert (page.status_code, page.context["base"]) == (409, item.current_revision_id)
    assert page.context["fields"]["answer"] == (ANSWER if clash else theirs) + "こちら。"
    assert text.count("<template data-merge=") == clash
    assert ('data-merge="answer"' in text, page.context["moved_on"]["merged"]) == (clash, not clash)


def test_answer_writer_sees_the_question_as_it_stands_and_begins_empty(dataset, author, as_author):
    item = make_item(dataset, state="awaiting_answer", question="この質問は動かせません。")
    page = as_author.get(f"/d/home/write/{item.pk}/").content.decode()
    assert '<textarea class="hero" id="question"' not in page
    assert "この質問は動かせません。" in page
    assert save(as_author, item, 0, answer="途中").status_code == 200
    following = make_item(dataset, state="awaiting_answer")
    answer = post(as_author, item, question="この質問は動かせません。")
    assert answer.url == f"/d/home/write/{following.pk}/"
    item.refresh_from_db()
    assert (item.state, item.author) == ("in_review", author)


def test_page_of_an_item_in_review_offers_no_form(dataset, author, as_author):
    item = make_item(dataset, state="in_review", author=author)
    page = as_author.get(f"/d/home/write/{item.pk}/").content.decode()
    assert 'id="work"' not in page
    assert save(as_author, item, 0, question="遅れて").status_code == 409


def test_what_the_reviewer_said_stands_above_the_text(dataset, author, as_author, reviewer):
    item = make_item(dataset, state="in_review", author=author)
    decide(item, reviewer, "request_changes", reason="preaching", comment="もう少しやわらかく。")
    page = as_author.get(f"/d/home/write/{item.pk}/").content.decode()
    assert "もう少しやわらかく。" in page
    assert "p-ren" not in page


def test_item_text_is_escaped(dataset, author, as_author):
    item = make_item(dataset, author=author, question="<script>alert(1)</script></textarea>")
    page = as_author.get(f"/d/home/write/{item.pk}/").content.decode()
    assert "<script>alert" not in page
    assert page.count("</textarea>") == 6
