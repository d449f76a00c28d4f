"""Who may do what: role x verb for items, and the second-person rules."""

from __future__ import annotations

import pytest

from curation.log import OPERATOR
from curation.models import Membership
from curation.rules import allows, possible_verbs, why_not
from tests.factories.curation import make_dataset, make_item, make_member, make_person

pytestmark = pytest.mark.django_db
R = Membership.Role
# Verb -> roles that may do it to an item that somebody else wrote and that is in review.
MAY = {
    "submit": set(),
    "save_draft": {R.REVIEWER},  # a fix that is being typed
    "revise": {R.AUTHOR, R.LEAD},
    "approve": {R.REVIEWER},
    "fix_and_approve": {R.REVIEWER},
    "request_changes": {R.REVIEWER},
    "request_answer": {R.REVIEWER},
    "reject": {R.REVIEWER},
    "withdraw": {R.LEAD, R.RELEASE_MANAGER},
    "reopen": {R.LEAD, R.RELEASE_MANAGER},
    "comment": {R.AUTHOR, R.REVIEWER, R.LEAD, R.RELEASE_MANAGER},
    "translate": {R.TRANSLATOR},
}
# State -> whether an author may write on an item of another author.
SHARED = {
    "draft": False,
    "awaiting_answer": True,
    "in_review": False,
    "needs_changes": False,
    "approved": False,
}
# State -> what a lead who wrote nothing may do.
LEAD = {
    "draft": ["withdraw"],
    "in_review": ["withdraw"],
    "approved": ["revise", "withdraw"],
    "rejected": ["withdraw", "reopen"],
    "withdrawn": ["reopen"],
}


@pytest.mark.parametrize("verb", MAY)
def test_verb_on_an_item_in_review_needs_its_role(verb):
    dataset = make_dataset()
    item = make_item(dataset, state="in_review")
    allowed = {role for role in R.values if allows(make_member(dataset, role), verb, item)}
    assert allowed == MAY[verb]
    assert not allows(make_person(), verb, item)
    elsewhere = make_member(make_dataset(), *R.values)
    assert not allows(elsewhere, verb, item)


@pytest.mark.parametrize(("state", "expected"), SHARED.items())
def test_item_of_another_author_is_open_only_while_it_awaits_an_answer(state, expected):
    dataset = make_dataset()
    item = make_item(dataset, state=state)
    assert allows(make_member(dataset, "author"), "submit", item) is expected


def test_item_sent_back_to_all_is_open_to_any_author():
    dataset = make_dataset()
    item = make_item(dataset, state="needs_changes")
    item.open_to_all = True
    assert allows(make_member(dataset, "author"), "submit", item)


@pytest.mark.parametrize(("state", "verbs"), LEAD.items())
def test_lead_is_offered_what_the_state_and_the_role_allow(state, verbs):
    dataset = make_dataset()
    assert possible_verbs(make_member(dataset, "lead"), make_item(dataset, state=state)) == verbs


def test_operator_reviews_nothing():
    item = make_item(make_dataset(), state="in_review")
    assert why_not(OPERATOR, "approve", item)


def test_verb_without_a_rule_is_an_error_and_never_a_yes():
    with pytest.raises(KeyError):
        why_not(OPERATOR, "devour", make_item(make_dataset()))
