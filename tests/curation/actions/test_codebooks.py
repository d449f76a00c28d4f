"""Versions of the coded reasons: a code keeps its meaning, and a decision remembers what it was made by."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from curation.actions import codebooks as act
from curation.actions.versions import sign
from curation.errors import Conflict, Invalid, NotAllowed, WrongState
from curation.models import Codebook, CodebookDraft, Dataset, LogEntry, Person
from curation.reasons import shipped
from tests.factories.curation import decide, make_dataset, make_item, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
ROWS = shipped().rows()
COLD = {
    "code": "too_long",
    "name_ja": "長すぎる",
    "name_en": "Too long",
    "hint_ja": "短くしてください。",
    "hint_en": "Make it shorter.",
    "for": ["answer"],
    "verbs": ["request_changes"],
    "section": 4,
    "comment_required": False,
    "retired": False,
}


@pytest.fixture
def dataset() -> Dataset:
    return make_dataset()


@pytest.fixture
def lead(dataset: Dataset) -> Person:
    return make_member(dataset, "lead", name="mio")


def changed(code: str, **words: Any) -> list[dict[str, Any]]:
    """The shipped rows, one of them with other words."""
    return [row | words if row["code"] == code else row for row in ROWS]


def write(person: Person, dataset: Dataset, rows: list[dict[str, Any]], base: int = 1) -> Codebook:
    return act.write(person, dataset, base=base, entries=rows, changed="見直しました。")


def test_dataset_begins_with_the_shipped_reasons(dataset) -> None:
    first = dataset.codebooks.get()
    assert (first.version, first.book, first.signed_at) == (1, shipped(), None)
    assert Dataset.objects.get(pk=dataset.pk).codebook == first


def test_new_version_is_offered_and_older_decisions_keep_theirs(dataset, lead) -> None:
    reviewer = make_member(dataset, "reviewer")
    before = make_item(dataset, state="in_review")
    decide(before, reviewer, "request_changes", reason="preaching")
    made = write(lead, dataset, [*changed("preaching", retired=True), COLD])
    assert (made.version, made.written_by) == (2, lead)
    assert Dataset.objects.get(pk=dataset.pk).codebook == made
    after = make_item(dataset, state="in_review")
    decide(
        after, reviewer, "request_changes", reasons={"answer": "too_long"}, question_ok=True, comment="長い。"
    )
    other = make_item(dataset, state="in_review")
    with pytest.raises(Invalid) as error:
        decide(
            other, reviewer, "request_changes", reasons={"answer": "preaching"}, question_ok=True, comment="…"
        )
    assert error.value.field == "answer"
    assert [item.reviews.get().codebook.version for item in (before, after)] == [1, 2]
    assert LogEntry.objects.get(verb="write_codebook").details == {"version": 2}


def test_every_decision_remembers_its_version(dataset, lead) -> None:
    write(lead, dataset, [*ROWS, COLD])
    assert make_item(dataset, state="approved").reviews.get().codebook.version == 2


@pytest.mark.parametrize(
    ("rows", "field", "words"),
    [
        (changed("copied", name_ja="別の意味"), "entries", "copied was given with another meaning"),
        (
            [row for row in ROWS if row["code"] != "copied"],
            "entries",
            "copied was given with another meaning",
        ),
        ([*ROWS, COLD, COLD], "code-22", "too_long stands there twice"),
        ([*ROWS, COLD | {"code": "長い"}], "code-21", "small letters"),
        ([*ROWS, COLD | {"code": "ok"}], "code-21", "small letters"),
        ([*ROWS, COLD | {"name_en": ""}], "name_en-21", "at most 60"),
        ([*ROWS, COLD | {"hint_ja": "あ" * 301}], "hint_ja-21", "at most 300"),
        ([*ROWS, COLD | {"for": []}], "for-21", "which parts"),
        ([*ROWS, COLD | {"verbs": ["approve"]}], "verbs-21", "which decisions"),
        ([*ROWS, COLD | {"section": 9}], "section-21", "no section 9"),
        ([row | {"retired": True} for row in ROWS], "entries", "Nothing would be left"),
        (ROWS, "entries", "Nothing was changed"),
    ],
)
def test_unsound_list_is_refused_by_field(dataset, lead, rows, field, words) -> None:
    with pytest.raises(Invalid, match=words) as error:
        write(lead, dataset, rows)
    assert (error.value.field, dataset.codebooks.count()) == (field, 1)


def test_a_retired_code_cannot_come_back_with_another_name(dataset, lead) -> None:
    write(lead, dataset, changed("copied", retired=True))
    with pytest.raises(Invalid, match="another meaning"):
        write(lead, dataset, changed("copied", name_ja="写し"), base=2)
    assert not write(lead, dataset, ROWS, base=2).book.of("copied").retired


def test_sent_twice_it_is_one_version_and_one_that_came_meanwhile_is_met(dataset, lead) -> None:
    assert write(lead, dataset, [*ROWS, COLD]) == write(lead, dataset, [*ROWS, COLD])
    with pytest.raises(Conflict, match="Version 2 was made meanwhile"):
        write(make_member(dataset, "lead"), dataset, [*ROWS, COLD | {"code": "long"}])
    assert dataset.codebooks.count() == 2


def test_a_version_says_what_is_new(dataset, lead) -> None:
    with pytest.raises(Invalid) as error:
        act.write(lead, dataset, base=1, entries=[*ROWS, COLD], changed=" ")
    assert error.value.field == "changed"


def test_lead_writes_and_somebody_else_signs(dataset, lead) -> None:
    with pytest.raises(NotAllowed):
        write(make_member(dataset, "reviewer"), dataset, [*ROWS, COLD])
    made = write(lead, dataset, [*ROWS, COLD])
    for person in (lead, make_member(dataset, "author")):
        with pytest.raises(NotAllowed):
            sign(person, made)
    reviewer = make_member(dataset, "reviewer")
    sign(reviewer, made)
    assert sign(make_member(dataset, "lead"), made).signed_by == reviewer


def test_database_refuses_to_change_a_version(dataset) -> None:
    rows = Codebook.objects.filter(dataset=dataset)
    for words in ({"entries": []}, {"version": 9}, {"changed": "x"}):
        with pytest.raises(DatabaseError, match="A version stands as it is"), transaction.atomic():
            rows.update(**words)
    with pytest.raises(WrongState):
        rows.get().save()
    assert rows.get().book == shipped()


def test_draft_is_kept_and_goes_when_its_version_comes(dataset, lead) -> None:
    given = {"entries": [*ROWS, COLD], "changed": "見直しました。"}
    assert act.draft_of(lead, dataset).entries == ROWS
    saved = act.save_draft(lead, dataset, version=0, client_id="a", **given)
    assert act.save_draft(lead, dataset, version=0, client_id="a", **given) == saved
    with pytest.raises(Conflict):
        act.save_draft(lead, dataset, version=0, client_id="b", **given)
    write(lead, dataset, [*ROWS, COLD])
    assert not CodebookDraft.objects.exists()
