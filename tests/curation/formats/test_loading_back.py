"""Files loaded back with pandas, datasets and mlcroissant: awkward texts survive, and each library's view is compared."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from curation.formats.writing import FORMATS, HumanTable, UnwritableRelease, export, verification, verify
from curation.formats.writing.manifest import write_sums
from curation.formats.writing.verifying.listing import read_manifest
from curation.formats.writing.verifying.loading import load_back
from curation.formats.writing.verifying.report import Verification
from tests.curation.formats.release_rows import DESCRIPTION, ROWS, TABLES

AWKWARD_IDS = [
    "001",
    "1e5",
    "NA",
    "null",
    "TRUE",
    "2026-01-01",
    "=1",
    "'x",
    "1_000",
    "nan",
    " a",
    "-",
    "0x1F",
    "é",
]
AWKWARD = [
    "\r",
    "\r\n",
    "\n\n",
    '"',
    '""',
    "'=1",
    "\\",
    "/\\/",
    "\u2028",
    "\x1f\x7f",
    "NaN",
    "1.0",
    "\ufeff",
    " 空白 ",
]


def test_awkward_ids_and_texts_are_the_same_in_every_library(tmp_path: Path) -> None:
    rows = [
        replace(
            ROWS[0],
            position=at,
            external_id=name,
            question=text,
            answer=text * 2,
            split="test" if at % 3 == 0 else "dev",
            translations={"en": {"question": text, "answer": None}},
        )
        for at, (name, text) in enumerate(zip(AWKWARD_IDS, AWKWARD, strict=True))
    ]
    export(rows, DESCRIPTION, tmp_path / "out", formats=["all"], training_splits=("dev", "test"))
    found = verification(tmp_path / "out")
    assert (found.problems, found.loaded) == ([], ["pandas", "datasets", "mlcroissant"])


def test_each_library_is_compared_with_the_list(tmp_path: Path) -> None:
    export(ROWS, DESCRIPTION, tmp_path / "a", formats=["all"])
    other = [replace(row, answer=row.answer + "。") for row in ROWS]
    export(other, DESCRIPTION, tmp_path / "b", formats=["all"])
    manifest, found = read_manifest(tmp_path / "a", Verification()), Verification()
    assert manifest is not None
    load_back(tmp_path / "b", manifest, found)
    named = {(problem.file.rpartition("(")[2].rstrip(")"), problem.file) for problem in found.problems}
    with_texts = set(FORMATS) - {"ids"}
    for library, told in {"pandas": with_texts, "datasets": with_texts - {"hf"}}.items():
        assert {file.split("/")[0] for by, file in named if by == library and "/" in file} - {"ids"} == told
    assert ("datasets", "dev of hf (datasets)") in named
    assert ("mlcroissant", "test of croissant.json (mlcroissant)") in named


def test_tables_of_people_are_checked_and_load_as_configs(tmp_path: Path) -> None:
    import datasets

    export(ROWS, DESCRIPTION, tmp_path / "out", formats=["hf", "csv", "jsonl"], tables=TABLES)
    assert verify(tmp_path / "out") == []
    folder, cache = str(tmp_path / "out/hf"), str(tmp_path / "cache")
    raw = datasets.load_dataset(folder, "ratings_raw", split="full", cache_dir=cache)
    assert raw[1] == {"item": "-4", "rater": "=R2", "score": None, "weight": 1.0, "decided": False}
    assert datasets.load_dataset(folder, split="dev", cache_dir=cache).num_rows == 2
    lines = (tmp_path / "out/csv/tables/ratings_raw.csv").read_text(encoding="utf-8").splitlines()
    assert lines[2] == "'-4,'=R2,,1.0,false"
    manifest = json.loads((tmp_path / "out/MANIFEST").read_text(encoding="utf-8"))
    assert [(told["name"], told["rows"]) for told in manifest["tables"]] == [
        ("ratings_raw", 3),
        ("ratings_by_item", 2),
    ]


def test_ids_alone_go_without_tables(tmp_path: Path) -> None:
    files = export(ROWS, DESCRIPTION, tmp_path / "out", formats=["ids"], tables=TABLES)
    assert [path.name for path in files if path.parent.name == "tables"] == []


@pytest.mark.parametrize(
    ("table", "word"),
    [
        (HumanTable("default", {"a": "text"}, []), "cannot be named"),
        (HumanTable("../x", {"a": "text"}, []), "cannot be named"),
        (HumanTable("t", {"A b": "text"}, []), "Columns"),
        (HumanTable("t", {"a": "date"}, []), "unknown type"),
        (HumanTable("t", {"a": "integer"}, [(True,)]), "no integer"),
        (HumanTable("t", {"a": "integer"}, [(2**63,)]), "too large"),
        (HumanTable("t", {"a": "number"}, [(float("nan"),)]), "finite"),
        (HumanTable("t", {"a": "text"}, [("x\0",)]), "NUL"),
        (HumanTable("t", {"a": "text"}, [("x", "y")]), "2 cells"),
    ],
)
def test_table_that_cannot_be_read_back_stops_the_export(
    tmp_path: Path, table: HumanTable, word: str
) -> None:
    with pytest.raises(UnwritableRelease, match=word):
        export(ROWS, DESCRIPTION, tmp_path / "out", formats=["jsonl"], tables=[table])
    assert list(tmp_path.iterdir()) == []


def test_what_the_hub_adds_to_a_download_is_no_problem(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    export(ROWS, DESCRIPTION, folder, formats=["hf"], tables=TABLES)
    (folder / ".gitattributes").write_text("*.parquet filter=lfs\n")
    (folder / ".cache/huggingface").mkdir(parents=True)
    (folder / ".cache/huggingface/CACHEDIR.TAG").write_text("x")
    found = verification(folder)
    assert (found.problems, found.loaded) == ([], ["pandas", "datasets", "mlcroissant"])


def _rate(folder: Path) -> None:
    file = folder / "csv/tables/ratings_raw.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("R1,3", "R1,4"), encoding="utf-8")


def _context(folder: Path) -> None:
    _in_croissant(
        folder, '"@language": "en"', '"@import": "http://example.invalid/c.jsonld",\n    "@language": "en"'
    )


def _nested(folder: Path) -> None:
    _in_croissant(
        folder, '"@type": "cr:RecordSet"', '"@context": "http://example.invalid/", "@type": "cr:RecordSet"'
    )


def _in_croissant(folder: Path, old: str, new: str) -> None:
    file = folder / "hf/croissant.json"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def _card(folder: Path) -> None:
    file = folder / "hf/README.md"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("path: data/dev-", "path: hf://datasets/x/y/dev-"), encoding="utf-8")


def _script(folder: Path) -> None:
    (folder / "hf/hf.py").write_text("raise SystemExit('was run')")


@pytest.mark.parametrize(
    ("tamper", "file", "reason"),
    [
        (_rate, "csv:tables/ratings_raw.csv", "does not hold the rows that the manifest describes"),
        (_context, "croissant.json", "has a context that is not the export's own"),
        (_nested, "croissant.json", "has a context that is not the export's own"),
        (_card, "README.md", "does not name exactly the files of the export"),
        (_script, "hf.py", "is no file of an export, so the folder was not loaded"),
    ],
)
def test_what_would_lead_a_library_astray_is_named_and_not_followed(
    tmp_path: Path, tamper: Callable[[Path], None], file: str, reason: str
) -> None:
    folder = tmp_path / "out"
    export(ROWS, DESCRIPTION, folder, formats=["hf", "csv"], tables=TABLES)
    tamper(folder)
    write_sums(folder)
    assert [(problem.file, problem.reason) for problem in verify(folder)] == [(file, reason)]
