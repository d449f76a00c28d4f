"""Gates of what people decide: acceptance, guideline, targets, translations, personal data; and waivers by a second one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.utils import translation

from curation import registry
from curation.actions import translations, versions
from curation.actions.items import withdraw
from curation.actions.releases import KEPT, Choice, Waiver, draw_up, freeze, said_of
from curation.actions.waivers import standing, waive
from curation.errors import Conflict, Invalid, NotAllowed
from curation.gates import GATES, Finding, Gate
from curation.log import OPERATOR
from curation.models import Guideline, Item, Quota, Release, Review, Text
from tests.factories.curation import leaf, make_dataset, make_item, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
UNSIGNED = "Guideline 1 is not signed yet. Version 1 of the reasons is not signed yet."


@pytest.fixture
def dataset():
    return make_dataset("gates")


def said(dataset, **given):
    draft = draw_up(OPERATOR, dataset, Choice(**{"name": "v1", "test_per_leaf": 0} | given))
    return {gate.key: gate for gate in draft.gates}


def rows(gate: Gate) -> list[tuple[str, str, str]]:
    return [(found.key, found.other, found.why) for found in gate.findings]


def test_an_item_without_answer_or_acceptance_is_named(dataset) -> None:
    bare, unseen = (make_item(dataset, state="approved") for _each in range(2))
    bare.approved_revision.answer_text = None
    bare.approved_revision.save()
    unseen.reviews.all().delete()
    gate = said(dataset)["approved"]
    assert (gate.green, {key: why for key, _other, why in rows(gate)}) == (
        False,
        {
            bare.external_id: "It has no answer.",
            unseen.external_id: "Nobody has accepted this revision.",
        },
    )


def test_what_was_accepted_under_an_earlier_guideline_is_named(dataset) -> None:
    before = make_item(dataset, state="approved")
    Guideline.objects.create(dataset=dataset, version=2, text_ja="新しい版")
    after = make_item(dataset, state="approved")
    gate = said(dataset)["guideline"]
    assert after.external_id not in gate.items
    assert rows(gate) == [
        (before.external_id, "", "It was accepted under guideline 1; the newest is 2."),
    ]
    Review.objects.update(guideline=None)
    assert {why for _key, _other, why in rows(said(dataset)["guideline"])} == {
        "It was accepted when there was no guideline."
    }


def test_an_import_vouches_for_the_guideline_of_its_day(dataset) -> None:
    item = make_item(dataset, state="approved")
    item.reviews.update(kind="import", guideline=None)
    gate = said(dataset)["guideline"]
    assert (gate.green, gate.sentence) == (
        True,
        f"Every item was accepted under guideline 1. Accepted elsewhere and imported: 1. {UNSIGNED}",
    )
    Guideline.objects.create(dataset=dataset, version=2, text_ja="新しい版")
    assert rows(said(dataset)["guideline"]) == [
        (item.external_id, "", "It was imported as accepted before guideline 2.")
    ]


def test_unsigned_versions_are_told_stop_nothing_and_are_kept(dataset) -> None:
    make_item(dataset, state="approved")
    lead = make_member(dataset, "lead", name="himitsu")
    choice = Choice(name="v1", test_per_leaf=0)
    first = said(dataset)["guideline"]
    before = freeze(OPERATOR, dataset, choice)
    drawn = draw_up(OPERATOR, dataset, replace(choice, name="v2"))
    guideline = versions.sign(lead, dataset.guidelines.get())
    reasons = versions.sign(lead, dataset.codebooks.get())
    with pytest.raises(Conflict):
        freeze(OPERATOR, dataset, replace(choice, name="v2"), expected=drawn.stands_on)
    after = freeze(OPERATOR, dataset, replace(choice, name="v2"))
    told = "Every item was accepted under guideline 1."
    assert (first.green, first.sentence) == (True, f"{told} {UNSIGNED}")
    assert said(dataset, name="v3")["guideline"].sentence == told
    unsigned = {"version": 1, "signed_at": None}
    assert before.snapshot["signed"] == {"guideline": unsigned, "reasons": unsigned}
    assert after.snapshot["signed"] == {
        "guideline": {"version": 1, "signed_at": guideline.signed_at.isoformat()},
        "reasons": {"version": 1, "signed_at": reasons.signed_at.isoformat()},
    }
    assert "himitsu" not in str(after.snapshot)
    assert before.root_hash == after.root_hash


def test_a_dataset_without_a_guideline_has_nothing_to_be_behind(dataset) -> None:
    make_item(dataset, state="approved")
    Review.objects.update(guideline=None)
    dataset.guidelines.all().delete()
    assert said(dataset)["guideline"].green


def test_targets_are_counted_by_leaf_and_split(dataset) -> None:
    for _each in range(3):
        make_item(dataset, state="approved")
    for number in (1, 2):
        Quota.objects.filter(category=leaf(dataset, number)).delete()
    # Of the first leaf's three, one goes to test and two to dev: its targets of 1 and 2 are met.
    assert said(dataset, test_per_leaf=1)["quota"].green
    Quota.objects.filter(split="dev").update(target=5)
    assert rows(said(dataset, test_per_leaf=1)["quota"]) == [
        (leaf(dataset).path, "dev", "dev: 2 of 5 questions.")
    ]
    assert said(dataset)["quota"].green  # K of 0: a trial


@pytest.fixture
def translated(dataset):
    """Five items: translated, in review, sent back, out of date, and without any translation."""
    translator = make_member(dataset, "translator")
    checker = make_member(dataset, "bilingual_reviewer")
    items = [make_item(dataset, state="approved") for _each in range(5)]
    for item, decision in zip(items, ("approve", "", "request_changes", "approve"), strict=False):
        row = translations.translation_of(item, "en")
        said_of_whom = (
            "Write to mari@dummy-corp.jp or Mr. Kenji Tanaka." if item is items[0] else "An answer."
        )
        translations.submit(translator, row, question="A question?", answer=said_of_whom)
        row.refresh_from_db()
        if decision:
            translations.review(
                checker,
                row,
                decision=decision,
                revision=row.current_revision_id,
                adequacy=5,
                fluency=5,
                safety_kept=True,
                comment="See above.",
            )
    text = Text.objects.create(hash="f" * 64, body="書き直した質問です。", folded="書き直した質問です。")
    items[3].approved_revision.question_text = text
    items[3].approved_revision.save()
    return items


def test_translations_are_ready_or_left_out_by_choice(dataset, translated) -> None:
    _ready, review, back, stale, missing = translated
    gate = said(dataset)["translations"]
    assert (gate.green, sorted(rows(gate))) == (
        False,
        sorted(
            [
                (review.external_id, "en", "Its translation is in review."),
                (back.external_id, "en", "Its translation was sent back."),
                (stale.external_id, "en", "Its translation is out of date."),
                (missing.external_id, "en", "It has no translation yet."),
            ]
        ),
    )
    assert gate.sentence == (
        "4 translations are not ready. Missing: 1. Out of date: 1. In review: 1. Sent back: 1."
    )
    left = said(dataset, leave_out=True)["translations"]
    assert (left.green, left.sentence.partition(".")[0]) == (True, "Left out by choice: 4 translations")
    assert said(dataset, locales=())["translations"].green


def test_personal_data_is_looked_for_in_translations_too_and_never_repeated(dataset, translated) -> None:
    found = translated[0].translations.get().approved_revision
    Text.objects.filter(pk=found.answer_text_id).update(
        body="Write to mari@dummy-corp.jp or Mr. Kenji Tanaka."
    )
    gate = said(dataset, leave_out=True)["personal_data"]
    assert {why for _key, _other, why in rows(gate)} == {
        "In the translation: en. It looks like a mail address.",
        "In the translation: en. It looks like a person's full name.",
    }
    assert [gate.green, translated[0].external_id in gate.items] == [False, True]


def test_gates_speak_english_whoever_asks(dataset) -> None:
    make_item(dataset, state="approved")
    with translation.override("ja"):
        assert said(dataset)["approved"].sentence == "Every item has an approved question and answer."


def test_a_floor_above_may_stop_a_release(dataset, monkeypatch) -> None:
    monkeypatch.setattr(registry, "_registry", registry._Registry())

    def weather(plan) -> Gate:
        return Gate(key="weather", title="Weather", green=False, sentence=f"It rains on {plan.name}.")

    registry.add_gate(weather)
    registry.add_gate(weather)
    make_item(dataset, state="approved")
    assert list(said(dataset)) == [*(gate.__name__ for gate in GATES), "weather"]
    with pytest.raises(Invalid, match="It rains on v1"):
        freeze(OPERATOR, dataset, Choice(name="v1", test_per_leaf=0))


def test_some_of_many_findings_are_kept_with_the_count_of_all() -> None:
    found = [Finding(key=f"i{n % 400}", why="Because.") for n in range(KEPT + 200)]
    gate = Gate(key="x", title="X", green=False, sentence="No.", findings=found)
    (kept,) = said_of([gate], [])
    assert (kept["count"], len(kept["findings"]), len(gate.items)) == (KEPT + 200, KEPT, 400)
    turned = Gate(key="x", title="Y", green=False, sentence="Yes.", findings=found[::-1])
    assert (turned.fingerprint(), len(gate.fingerprint())) == (gate.fingerprint(), 64)
    assert (
        turned.fingerprint()
        != Gate(key="x", title="X", green=False, sentence="", findings=found[1:]).fingerprint()
    )


@pytest.fixture
def people(dataset):
    return make_member(dataset, "release_manager", name="mari"), make_member(dataset, "lead", name="rei")


CHOICE = Choice(name="v1", test_per_leaf=1)


def let_through(dataset, person, drawn_by, gate="quota", **given) -> None:
    drawn = {gate.key: gate for gate in draw_up(drawn_by, dataset, CHOICE).gates}
    values = {"release_name": "v1", "gate": gate, "finding": drawn[gate].fingerprint(), "reason": "a pilot"}
    waive(person, dataset, drawn_by=drawn_by, **(values | given))


def test_a_waiver_of_a_second_person_lets_the_release_through(dataset, people) -> None:
    manager, lead = people
    make_item(dataset, state="approved")
    let_through(dataset, lead, manager)
    let_through(dataset, lead, manager, reason="another")
    release = freeze(manager, dataset, CHOICE)
    kept = {gate["key"]: gate["waived"] for gate in release.gates if gate["state"] == "waived"}
    assert kept == {"quota": {"gate": "quota", "reason": "a pilot", "person": "rei"}}


def test_nobody_waives_what_they_freeze(dataset, people) -> None:
    manager, _lead = people
    other = make_member(dataset, "release_manager")
    make_item(dataset, state="approved")
    with pytest.raises(NotAllowed):
        let_through(dataset, manager, manager)
    let_through(dataset, manager, other)  # the other drew it up; the waiver is in order
    with pytest.raises(Invalid, match="quota"):
        freeze(manager, dataset, CHOICE)
    with pytest.raises(NotAllowed):
        freeze(manager, dataset, CHOICE, waivers=[Waiver(gate="quota", reason="mine", person="mari")])
    assert freeze(other, dataset, CHOICE).frozen_by == other


def test_a_waiver_counts_for_one_name_and_one_finding(dataset, people) -> None:
    manager, lead = people
    make_item(dataset, state="approved")
    let_through(dataset, lead, manager)
    with pytest.raises(Invalid):
        freeze(manager, dataset, Choice(name="v2", test_per_leaf=1))
    for _each in range(2):
        make_item(dataset, state="approved")
    gates = draw_up(manager, dataset, CHOICE).gates
    assert standing(dataset, "v1", gates, freezer=manager) == []
    with pytest.raises(Invalid):
        freeze(manager, dataset, CHOICE)
    assert Release.objects.count() == 0


@pytest.mark.parametrize("gate", ["approved", "leaks"])
def test_what_is_never_waived(dataset, people, gate) -> None:
    manager, lead = people
    make_item(dataset, state="approved")
    with pytest.raises(Invalid, match="cannot be waived"):
        let_through(dataset, lead, manager, gate=gate)


def test_who_may_waive(dataset, people) -> None:
    manager, _lead = people
    make_item(dataset, state="approved")
    for person in (make_member(dataset, "author", "reviewer", "researcher"), OPERATOR):
        with pytest.raises(NotAllowed):
            let_through(dataset, person, manager)


def test_what_changes_while_the_gates_are_asked_is_looked_at_again(dataset, people) -> None:
    manager, lead = people
    item, gone = (make_item(dataset, state="approved") for _each in range(2))
    asked = []

    def told(done: int, gate: str) -> None:
        if done == 0:
            asked.append(gate)
            if len(asked) == 1:
                withdraw(lead, Item.objects.get(pk=gone.pk), reason="written twice")

    release = freeze(manager, dataset, Choice(name="v1", test_per_leaf=0), told=told)
    assert (len(asked), [row.item_id for row in release.items.all()]) == (2, [item.pk])


def test_items_that_never_rest_are_not_frozen(dataset, people) -> None:
    manager, _lead = people
    make_item(dataset, state="approved")

    def told(done: int, gate: str) -> None:
        if done == 0:
            make_item(dataset, state="approved")

    with pytest.raises(Conflict):
        freeze(manager, dataset, Choice(name="v1", test_per_leaf=0), told=told)
    assert Release.objects.count() == 0
