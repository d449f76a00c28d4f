"""An import goes a chunk at a time: what stands in an earlier chunk, or was there before, is known in the next."""

from __future__ import annotations

import json

import pytest

from curation.actions import imports
from curation.actions.imports import import_items
from curation.actions.imports import writing as chunks
from curation.formats.item_mapping import ItemColumns
from curation.log import OPERATOR
from curation.models import Item, LogEntry, Question, Revision
from tests.factories.curation import leaf, make_dataset

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


class Stopped(Exception):
    pass


@pytest.fixture
def dataset(monkeypatch):
    monkeypatch.setattr(imports, "CHUNK", 2)
    monkeypatch.setattr(imports, "PAUSE", 0)
    return make_dataset("chunks")


def lines(path, dataset, rows):
    names = ("risk-area", "harm-type", "specific-harm")
    labels = dict(zip(names, leaf(dataset).labels, strict=True))
    written = (json.dumps(labels | row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text("".join(written), encoding="utf-8")
    return path


def rows(count, **fields):
    return [
        {"ID": f"r{n}", "text": f"{n}番目の質問です。", "output": "答えです。"} | fields for n in range(count)
    ]


def stop_after(chunk):
    def told(done, total):
        if done >= chunk:
            raise Stopped

    return told


def test_each_chunk_is_a_transaction_with_its_own_entry_in_the_log(dataset, tmp_path) -> None:
    heard = []
    file = lines(tmp_path / "a.jsonl", dataset, [*rows(5), {"ID": "r9", "text": " "}])
    done = import_items(OPERATOR, dataset, file, told=lambda n, total: heard.append((n, total)))
    assert (done.created, done.states, heard) == (5, {"in_review": 5}, [(2, 5), (4, 5), (5, 5)])
    entries = LogEntry.objects.filter(verb="import_items").order_by("pk")
    # The fault was known before the first chunk was written.
    assert [entry.details for entry in entries] == [
        {"items": 2, "refused": 1},
        {"items": 2, "refused": 0},
        {"items": 1, "refused": 0},
    ]


def test_what_was_written_before_a_stop_stays_and_the_next_import_writes_the_rest(dataset, tmp_path) -> None:
    file = lines(tmp_path / "a.jsonl", dataset, rows(5))
    with pytest.raises(Stopped):
        import_items(OPERATOR, dataset, file, as_state="approved", told=stop_after(2))
    assert Item.objects.filter(state="approved").count() == 2
    again = import_items(OPERATOR, dataset, file, as_state="approved")
    assert (again.created, again.unchanged, again.refused) == (3, 2, [])
    assert (Item.objects.count(), Revision.objects.count(), Question.objects.count()) == (5, 5, 5)


def test_siblings_share_a_question_across_chunks_and_after_a_stop(dataset, tmp_path) -> None:
    siblings = [
        {"ID": f"q-{n}", "questionID": "q", "text": "同じ質問です。", "output": f"{n}番目の答えです。"}
        for n in range(5)
    ]
    file = lines(tmp_path / "a.jsonl", dataset, siblings)
    with pytest.raises(Stopped):
        import_items(OPERATOR, dataset, file, told=stop_after(2))
    done = import_items(OPERATOR, dataset, file)
    assert (done.created, done.unchanged, done.refused) == (3, 2, [])
    assert (Item.objects.count(), Question.objects.count()) == (5, 1)


def test_a_question_of_an_earlier_chunk_is_known_in_the_next(dataset, tmp_path) -> None:
    file = lines(tmp_path / "a.jsonl", dataset, [*rows(3), {"ID": "again", "text": "０番目の質問です。"}])
    done = import_items(OPERATOR, dataset, file)
    assert (done.created, [(one.row, one.reason) for one in done.refused]) == (
        3,
        [(4, "The same question exists already as r0.")],
    )


def test_questions_of_rejected_items_and_of_other_datasets_are_free(dataset, tmp_path) -> None:
    import_items(OPERATOR, make_dataset("other"), lines(tmp_path / "o.jsonl", dataset, rows(1)))
    import_items(OPERATOR, dataset, lines(tmp_path / "a.jsonl", dataset, rows(2)))
    Item.objects.filter(dataset=dataset, external_id="r1").update(state="rejected")
    fresh = [row | {"ID": f"new-{row['ID']}"} for row in rows(2)]
    done = import_items(OPERATOR, dataset, lines(tmp_path / "b.jsonl", dataset, fresh))
    assert (done.created, [one.values["id"] for one in done.refused]) == (1, ["r0"])


def test_a_dry_run_says_what_the_import_then_does(dataset, tmp_path) -> None:
    given = [*rows(3), {"ID": "q", "text": "答えのない質問です。"}, {"ID": "bad", "text": ""}]
    file = lines(tmp_path / "a.jsonl", dataset, given)
    tried = import_items(OPERATOR, dataset, file, dry_run=True)
    assert (Item.objects.count(), LogEntry.objects.filter(verb="import_items").count()) == (0, 0)
    done = import_items(OPERATOR, dataset, file)
    assert tried == done
    assert (done.created, done.states) == (4, {"in_review": 3, "awaiting_answer": 1})


def test_a_chunk_asks_as_often_whatever_the_dataset_holds(
    dataset, tmp_path, django_assert_num_queries
) -> None:
    def asked(name, first):
        given = [
            row | {"ID": f"{name}{n}", "text": f"{name}の{n}番目です。"} for n, row in enumerate(rows(2))
        ]
        file = lines(tmp_path / f"{name}.jsonl", dataset, given)
        with django_assert_num_queries(first):
            import_items(OPERATOR, dataset, file, dry_run=True)

    # Leaves; of the chunk its ids, questions and removed answers; at the end five for the caps.
    asked("a", QUERIES)
    import_items(OPERATOR, dataset, lines(tmp_path / "b.jsonl", dataset, rows(3)))
    asked("c", QUERIES)


QUERIES = 9


def test_words_of_a_person_for_categories_are_mapped(dataset, tmp_path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "番号,お題,こたえ,わけ\n1,最初の問いですか。,答え,いじめ\n2,次の問いですか。,答え,不明\n",
        encoding="cp932",
    )
    columns = ItemColumns(
        columns={"id": "番号", "question": "お題", "answer": "こたえ", "category": "わけ"},
        categories={"いじめ": " > ".join(leaf(dataset).labels)},
    )
    done = import_items(OPERATOR, dataset, path, columns=columns)
    assert (done.created, done.unknown) == (1, {"不明": 1})
    assert [(one.row, one.field) for one in done.refused] == [(2, "category")]
    assert list(Item.objects.values_list("external_id", "category")) == [("1", leaf(dataset).pk)]
    assert chunks.CHUNK == 500
