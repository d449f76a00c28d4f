"""States: every (state, verb) pair of items and translations, and of two who act at once one."""

from __future__ import annotations

import pytest

from curation import workflow
from curation.errors import Conflict, WrongState
from curation.log import OPERATOR
from curation.models import Item, LogEntry, Translation
from tests.factories.curation import make_dataset, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
ITEM_STATES = {
    "draft": {"submit": "in_review", "submit_question": "awaiting_answer", "withdraw": "withdrawn"},
    "awaiting_answer": {"submit": "in_review", "take_back": "in_review", "withdraw": "withdrawn"},
    "in_review": {
        "approve": "approved",
        "request_changes": "needs_changes",
        "request_answer": "awaiting_answer",
        "reject": "rejected",
        "withdraw": "withdrawn",
    },
    "needs_changes": {
        "submit": "in_review",
        "submit_question": "awaiting_answer",
        "take_back": "in_review",
        "withdraw": "withdrawn",
    },
    "approved": {"take_back": "in_review", "revise": "in_review", "withdraw": "withdrawn"},
    "rejected": {"take_back": "in_review", "reopen": "needs_changes", "withdraw": "withdrawn"},
    "withdrawn": {"reopen": "needs_changes"},
}
TRANSLATION_STATES = {
    "draft": {"translate": "in_review"},
    "in_review": {"translate": "in_review", "approve": "approved", "request_changes": "needs_changes"},
    "needs_changes": {"translate": "in_review"},
    "approved": {"translate": "in_review", "request_changes": "needs_changes"},
}


@pytest.mark.parametrize("verb", workflow.ITEM)
@pytest.mark.parametrize("state", ITEM_STATES)
def test_item_verb_leads_where_the_table_says_or_is_refused(state, verb):
    expected = ITEM_STATES[state].get(verb)
    item = Item(state=state)
    assert (verb in workflow.verbs_from(item)) == (expected is not None)
    if expected:
        assert workflow.target(item, verb) == expected
    else:
        with pytest.raises(WrongState):
            workflow.target(item, verb)


@pytest.mark.parametrize("verb", workflow.TRANSLATION)
@pytest.mark.parametrize("state", TRANSLATION_STATES)
def test_translation_verb_leads_where_the_table_says_or_is_refused(state, verb):
    expected = TRANSLATION_STATES[state].get(verb)
    translation = Translation(state=state)
    if expected:
        assert workflow.target(translation, verb) == expected
    else:
        with pytest.raises(WrongState):
            workflow.target(translation, verb)


def test_every_state_is_in_the_table():
    assert set(ITEM_STATES) == set(Item.State.values)
    assert set(TRANSLATION_STATES) == set(Translation.State.values)


def test_late_of_two_gets_a_conflict_and_writes_nothing():
    item = make_item(make_dataset(), state="in_review")
    late = Item.objects.get(pk=item.pk)
    workflow.advance(item, "request_changes", actor=OPERATOR)
    logged = LogEntry.objects.count()
    with pytest.raises(Conflict):
        workflow.advance(late, "reject", actor=OPERATOR)
    assert (Item.objects.get(pk=item.pk).state, LogEntry.objects.count()) == ("needs_changes", logged)


def test_made_items_have_the_state_they_were_asked_for():
    dataset = make_dataset()
    assert {state: make_item(dataset, state=state).state for state in ITEM_STATES} == {
        s: s for s in ITEM_STATES
    }
