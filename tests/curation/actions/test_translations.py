"""Translations: drafts, submits, staleness, checks."""

from __future__ import annotations

import pytest

from curation.actions import items, translations
from curation.actions.items import Wording
from curation.errors import Conflict, Invalid, NotAllowed, WrongState
from curation.models import Translation, TranslationDraft
from curation.queries import translation_queue, translation_review_queue
from tests.factories.curation import ANSWER, decide, leaf, make_dataset, make_item, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def dataset():
    return make_dataset()


@pytest.fixture
def translator(dataset):
    return make_member(dataset, "translator")


@pytest.fixture
def checker(dataset):
    return make_member(dataset, "bilingual_reviewer")


@pytest.fixture
def item(dataset):
    return make_item(dataset, state="approved")


@pytest.fixture
def translation(item):
    return translations.translation_of(item, "en")


def hand_in(translator, translation, question="May I?", answer="No.", **given):
    return translations.submit(translator, translation, question=question, answer=answer, **given)


def check(checker, translation, decision="approve", **given):
    given = {"safety_kept": True} | given
    revision = translation.current_revision_id
    return translations.review(checker, translation, decision=decision, revision=revision, **given)


def change(item, *, question="", answer="", category=None):
    revision = item.current_revision
    text = Wording(
        question=question or revision.question,
        answer=answer or revision.answer,
        category=category or revision.category,
    )
    items.submit(item.author, item, text)
    decide(item, make_member(item.dataset, "reviewer"), "approve")
    item.refresh_from_db()


def test_draft_counts_versions_and_a_stale_one_is_a_conflict(translator, translation):
    for version, client_id in ((0, "a"), (0, "a"), (1, "b")):
        draft = translations.save_draft(
            translator, translation, version=version, client_id=client_id, question="One", answer=""
        )
    assert draft.version == 2
    with pytest.raises(Conflict):
        translations.save_draft(translator, translation, version=1, client_id="c", question="Two", answer="")
    assert TranslationDraft.objects.get().question == "One"


def test_submit_names_its_source_and_ends_the_draft(item, translator, translation):
    translations.save_draft(translator, translation, version=0, client_id="a", question="O", answer="")
    revision = hand_in(translator, translation, client_id="c")
    assert hand_in(translator, translation, client_id="c") == revision
    source = item.approved_revision
    assert (translation.state, revision.number, revision.author) == ("in_review", 1, translator)
    assert (revision.source_question_hash, revision.source_answer_hash) == (
        source.question_text_id,
        source.answer_text_id,
    )
    assert TranslationDraft.objects.count() == 0


def test_submit_against_an_older_source_is_a_conflict(item, translator, translation):
    read = item.approved_revision_id
    change(item, answer="変わった答え。")
    with pytest.raises(Conflict):
        hand_in(translator, translation, source=read)
    assert translation.revisions.count() == 0


# what changed in the source, whether the answer was translated, whether the translation is stale then
STALE = [
    ({"question": "変わった質問です。"}, True, True),
    ({"answer": "変わった答え。"}, True, True),
    ({"answer": "変わった答え。"}, False, False),
    ({"category": 1}, True, False),
]


@pytest.mark.parametrize(("changed", "with_answer", "expected"), STALE)
def test_stale_part_by_part(dataset, item, translator, translation, changed, with_answer, expected):
    hand_in(translator, translation, answer="No." if with_answer else "")
    if "category" in changed:
        changed = {"category": leaf(dataset, changed["category"])}
    change(item, **changed)
    assert translations.is_stale(translation) is expected


def test_stale_translation_is_not_approved_and_waits_for_its_translator_again(
    dataset, item, translator, checker, translation
):
    hand_in(translator, translation)
    assert list(translation_queue(translator, dataset, "en")) == []
    change(item, answer="変わった答え。")
    with pytest.raises(WrongState):
        check(checker, translation)
    assert list(translation_queue(translator, dataset, "en")) == [item]


def test_queue_puts_what_was_sent_back_first_then_stale_then_new(
    dataset, item, translator, checker, translation
):
    stale, back = make_item(dataset, state="approved"), make_item(dataset, state="approved")
    for each in (stale, back):
        hand_in(translator, translations.translation_of(each, "en"))
    check(checker, translations.translation_of(back, "en"), "request_changes", comment="Say more.")
    change(stale, answer="変わった答え。")
    assert list(translation_queue(translator, dataset, "en")) == [back, stale, item]


def test_own_translation_is_not_approved(dataset, translator, translation):
    make_member(dataset, "bilingual_reviewer", person=translator)
    hand_in(translator, translation)
    assert list(translation_review_queue(translator, dataset, "en")) == []
    with pytest.raises(NotAllowed):
        check(translator, translation)


@pytest.mark.parametrize(
    "given", [{"safety_kept": None}, {"safety_kept": False}, {"adequacy": 0}, {"fluency": 6}]
)
def test_approval_without_the_safety_concern_or_off_the_scale_is_refused(
    translator, checker, translation, given
):
    hand_in(translator, translation)
    with pytest.raises(Invalid):
        check(checker, translation, **given)
    assert Translation.objects.get().state == "in_review"


@pytest.mark.parametrize("given", [{}, {"reason": "other"}, {"reason": "unnatural"}])
def test_sending_back_needs_a_reason_that_speaks_of_translations(translator, checker, translation, given):
    hand_in(translator, translation)
    with pytest.raises(Invalid):
        check(checker, translation, "request_changes", **given)


def test_review_of_an_older_revision_is_a_conflict(translator, checker, translation):
    read = hand_in(translator, translation).pk
    hand_in(translator, translation, question="Might I?")
    with pytest.raises(Conflict):
        translations.review(checker, translation, decision="approve", revision=read, safety_kept=True)


def test_review_twice_with_one_client_id_is_one_review(translator, checker, translation):
    hand_in(translator, translation)
    first = check(checker, translation, client_id="c")
    assert check(checker, translation, client_id="c") == first
    assert translation.reviews.count() == 1


def test_answer_of_a_question_alone_cannot_be_translated(dataset, translator):
    item = make_item(dataset, state="awaiting_answer")
    translation = translations.translation_of(item, "en")
    with pytest.raises(Invalid):
        hand_in(translator, translation, answer=ANSWER)
