"""What the files of an export say about hashes: everything can be made again from them, also where texts are gone."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from curation.formats.writing import FORMATS, ReleaseRow, UnwritableRelease, export, verification, verify
from curation.formats.writing.manifest import write_sums
from curation.release_hashes import root_hash, row_hash
from curation.similar import text_hash
from tests.curation.formats.release_rows import DESCRIPTION, ROWS

ORDERED = sorted(ROWS, key=lambda row: row.position)
HASHED = [replace(row, content_hash=row.computed_hash()) for row in ORDERED]
ROOT = root_hash((row.position, row.external_id, row.split, row.content_hash) for row in HASHED)


def lines_of(folder: Path) -> list[dict[str, Any]]:
    with (folder / "ITEMS.jsonl").open(encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def manifest_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "MANIFEST").read_text(encoding="utf-8"))
    return found


def redacted(row: ReleaseRow) -> ReleaseRow:
    """The row as it is once its question is a tombstone: hashes stay."""
    question, answer, translated = row.hashes()
    return replace(
        row,
        question="",
        answer="",
        translations={locale: dict.fromkeys(parts) for locale, parts in row.translations.items()},
        redacted=True,
        content_hash=row.computed_hash(),
        question_sha256=question,
        answer_sha256=answer or "",
        translations_sha256=translated,
    )


def test_a_line_holds_all_that_its_content_hash_is_made_of(tmp_path: Path) -> None:
    export(ROWS, DESCRIPTION, tmp_path / "out", formats=["jsonl"])
    for row, line in zip(ORDERED, lines_of(tmp_path / "out"), strict=True):
        made = row_hash(
            question=line["question_sha256"],
            answer=line["answer_sha256"],
            labels=line["labels"],
            attributes=line["attributes"],
            sources=line["sources"],
            translations=line["translations"],
        )
        assert (line["content_hash"], line["question_sha256"]) == (made, text_hash(row.question))
    assert manifest_of(tmp_path / "out")["root_hash"] == ROOT


def test_rows_that_come_one_by_one_give_the_same_bytes(tmp_path: Path) -> None:
    def coming() -> Iterator[ReleaseRow]:
        yield from ORDERED

    described = replace(DESCRIPTION, locales=("ko", "en"), root_hash=ROOT)
    first = export(ROWS, DESCRIPTION, tmp_path / "a", formats=["all"])
    second = export(coming(), described, tmp_path / "b", formats=["all"])
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_known_hashes_are_taken_as_they_are(tmp_path: Path) -> None:
    question, answer, translated = ORDERED[1].hashes()
    known = replace(
        ORDERED[1],
        question_sha256=question,
        answer_sha256=answer or "",
        translations_sha256=translated,
        content_hash=ORDERED[1].computed_hash(),
    )
    export([*ORDERED[:1], known, *ORDERED[2:]], DESCRIPTION, tmp_path / "a", formats=["jsonl"])
    export(ROWS, DESCRIPTION, tmp_path / "b", formats=["jsonl"])
    assert (tmp_path / "a/ITEMS.jsonl").read_bytes() == (tmp_path / "b/ITEMS.jsonl").read_bytes()


@pytest.mark.parametrize(
    ("rows", "change", "word"),
    [
        (ORDERED[:3], {"root_hash": ROOT}, "root hash"),
        (ORDERED[::-1], {"locales": ("en", "ko")}, "before the item ahead"),
        (ORDERED, {"locales": ("en",)}, "locale"),
    ],
)
def test_rows_that_are_not_the_release_are_not_written(
    tmp_path: Path, rows: list[ReleaseRow], change: dict[str, Any], word: str
) -> None:
    with pytest.raises(UnwritableRelease, match=word):
        export(iter(rows), replace(DESCRIPTION, **change), tmp_path / "out", formats=["all"])
    assert list(tmp_path.iterdir()) == []


def test_redacted_item_stands_in_no_file_with_texts_and_the_root_still_verifies(tmp_path: Path) -> None:
    rows = [redacted(ORDERED[0]), *ORDERED[1:]]
    folder = tmp_path / "out"
    export(rows, replace(DESCRIPTION, root_hash=ROOT), folder, formats=["all"])
    found = verification(folder)
    assert (found.problems, found.loaded) == ([], ["pandas", "datasets", "mlcroissant"])
    assert manifest_of(folder)["counts"] == {"dev": 2, "test": 2}
    assert manifest_of(folder)["redacted"] == {"dev": 1, "test": 0}
    assert lines_of(folder)[0]["redacted"] == ["item"]
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*.*")
        if path.is_file()
    }
    naming = sorted(name for name, body in files.items() if b"made-up-0001" in body)
    assert naming == ["ITEMS.jsonl", "ids/ids.csv"]
    assert [name for name, body in files.items() if "勝手に使う方法".encode() in body] == []


def test_translation_that_was_redacted_is_null_and_named(tmp_path: Path) -> None:
    row = ORDERED[2]
    _, _, translated = row.hashes()
    parts = {**row.translations, "en": {**row.translations["en"], "answer": None}}
    lost = replace(row, translations=parts, translations_sha256=translated, content_hash=row.computed_hash())
    folder = tmp_path / "out"
    export([*ORDERED[:2], lost, ORDERED[3]], replace(DESCRIPTION, root_hash=ROOT), folder, formats=["all"])
    assert lines_of(folder)[2]["redacted"] == ["en/answer"]
    assert verify(folder, deep=False) == []


def test_ids_alone_hold_neither_attributes_nor_sources(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    export(ROWS, DESCRIPTION, folder, formats=["ids"])
    assert [set(line) & {"attributes", "sources"} for line in lines_of(folder)] == [set()] * 4
    everything = b"".join(path.read_bytes() for path in folder.iterdir()).decode()
    assert ("example.invalid" in everything, "regional" in everything) == (False, False)
    assert verify(folder) == []


def test_ids_of_a_release_without_labels_and_answers_are_written(tmp_path: Path) -> None:
    bare = [replace(row, labels=(), answer="", question="", question_sha256="0" * 64) for row in ORDERED]
    export(bare, DESCRIPTION, tmp_path / "out", formats=["ids"])
    assert verify(tmp_path / "out", deep=False) == []
    assert [line["answer_sha256"] for line in lines_of(tmp_path / "out")] == [None] * 4


def _edit(folder: Path, number: int, **change: Any) -> None:
    lines = lines_of(folder)
    lines[number] |= change
    text = "".join(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n" for line in lines)
    (folder / "ITEMS.jsonl").write_text(text, encoding="utf-8")


def _swap(folder: Path) -> None:
    lines = (folder / "ITEMS.jsonl").read_text(encoding="utf-8").splitlines()
    (folder / "ITEMS.jsonl").write_text("\n".join([lines[1], lines[0], *lines[2:]]) + "\n", encoding="utf-8")


def _root(folder: Path) -> None:
    manifest = folder / "MANIFEST"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace(ROOT, "0" * 64), encoding="utf-8")


@pytest.mark.parametrize(
    ("tamper", "file", "reason"),
    [
        (lambda f: _edit(f, 0, attributes={"x": 1}), "ITEMS.jsonl", "content hash of item 1 (made-up-0001)"),
        (lambda f: _edit(f, 1, sources=[]), "ITEMS.jsonl", "content hash of item 2"),
        (
            lambda f: _edit(f, 0, translations={"en": {"question": "0" * 64}}),
            "ITEMS.jsonl",
            "content hash of item 1",
        ),
        (lambda f: _edit(f, 0, translations={"xx": {}}), "ITEMS.jsonl", "cannot be read"),
        (
            lambda f: _edit(f, 3, split="dev"),
            "MANIFEST",
            "names a root hash that is not the one of its items",
        ),
        (lambda f: _edit(f, 3, ID="made-up-0001"), "ITEMS.jsonl", "stands there twice"),
        (lambda f: _edit(f, 3, position="3"), "ITEMS.jsonl", "cannot be read"),
        (lambda f: _edit(f, 3, redacted=["item"]), "MANIFEST", "as redacted"),
        (_swap, "ITEMS.jsonl", "out of order"),
        (_root, "MANIFEST", "names a root hash"),
        (lambda f: (f / "ITEMS.jsonl").unlink(), "ITEMS.jsonl", "cannot be read"),
        (lambda f: (f / "ITEMS.jsonl").write_text("[" * 9000), "ITEMS.jsonl", "cannot be read"),
    ],
)
def test_list_that_was_changed_is_named_though_the_sums_were_made_anew(
    tmp_path: Path, tamper: Callable[[Path], None], file: str, reason: str
) -> None:
    folder = tmp_path / "out"
    export(ROWS, DESCRIPTION, folder, formats=["jsonl", "ids"])
    tamper(folder)
    write_sums(folder)
    problems = verify(folder)
    assert any(problem.file == file and reason in problem.reason for problem in problems), problems


def test_every_format_shows_a_text_that_was_changed(tmp_path: Path) -> None:
    """Each reader compares: texts of another release behind the same ids are found in every format that has texts."""
    export(ROWS, DESCRIPTION, tmp_path / "a", formats=["all"])
    other = [replace(row, answer=row.answer + "。") for row in ROWS]
    export(other, DESCRIPTION, tmp_path / "b", formats=["all"])
    for name in ("MANIFEST", "ITEMS.jsonl"):
        (tmp_path / "b" / name).write_bytes((tmp_path / "a" / name).read_bytes())
    write_sums(tmp_path / "b")
    named = {problem.file.split("/")[0] for problem in verify(tmp_path / "b")}
    assert named == set(FORMATS)
