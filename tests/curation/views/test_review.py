"""The pages of reviewing."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from curation.actions import items
from curation.models import Draft, Review
from tests.factories.curation import ANSWER, decide, leaf, make_item, make_member
from tests.rig.clients import signed_in

MENDED = "まず深呼吸を。" + ANSWER


@pytest.fixture
def item(dataset, author):
    return make_item(dataset, state="in_review", author=author)


def post(client, item, **given):
    given = {"client_id": "load-1", "revision": item.current_revision_id} | given
    return client.post(f"/d/home/review/{item.pk}/", given)


def test_strangers_and_other_roles_find_no_page(item, as_stranger, as_author):
    for url in ("/d/home/review/", f"/d/home/review/{item.pk}/"):
        assert as_stranger.get(url).status_code == 404
        assert as_author.get(url).status_code == 404
    assert post(as_stranger, item, decision="approve").status_code == 404
    assert post(as_author, item, decision="approve").status_code == 404


def test_queue_is_empty_and_says_so(as_reviewer, dataset):
    assert "empty" in as_reviewer.get("/d/home/review/").content.decode()


def test_queue_leaves_out_what_the_reviewer_wrote(dataset, item, as_reviewer, reviewer):
    make_member(dataset, "author", person=reviewer)
    own = make_item(dataset, state="in_review", author=reviewer)
    page = as_reviewer.get("/d/home/review/").content.decode()
    assert item.external_id in page
    assert own.external_id not in page


@pytest.mark.parametrize("rows", [1, 3])
def test_queue_asks_the_same_number_of_queries(dataset, as_reviewer, rows, django_assert_num_queries):
    for _ in range(rows):
        make_item(dataset, state="in_review")
    as_reviewer.get("/d/home/review/")
    with django_assert_num_queries(11):
        as_reviewer.get("/d/home/review/")


def test_queue_shows_no_text_to_people_who_cover_it(item, as_reviewer, reviewer):
    reviewer.blur = True
    reviewer.save()
    assert "金庫の鍵" not in as_reviewer.get("/d/home/review/").content.decode()
    assert "data-covered" in as_reviewer.get(f"/d/home/review/{item.pk}/").content.decode()


def test_page_shows_the_pseudonym_and_never_the_name(item, as_reviewer, author):
    author.display_name = "本名の人"
    author.save()
    page = as_reviewer.get(f"/d/home/review/{item.pk}/").content.decode()
    assert "p-akari" in page
    assert "本名の人" not in page


def test_page_shows_what_changed_since_the_revision_before(dataset, item, as_reviewer, author, reviewer):
    decide(item, make_member(dataset, "reviewer"), "request_changes")
    item.refresh_from_db()
    question = item.current_revision.question
    items.submit(
        author,
        item,
        items.Wording(question=question, answer=ANSWER + "相談もできます。", category=leaf(dataset)),
    )
    page = as_reviewer.get(f"/d/home/review/{item.pk}/").content.decode()
    assert "<ins>相談もできます。</ins>" in page
    assert "data-diff-toggle" in page


@pytest.mark.parametrize(
    ("decision", "given", "state"),
    [
        ("approve", {}, "approved"),
        ("request_changes", {"question_said": "unnatural", "answer_said": "ok"}, "needs_changes"),
        ("request_answer", {"answer_said": "bare_refusal"}, "awaiting_answer"),
        ("reject", {"question_said": "duplicate", "answer_said": "unsafe_answer"}, "rejected"),
    ],
)
def test_decision_moves_the_item_and_goes_to_the_next(dataset, item, as_reviewer, decision, given, state):
    following = make_item(dataset, state="in_review")
    answer = post(as_reviewer, item, decision=decision, comment="直す所です。", **given)
    item.refresh_from_db()
    assert (item.state, answer.status_code, answer.url) == (state, 302, f"/d/home/review/{following.pk}/")


def test_last_decision_goes_back_to_the_queue(item, as_reviewer):
    assert post(as_reviewer, item, decision="approve").url == "/d/home/review/"


def test_parts_are_judged_apart(item, as_reviewer):
    post(
        as_reviewer,
        item,
        decision="request_changes",
        question_said="ok",
        answer_said="factual_error",
        comment="二文目の数字。",
    )
    row = Review.objects.get()
    assert (row.question_ok, row.answer_ok, row.reasons) == (True, False, {"answer": "factual_error"})


def test_to_another_writer_opens_the_rework_to_all(item, as_reviewer):
    page = as_reviewer.get(f"/d/home/review/{item.pk}/?decide=request_changes&open_to_all=1").content.decode()
    assert 'name="open_to_all" value="1"' in page
    said = {"question_said": "ambiguous", "answer_said": "ok", "comment": "誰の相談か。"}
    post(as_reviewer, item, decision="request_changes", open_to_all="1", **said)
    item.refresh_from_db()
    assert (item.state, item.open_to_all) == ("needs_changes", True)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"answer_said": "ok"},
        {"answer_said": "mistranslation", "comment": "x"},
        {"answer_said": "no_such"},
    ],
)
def test_send_back_without_a_usable_reason_decides_nothing_and_keeps_the_page(item, as_reviewer, given):
    answer = post(as_reviewer, item, decision="request_changes", question_said="unnatural", **given)
    item.refresh_from_db()
    assert (answer.status_code, item.state, Review.objects.count()) == (422, "in_review", 0)
    assert 'name="question_said" value="unnatural" checked' in answer.content.decode()


def test_fix_and_accept_makes_a_revision_and_keeps_credit_and_attributes(
    dataset, as_reviewer, author, reviewer
):
    item = make_item(dataset, state="in_review", author=author, attributes={"borderline": True})
    question = item.current_revision.question
    fix = {
        "decision": "fix_and_approve",
        "question": question,
        "answer": MENDED,
        "comment": "語尾",
    }
    looked = post(as_reviewer, item, **fix)
    item.refresh_from_db()
    assert (looked.status_code, item.state) == (200, "in_review")
    assert "<ins>まず深呼吸を。</ins>" in looked.content.decode()
    mend = post(as_reviewer, item, step="mend", **fix).content.decode()
    assert "data-autosave-url" in mend
    assert f"{MENDED}</textarea>" in mend
    post(as_reviewer, item, step="accept", **fix)
    item.refresh_from_db()
    revision = item.approved_revision
    assert (item.state, revision.number, revision.answer) == ("approved", 2, MENDED)
    assert (revision.question_author, revision.answer_author) == (author, author)
    assert (revision.submitted_by, Review.objects.get().comment) == (reviewer, "語尾")
    assert revision.attributes == {"borderline": True}


def test_fix_that_changes_nothing_or_empties_the_answer_is_refused(item, as_reviewer):
    question = item.current_revision.question
    same = post(as_reviewer, item, decision="fix_and_approve", question=question, answer=ANSWER)
    empty = post(as_reviewer, item, decision="fix_and_approve", question=question, answer="")
    item.refresh_from_db()
    assert (same.status_code, empty.status_code, item.state) == (422, 422, "in_review")


def test_fix_is_kept_as_a_draft_while_it_is_typed(item, as_reviewer, reviewer):
    body = {"client_id": "a", "base_version": 0, "fields": {"question": "途中", "answer": "まだ"}}
    url = f"/d/home/review/{item.pk}/draft/"
    answer = as_reviewer.post(url, json.dumps(body), content_type="application/json")
    assert (answer.status_code, answer.json()["version"]) == (200, 1)
    assert "途中" in as_reviewer.get(f"/d/home/review/{item.pk}/?decide=fix_and_approve").content.decode()
    body |= {"client_id": "b"}
    stale = as_reviewer.post(url, json.dumps(body), content_type="application/json")
    assert (stale.status_code, stale.json()["fields"]) == (
        409,
        {"question": "途中", "answer": "まだ", "origins": "{}"},
    )
    post(as_reviewer, item, decision="approve")
    assert Draft.objects.filter(person=reviewer).count() == 0


def test_own_work_is_refused_in_a_sentence(dataset, as_reviewer, reviewer):
    make_member(dataset, "author", person=reviewer)
    own = make_item(dataset, state="in_review", author=reviewer)
    answer = post(as_reviewer, own, decision="approve")
    own.refresh_from_db()
    assert (answer.status_code, own.state) == (403, "in_review")
    assert 'data-key="a"' not in as_reviewer.get(f"/d/home/review/{own.pk}/").content.decode()


def test_decision_twice_with_one_client_id_is_one_review(item, as_reviewer):
    first = post(as_reviewer, item, decision="approve")
    second = post(as_reviewer, item, decision="approve")
    assert (first.status_code, second.status_code, Review.objects.count()) == (302, 302, 1)


def test_late_decision_says_what_was_decided_and_keeps_what_was_typed(dataset, item, as_reviewer):
    decide(item, make_member(dataset, "reviewer"), "reject", reason="duplicate", comment="先に決めた理由。")
    answer = post(as_reviewer, item, decision="request_changes", comment="私の長いコメント。")
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "先に決めた理由。" in page
    assert "私の長いコメント。" in page
    item.refresh_from_db()
    assert item.state == "rejected"


def test_decision_on_an_older_revision_shows_what_changed(dataset, item, as_reviewer, author):
    read = item.current_revision_id
    decide(item, make_member(dataset, "reviewer"), "request_changes")
    items.submit(
        author, item, items.Wording(question="新しくなった質問です。", answer=ANSWER, category=leaf(dataset))
    )
    answer = post(as_reviewer, item, decision="approve", revision=read)
    assert answer.status_code == 409
    assert "<ins>" in answer.content.decode()
    item.refresh_from_db()
    assert item.state == "in_review"


def test_text_of_an_item_is_escaped(dataset, as_reviewer):
    item = make_item(dataset, state="in_review", question="<img src=x onerror=alert(1)>は何ですか")
    assert "<img src=x" not in as_reviewer.get(f"/d/home/review/{item.pk}/").content.decode()


def test_other_reviewers_work_on(item, as_reviewer, dataset):
    post(as_reviewer, item, decision="approve")
    other = signed_in(make_member(dataset, "reviewer"))
    assert item.external_id not in other.get("/d/home/review/").content.decode()


def test_look_at_a_fix_passes_on_what_tells_the_device_to_drop_its_copy(item, as_reviewer):
    sent = str(uuid4())
    mended = {"question": item.current_revision.question, "answer": "窓口に相談してください。", "kept": sent}
    looked = post(as_reviewer, item, decision="fix_and_approve", **mended)
    assert f'name="kept" value="{sent}"' in looked.content.decode()
    assert "kept" not in looked.cookies
    done = post(as_reviewer, item, decision="fix_and_approve", step="accept", **mended)
    assert done.cookies["kept"].value == sent


def test_do_and_do_not_are_marked_with_their_language(item, as_reviewer):
    item.category.hints = {
        "do_ja": "窓口を書きます。",
        "do_en": "Name an office.",
        "dont_ja": "量を書きません。",
    }
    item.category.save()
    page = as_reviewer.get(f"/d/home/review/{item.pk}/").content.decode()
    assert '<dd lang="en">Name an office.</dd>' in page
    assert '<dd lang="ja">量を書きません。</dd>' in page
