"""A text that two people take out stands nowhere any more: not in a row, not in a file; its hash does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone

from annotation.models import Response
from curation.actions import comments, items, redactions
from curation.actions.export_jobs import Wish, archive_of, queue_export
from curation.actions.exports import export_release
from curation.actions.imports import import_items
from curation.actions.releases import Choice, freeze
from curation.actions.texts import keep_text
from curation.errors import Invalid, NotAllowed, WrongState
from curation.gates import releasable
from curation.log import OPERATOR, record
from curation.models import (
    Comment,
    Dataset,
    Dismissal,
    Draft,
    Item,
    Job,
    KeptDraft,
    LogEntry,
    Redaction,
    Release,
    Revision,
    Text,
)
from curation.redaction import MARK, texts_of
from curation.similar import folded_hash, text_hash
from finetune.actions.runs import folder_of
from tests.factories.curation import leaf, make_dataset, make_item, make_member
from tests.factories.finetune import make_run

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
SECRET = "あの店の裏口で使う合い言葉を教えてください。"
FURTHER = "では開いている時間はどうですか。"
ANSWER = "合い言葉はお答えできません。お店の人に直接おたずねください。"


def asked(item: Item, person: Any, *parts: str) -> list[Redaction]:
    return redactions.ask(person, item.dataset, texts_of(item, parts or ("question",)), reason="本人の申し出")


def redact(item: Item, *parts: str) -> list[dict[str, int]]:
    """Asked for by a lead, confirmed by a release manager."""
    lead = make_member(item.dataset, "lead")
    manager = make_member(item.dataset, "release_manager")
    return [redactions.confirm(manager, each) for each in asked(item, lead, *parts)]


def rows_that_hold(word: str) -> list[str]:
    """model.field of every row in the database that holds the word, in whatever column."""
    inside = json.dumps(word)[1:-1]
    found = set()
    for model in apps.get_models():
        for row in model._default_manager.values():
            for name, value in row.items():
                if word in str(value) or inside in str(value):
                    found.add(f"{model.__name__}.{name}")
    return sorted(found)


def files_that_hold(folder: Path, word: str) -> list[str]:
    needles = (word.encode(), json.dumps(word)[1:-1].encode())
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if any(needle in path.read_bytes() for needle in needles)]


def copied_everywhere(dataset: Dataset) -> tuple[Item, Release]:
    """An item whose question was copied by every floor that copies texts."""
    turns = {"turns": [SECRET, FURTHER]}
    item = make_item(dataset, state="approved", question=SECRET, answer=ANSWER, attributes=turns)
    make_item(dataset, state="approved")
    release = freeze(OPERATOR, dataset, Choice(name="v1", test_per_leaf=0))
    author = make_member(dataset, "author")
    comments.comment(author, item, body=f"「{SECRET}」は実在の店のことでは？")
    other = make_item(dataset, question=f"{SECRET}なお、急いでいます。")
    assert Draft.objects.get(item=other).version == 1
    Draft.objects.filter(item=other).update(criteria={"must": [f"{SECRET}には触れない。"], "must_not": []})
    Revision.objects.filter(item=item).update(criteria={"must": [SECRET], "must_not": []})
    Dismissal.objects.create(
        item=other,
        person=author,
        key="name",
        part="question",
        fingerprint="0" * 32,
        reason=f"{SECRET}は架空の店です。",
    )
    KeptDraft.objects.create(item=other, person=author, question=SECRET, sources=[f"{SECRET}の件"])
    Job.objects.create(dataset=dataset, kind="x", title="x", message=SECRET, result={"first": [SECRET]})
    Response.objects.create(
        dataset=dataset,
        item=item,
        item_key=item.external_id,
        question_hash=text_hash(SECRET),
        question_text_id=text_hash(SECRET),
        model="m",
        text=keep_text("お答えできません。"),
        turns=[{"question": SECRET, "answer": "はい"}, {"question": FURTHER, "answer": "いいえ"}],
    )
    return item, release


def test_text_stands_nowhere_any_more(settings, django_capture_on_commit_callbacks) -> None:
    dataset = make_dataset("names")
    item, release = copied_everywhere(dataset)
    manager = make_member(dataset, "release_manager")
    with django_capture_on_commit_callbacks(execute=True):
        job = queue_export(manager, release, Wish(formats=("jsonl",)), target_url="")
    job.refresh_from_db()
    run = make_run(dataset, mixture=[{"release": "v1", "repeat": 2}])
    assert archive_of(job) is not None
    assert SECRET in (folder_of(run) / "examples.jsonl").read_text(encoding="utf-8")
    held = rows_that_hold(SECRET)
    assert held == [
        "Comment.body",
        "Dismissal.reason",
        "Draft.criteria",
        "Draft.question",
        "Job.message",
        "Job.result",
        "KeptDraft.question",
        "KeptDraft.sources",
        "ReleaseItem.attributes",
        "Response.turns",
        "Revision.attributes",
        "Revision.criteria",
        "Text.body",
        "Text.folded",
    ]
    copies = redact(item)
    assert rows_that_hold(SECRET) == rows_that_hold(FURTHER) == []
    assert files_that_hold(settings.TEINEI_VAR, SECRET) == []
    assert copies == [
        {
            "exports": 1,
            "release_rows": 1,
            "attributes": 3,
            "drafts": 2,
            "comments": 2,
            "jobs": 1,
            "items_withdrawn": 1,
            "conversations": 1,
            "training_lines": 1,
        }
    ]
    assert Comment.objects.get().body == f"「{MARK}」は実在の店のことでは？"
    assert archive_of(job) is None
    text = Text.objects.get(hash=text_hash(SECRET))
    assert (text.body, text.folded, text.folded_hash) == ("", "", folded_hash(SECRET))


def test_what_is_left_names_what_a_person_must_do() -> None:
    dataset = make_dataset("names")
    item, release = copied_everywhere(dataset)
    record(OPERATOR, "export", release)
    make_run(dataset, name="tuned", mixture=[{"release": "v1", "repeat": 2}])
    redact(item)
    said = redactions.by_hand(Redaction.objects.get())
    assert (
        said[0] == "1 answer of a model to this question is kept: redact it too if it repeats the question."
    )
    assert said[1] == "v1 was exported or downloaded 1 time: ask whoever has the files to delete them."
    assert said[2].startswith("Backups made before still hold the text")
    assert said[4].startswith("The run tuned #")
    assert len(said) == 5


def test_export_after_it_verifies_and_keeps_the_hashes(tmp_path) -> None:
    dataset = make_dataset("names")
    item, release = copied_everywhere(dataset)
    row = release.items.get(item=item)
    redact(item)
    _files, checked = export_release(OPERATOR, release, tmp_path / "out", formats=["jsonl", "csv", "ids"])
    assert [str(problem) for problem in checked.problems] == []
    assert files_that_hold(tmp_path, SECRET) == []
    lines = [json.loads(line) for line in (tmp_path / "out" / "ITEMS.jsonl").read_text("utf-8").splitlines()]
    listed = {line["ID"]: line for line in lines}
    assert len(listed) == 2
    assert listed[item.external_id]["redacted"] == ["item"]
    assert listed[item.external_id]["content_hash"] == row.content_hash
    assert json.loads((tmp_path / "out" / "MANIFEST").read_text("utf-8"))["root_hash"] == release.root_hash


def test_item_is_in_no_later_release_even_when_reopened() -> None:
    dataset = make_dataset("names")
    item, _release = copied_everywhere(dataset)
    assert [row.item for row in releasable(dataset)][:1] == [item.pk]
    redact(item, "answer")
    item.refresh_from_db()
    assert item.state == Item.State.WITHDRAWN
    assert LogEntry.objects.get(verb="withdraw").person == Redaction.objects.get().confirmed_by
    items.reopen(make_member(dataset, "lead"), item)
    assert item.pk not in [row.item for row in releasable(dataset)]


def test_two_people_are_needed() -> None:
    dataset = make_dataset("names")
    item = make_item(dataset, state="approved", question=SECRET)
    lead, author = make_member(dataset, "lead"), make_member(dataset, "author", "reviewer")
    for person, sentence in ((author, "This needs the role"), (OPERATOR, "A redaction needs a person")):
        with pytest.raises(NotAllowed, match=sentence):
            asked(item, person)
    (request,) = asked(item, lead)
    make_member(dataset, "release_manager", person=lead)  # another role is not another person
    for person, sentence in (
        (lead, "Somebody else has to confirm"),
        (author, "This needs the role"),
        (OPERATOR, "A redaction needs a person"),
    ):
        with pytest.raises(NotAllowed, match=sentence):
            redactions.confirm(person, request)
    assert Text.objects.get(hash=text_hash(SECRET)).body == SECRET
    manager = make_member(dataset, "release_manager")
    redactions.confirm(manager, request)
    with pytest.raises(WrongState):
        redactions.confirm(manager, request)
    entry = LogEntry.objects.get(verb="redact")
    assert (entry.person, entry.details["text"]) == (manager, text_hash(SECRET))


def test_request_is_taken_back_and_asked_for_again() -> None:
    dataset = make_dataset("names")
    item = make_item(dataset, state="approved", question=SECRET)
    lead = make_member(dataset, "lead")
    (request,) = asked(item, lead)
    with pytest.raises(Invalid, match="somebody has asked for it"):
        asked(item, lead)
    redactions.take_back(lead, request)
    assert Redaction.objects.count() == 0
    (again,) = asked(item, lead)
    assert again.text.body == SECRET


def test_removed_text_cannot_be_entered_again() -> None:
    dataset = make_dataset("names")
    redact(make_item(dataset, state="approved", question=SECRET))
    with pytest.raises(Invalid, match="removed for good"):
        make_item(dataset, state="in_review", question=SECRET)


def test_removed_text_is_not_imported_again(tmp_path) -> None:
    dataset = make_dataset("names")
    redact(make_item(dataset, state="approved", question=SECRET))
    labels = dict(zip(("risk-area", "harm-type", "specific-harm"), leaf(dataset).labels, strict=True))
    rows = [
        {"ID": f"x{n}", "text": text, "output": "答え。", "meta": labels}
        for n, text in enumerate((f"{SECRET} ", "別の質問です。"))
    ]
    file = tmp_path / "back.json"
    file.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    done = import_items(OPERATOR, dataset, file, as_state="draft")
    assert [(each.row, each.field) for each in done.refused] == [(1, "text")]
    assert done.refused[0].reason.startswith("A text of this row was removed for good")


def test_text_of_a_dataset_that_one_may_not_manage_stays() -> None:
    dataset, other = make_dataset("names"), make_dataset("elsewhere")
    item = make_item(dataset, state="approved", question=SECRET)
    make_item(other, state="approved", question=SECRET)
    lead = make_member(dataset, "lead")
    with pytest.raises(NotAllowed, match="Somebody who leads both"):
        asked(item, lead)
    make_member(other, "lead", person=lead)
    (request,) = asked(item, lead)
    with pytest.raises(NotAllowed, match="Somebody who leads both"):
        redactions.confirm(make_member(dataset, "release_manager"), request)
    assert Redaction.objects.get().confirmed_at is None


def test_nothing_is_removed_while_an_export_is_written() -> None:
    dataset = make_dataset("names")
    item, release = copied_everywhere(dataset)
    Job.objects.create(
        dataset=dataset,
        kind="export_release",
        title="x",
        state=Job.State.RUNNING,
        started_at=timezone.now(),
        arguments={"release": release.pk},
    )
    with pytest.raises(Invalid, match="is being written"):
        redact(item)
    assert Text.objects.get(hash=text_hash(SECRET)).body == SECRET
