"""Versions of the guideline: written by a lead, never changed, signed by somebody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from curation.actions import guidelines as act
from curation.actions.versions import sign
from curation.errors import Conflict, Invalid, NotAllowed, WrongState
from curation.log import OPERATOR
from curation.models import Dataset, Guideline, GuidelineDraft, LogEntry, Person
from curation.queries import newest_guideline
from tests.factories.curation import make_dataset, make_item, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
JA = "# 決まり\n\nはじめに読みます。\n\n## 1. 方針\n\n1. **守る。** 害を与えません。\n\n## 2. 書き方\n\n- 自然に書きます。"
EN = "# Rules\n\n## 1. Policy\n\n1. **Protect.** Do no harm.\n\n## 2. Writing\n\n- Write naturally."
NEW = {"text_ja": JA, "text_en": EN, "changed": "書き方を短くしました。"}


@pytest.fixture
def dataset() -> Dataset:
    return make_dataset()


@pytest.fixture
def lead(dataset: Dataset) -> Person:
    return make_member(dataset, "lead", name="mio")


def test_new_version_is_in_force_and_unsigned(dataset, lead) -> None:
    made = act.write(lead, dataset, base=1, **NEW)
    assert newest_guideline(dataset) == made
    assert (made.version, made.text_ja, made.text_en, made.changed) == (2, JA, EN, NEW["changed"])
    assert (made.written_by, made.signed_by, made.signed_at) == (lead, None, None)
    entry = LogEntry.objects.get(verb="write_guideline")
    assert (entry.object_type, entry.object_id, entry.details) == ("guideline", str(made.pk), {"version": 2})


def test_review_remembers_the_version_it_was_made_under(dataset, lead) -> None:
    before = make_item(dataset, state="approved")
    act.write(lead, dataset, base=1, **NEW)
    after = make_item(dataset, state="approved")
    assert [item.reviews.get().guideline.version for item in (before, after)] == [1, 2]


def test_sent_twice_it_is_one_version(dataset, lead) -> None:
    assert act.write(lead, dataset, base=1, **NEW) == act.write(lead, dataset, base=1, **NEW)
    assert dataset.guidelines.count() == 2


def test_version_that_came_meanwhile_is_met(dataset, lead) -> None:
    act.write(make_member(dataset, "lead"), dataset, base=1, **NEW)
    with pytest.raises(Conflict, match="Version 2 was made meanwhile"):
        act.write(lead, dataset, base=1, **NEW | {"text_ja": JA + "\n\n- 短く。"})
    assert dataset.guidelines.count() == 2


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"text_ja": " \n"}, "text_ja", "needs its Japanese text"),
        ({"changed": "\n"}, "changed", "Say what is new"),
        ({"changed": "あ" * 2001}, "changed", "at most 2000"),
        ({"text_ja": "あ" * 20_001}, "text_ja", "at most 20000"),
        ({"text_en": "## 1. Policy\n\nOnly one."}, "text_en", "1, 2 and 1"),
        ({"text_ja": "## 1. 方針\n\n甲\n\n## 1. 書き方\n\n乙"}, "text_ja", "have the number 1"),
    ],
)
def test_unsound_text_is_refused_by_field(dataset, lead, change, field, words) -> None:
    with pytest.raises(Invalid, match=words) as error:
        act.write(lead, dataset, base=1, **NEW | change)
    assert (error.value.field, dataset.guidelines.count()) == (field, 1)


def test_version_that_changes_nothing_is_refused(dataset, lead) -> None:
    held = dataset.guidelines.get()
    with pytest.raises(Invalid, match="Nothing was changed"):
        act.write(lead, dataset, base=1, text_ja=held.text_ja, text_en=held.text_en, changed="なし")


@pytest.mark.parametrize("role", ["author", "reviewer", "release_manager"])
def test_only_a_lead_writes(dataset, role) -> None:
    with pytest.raises(NotAllowed):
        act.write(make_member(dataset, role), dataset, base=1, **NEW)


def test_somebody_else_signs_and_the_first_signature_stands(dataset, lead) -> None:
    made = act.write(lead, dataset, base=1, **NEW)
    first, second = make_member(dataset, "reviewer"), make_member(dataset, "lead")
    for person in (lead, OPERATOR, make_member(dataset, "author")):
        with pytest.raises(NotAllowed):
            sign(person, made)
    assert Guideline.objects.get(pk=made.pk).signed_at is None
    sign(first, made)
    when = sign(second, made).signed_at
    held = Guideline.objects.get(pk=made.pk)
    assert (held.signed_by, held.signed_at) == (first, when)
    assert LogEntry.objects.filter(verb="sign").count() == 1


def refused(act: Callable[[], Any]) -> str:
    with pytest.raises(DatabaseError) as error, transaction.atomic():
        act()
    return str(error.value).splitlines()[0]


@pytest.mark.parametrize(
    "change", [{"text_ja": "別の文"}, {"text_en": "other"}, {"changed": "x"}, {"version": 9}], ids=str
)
def test_database_refuses_to_change_a_version(dataset, change) -> None:
    rows = Guideline.objects.filter(dataset=dataset)
    before = rows.values().get()
    assert refused(lambda: rows.update(**change)) == "A version stands as it is: write a new one."
    assert rows.values().get() == before
    with pytest.raises(WrongState):
        rows.get().save()


def test_signature_is_neither_changed_nor_taken_away(dataset) -> None:
    signed = sign(make_member(dataset, "reviewer"), dataset.guidelines.get())
    rows = Guideline.objects.filter(pk=signed.pk)
    for change in ({"signed_at": None, "signed_by": None}, {"signed_by": make_member(dataset, "lead")}):
        assert refused(lambda change=change: rows.update(**change)).startswith("A version stands")
    assert rows.get().signed_by == signed.signed_by


def test_draft_is_kept_and_goes_when_its_version_comes(dataset, lead) -> None:
    began = act.draft_of(lead, dataset)
    assert (began.pk, began.version, began.text_ja) == (None, 0, dataset.guidelines.get().text_ja)
    saved = act.save_draft(lead, dataset, version=0, client_id="a", **NEW)
    assert act.save_draft(lead, dataset, version=0, client_id="a", **NEW) == saved
    with pytest.raises(Conflict):
        act.save_draft(lead, dataset, version=0, client_id="b", **NEW)
    assert (act.draft_of(lead, dataset).changed, act.draft_of(lead, dataset).version) == (NEW["changed"], 1)
    other = make_member(dataset, "lead")
    assert act.draft_of(other, dataset).changed == ""
    act.write(lead, dataset, base=1, **NEW)
    assert not GuidelineDraft.objects.exists()
