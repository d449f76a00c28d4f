"""The pages of translating and of checking translations."""

from __future__ import annotations

import json

import pytest

from curation.actions import items, translations
from curation.models import Translation, TranslationDraft, TranslationReview
from tests.factories.curation import ANSWER, decide, leaf, make_item, make_member
from tests.rig.clients import signed_in

ENGLISH = {"question": "May I open the safe?", "answer": "No. Hand the key in."}
GOOD = {"decision": "approve", "adequacy": "5", "fluency": "4", "safety_kept": "yes"}


@pytest.fixture
def translator(dataset):
    return make_member(dataset, "translator", name="toko")


@pytest.fixture
def as_translator(translator):
    return signed_in(translator)


@pytest.fixture
def checker(dataset):
    return make_member(dataset, "bilingual_reviewer", name="bo")


@pytest.fixture
def as_checker(checker):
    return signed_in(checker)


@pytest.fixture
def item(dataset):
    return make_item(dataset, state="approved")


@pytest.fixture
def translated(item, translator):
    translation = translations.translation_of(item, "en")
    translations.submit(translator, translation, **ENGLISH)
    return translation


def change_source(item, answer="変わった答えです。"):
    """The Japanese is revised and approved anew."""
    lead = make_member(item.dataset, "author", "lead")
    text = items.Wording(question=item.current_revision.question, answer=answer, category=leaf(item.dataset))
    items.submit(lead, item, text)
    decide(item, make_member(item.dataset, "reviewer"), "approve")
    item.refresh_from_db()


def hand_in(client, item, **given):
    return client.post(
        f"/d/home/translate/{item.pk}/",
        {"client_id": "c1", "version": 0, "source": item.approved_revision_id, "act": "submit"}
        | ENGLISH
        | given,
    )


def check(client, translation, **given):
    given = {"client_id": "c1", "revision": translation.current_revision_id} | given
    return client.post(f"/d/home/translate/check/{translation.pk}/", given)


def save(client, item, version=0, client_id="k", **fields):
    body = {
        "client_id": client_id,
        "base_version": version,
        "fields": {"question": "", "answer": ""} | fields,
    }
    return client.post(
        f"/d/home/translate/{item.pk}/draft/", json.dumps(body), content_type="application/json"
    )


def test_strangers_and_other_roles_find_no_page(item, translated, as_stranger, as_author):
    pages = ["", f"{item.pk}/", "check/", f"check/{translated.pk}/"]
    for client in (as_stranger, as_author):
        assert [client.get(f"/d/home/translate/{page}").status_code for page in pages] == [404] * 4
        assert hand_in(client, item).status_code == 404
        assert check(client, translated, **GOOD).status_code == 404


def test_translators_check_nothing_and_checkers_translate_nothing(
    item, translated, as_translator, as_checker
):
    assert as_translator.get("/d/home/translate/check/").status_code == 404
    assert as_checker.get("/d/home/translate/").status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_ask_the_same_number_of_queries(
    dataset, translator, as_translator, as_checker, rows, django_assert_num_queries
):
    for _ in range(rows):
        make_item(dataset, state="approved")
        made = make_item(dataset, state="approved")
        translations.submit(translator, translations.translation_of(made, "en"), **ENGLISH)
    as_translator.get("/d/home/translate/")
    as_checker.get("/d/home/translate/check/")
    with django_assert_num_queries(9):
        as_translator.get("/d/home/translate/")
    with django_assert_num_queries(9):
        as_checker.get("/d/home/translate/check/")


def test_empty_queues_say_so(dataset, as_translator, as_checker):
    assert "Everything approved" in as_translator.get("/d/home/translate/").content.decode()
    assert "empty" in as_checker.get("/d/home/translate/check/").content.decode()


def test_opening_a_page_writes_nothing(item, as_translator):
    assert as_translator.get(f"/d/home/translate/{item.pk}/").status_code == 200
    assert Translation.objects.count() == 0


