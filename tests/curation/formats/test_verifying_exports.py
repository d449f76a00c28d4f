"""Verification from files alone: a sound export has no problem, and every tampering is named."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from curation.formats.writing import FORMATS, export, verification, verify
from curation.formats.writing.exporting import write_sums
from tests.curation.formats.release_rows import DESCRIPTION, ROWS, TABLES


def test_every_format_verifies_and_loads_back(tmp_path: Path) -> None:
    export(ROWS, DESCRIPTION, tmp_path / "out", formats=["all"], tables=TABLES)
    found = verification(tmp_path / "out")
    assert found.problems == []
    assert found.skipped == []
    assert found.checked == ["SHA256SUMS", "ITEMS.jsonl", "MANIFEST", *FORMATS]
    assert found.loaded == ["pandas", "datasets", "mlcroissant"]


def test_hub_folder_alone_loads_back_with_an_empty_split(tmp_path: Path) -> None:
    export(ROWS[:2], DESCRIPTION, tmp_path / "out", formats=["hf"])
    assert verify(tmp_path / "out") == []


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_alone_and_with_other_options_verifies(tmp_path: Path, name: str) -> None:
    export(
        ROWS,
        DESCRIPTION,
        tmp_path / "out",
        formats=[name],
        output_field="output-sample",
        meta_order="hf",
        csv_encoding="utf-8-sig",
        training_splits=("dev", "test"),
    )
    assert verify(tmp_path / "out", deep=False) == []


def _change_byte(folder: Path) -> None:
    file = folder / "jsonl/dev.jsonl"
    file.write_bytes(file.read_bytes().replace("無断".encode(), "無許".encode()))


def _remove(folder: Path) -> None:
    (folder / "ac/test.json").unlink()


def _add(folder: Path) -> None:
    (folder / "csv/extra.csv").write_text("x")


def _link(folder: Path) -> None:
    (folder / "ac/link.json").symlink_to("/etc/hostname")


def _escape(folder: Path) -> None:
    sums = folder / "SHA256SUMS"
    sums.write_text(sums.read_text() + "0" * 64 + "  ../../etc/passwd\n")


@pytest.mark.parametrize(
    ("tamper", "file", "reason"),
    [
        (_change_byte, "jsonl/dev.jsonl", "does not match its SHA-256"),
        (_remove, "ac/test.json", "is listed, but there is no such file"),
        (_add, "csv/extra.csv", "is not listed in SHA256SUMS"),
        (_link, "ac/link.json", "is not listed in SHA256SUMS"),
        (_escape, "SHA256SUMS", "is not a hash, two spaces and a path inside the folder"),
    ],
)
def test_tampering_is_named(tmp_path: Path, tamper: Callable[[Path], None], file: str, reason: str) -> None:
    folder = tmp_path / "out"
    export(ROWS, DESCRIPTION, folder, formats=["ac", "jsonl", "csv"])
    tamper(folder)
    problems = verify(folder, deep=False)
    assert any(problem.file == file and reason in problem.reason for problem in problems)


def _reorder(folder: Path) -> None:
    file = folder / "jsonl/dev.jsonl"
    lines = file.read_text(encoding="utf-8").split("\n")[:2]
    file.write_text("\n".join(reversed(lines)) + "\n", encoding="utf-8")


def _respace(folder: Path) -> None:
    file = folder / "pandas/dev.json"
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8"))), encoding="utf-8")


def _rename_key(folder: Path) -> None:
    file = folder / "ac/dev.json"
    file.write_text(
        file.read_text(encoding="utf-8").replace('"harm-type"', '"types-of-harm"'), encoding="utf-8"
    )


def _drop_row(folder: Path) -> None:
    file = folder / "messages/dev.jsonl"
    file.write_text(file.read_text(encoding="utf-8").split("\n")[0] + "\n", encoding="utf-8")


def _retext(folder: Path) -> None:
    file = folder / "text/dev.jsonl"
    file.write_text(file.read_text(encoding="utf-8").replace("無断", "無許"), encoding="utf-8")


def _garble(folder: Path) -> None:
    (folder / "parquet/dev.parquet").write_bytes(b"PAR1 not really PAR1")


def _no_terms(folder: Path) -> None:
    (folder / "TERMS.txt").unlink()


def _resplit(folder: Path) -> None:
    file = folder / "ids/ids.csv"
    file.write_text(file.read_text(encoding="utf-8").replace(",dev,", ",test,", 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("tamper", "file", "reason"),
    [
        (_reorder, "jsonl/dev.jsonl", "item 1 is made-up-0002, the list has made-up-0001 there"),
        (_respace, "pandas/dev.json", "the bytes are not those that pandas writes"),
        (_rename_key, "ac/dev.json", "cannot be read"),
        (_drop_row, "messages/dev.jsonl", "holds 1 items, the list 2"),
        (_retext, "text/dev.jsonl", "the answer of item 1 (made-up-0001) is not the released one"),
        (_garble, "parquet/dev.parquet", "cannot be read"),
        (_no_terms, "TERMS.txt", "is missing"),
        (_resplit, "ids/ids.csv", "the split of item 1 (made-up-0001) is not the released one"),
    ],
)
def test_change_is_named_even_where_the_sums_were_made_anew(
    tmp_path: Path, tamper: Callable[[Path], None], file: str, reason: str
) -> None:
    folder = tmp_path / "out"
    export(ROWS, DESCRIPTION, folder, formats=["ac", "pandas", "jsonl", "messages", "text", "parquet", "ids"])
    tamper(folder)
    write_sums(folder)
    problems = verify(folder, deep=False)
    assert [problem.file for problem in problems] == [file]
    assert reason in problems[0].reason


def test_description_that_points_elsewhere_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    export(ROWS, DESCRIPTION, folder, formats=["hf"])
    croissant = folder / "croissant.json"
    text = croissant.read_text(encoding="utf-8")
    croissant.write_text(text.replace("data/dev-00000", "http://example.invalid/dev-00000"), encoding="utf-8")
    write_sums(folder)
    assert [problem.file for problem in verify(folder)] == ["croissant.json"]


@pytest.mark.parametrize(
    "manifest", ["", "[]", "{}", '{"formats": {"../x": "."}, "items": [], "options": {}}', "[" * 9000]
)
def test_broken_manifest_is_a_problem_and_no_crash(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "MANIFEST").write_text(manifest)
    write_sums(tmp_path)
    assert [problem.file for problem in verify(tmp_path)] == ["MANIFEST"]


def test_folder_that_is_none_is_a_problem(tmp_path: Path) -> None:
    assert [problem.reason for problem in verify(tmp_path / "nowhere")] == ["is not a folder"]