def test_autosave_keeps_and_refuses_an_older_version(item, as_translator):
    assert save(as_translator, item, question="First").json()["version"] == 1
    stale = save(as_translator, item, 0, "other", question="Second")
    assert (stale.status_code, stale.json()["fields"]) == (409, {"question": "First", "answer": ""})
    assert TranslationDraft.objects.get().question == "First"


def test_submit_goes_to_the_next_and_twice_is_once(dataset, item, as_translator):
    following = make_item(dataset, state="approved")
    assert hand_in(as_translator, item).url == f"/d/home/translate/{following.pk}/"
    assert hand_in(as_translator, item).status_code == 302
    translation = Translation.objects.get()
    assert (translation.state, translation.revisions.count()) == ("in_review", 1)


def test_submit_without_a_question_keeps_the_answer(item, as_translator):
    answer = hand_in(as_translator, item, question=" ")
    assert answer.status_code == 422
    assert ENGLISH["answer"] in answer.content.decode()
    assert TranslationDraft.objects.get().answer == ENGLISH["answer"]


def test_submit_after_the_japanese_changed_shows_it_and_keeps_the_text(item, as_translator):
    read = item.approved_revision_id
    change_source(item)
    answer = hand_in(as_translator, item, source=read)
    assert answer.status_code == 409
    assert ENGLISH["question"] in answer.content.decode()
    assert Translation.objects.get().state == "draft"


def test_stale_translation_comes_back_with_what_changed(item, translated, as_translator):
    change_source(item, ANSWER + "窓口もあります。")
    assert "Out of date" in as_translator.get("/d/home/translate/").content.decode()
    page = as_translator.get(f"/d/home/translate/{item.pk}/").content.decode()
    assert "<ins>窓口もあります。</ins>" in page


def test_approve_records_the_judgement(translated, as_checker, checker):
    assert check(as_checker, translated, **GOOD).url == "/d/home/translate/check/"
    translated.refresh_from_db()
    row = TranslationReview.objects.get()
    assert (translated.state, translated.approved_revision_id) == ("approved", row.revision_id)
    assert (row.adequacy, row.fluency, row.safety_kept, row.reviewer) == (5, 4, True, checker)


@pytest.mark.parametrize(
    "missing",
    [{"adequacy": ""}, {"fluency": ""}, {"safety_kept": ""}, {"safety_kept": "no"}, {"adequacy": "6"}],
)
def test_approve_without_the_whole_judgement_is_refused(translated, as_checker, missing):
    answer = check(as_checker, translated, **(GOOD | missing), comment="書きかけの意見")
    assert answer.status_code == 422
    assert "書きかけの意見" in answer.content.decode()
    assert TranslationReview.objects.count() == 0


def test_send_back_needs_a_reason_and_reaches_the_translator(item, translated, as_checker, as_translator):
    assert check(as_checker, translated, decision="request_changes").status_code == 422
    sent = check(
        as_checker, translated, decision="request_changes", reason="concern_lost", comment="Say why."
    )
    assert sent.status_code == 302
    page = as_translator.get(f"/d/home/translate/{item.pk}/").content.decode()
    assert "Say why." in page
    assert ENGLISH["question"] in page


def test_own_translation_is_neither_listed_nor_approved(dataset, item, as_checker, checker):
    make_member(dataset, "translator", person=checker)
    own = translations.translation_of(item, "en")
    translations.submit(checker, own, **ENGLISH)
    assert item.external_id not in as_checker.get("/d/home/translate/check/").content.decode()
    answer = check(as_checker, own, **GOOD)
    own.refresh_from_db()
    assert (answer.status_code, own.state) == (403, "in_review")


def test_stale_translation_cannot_be_approved(item, translated, as_checker):
    change_source(item)
    answer = check(as_checker, translated, **GOOD)
    translated.refresh_from_db()
    assert (answer.status_code, translated.state) == (409, "in_review")


def test_check_twice_with_one_client_id_is_one_review(translated, as_checker):
    check(as_checker, translated, **GOOD)
    assert check(as_checker, translated, **GOOD).status_code == 302
    assert TranslationReview.objects.count() == 1
