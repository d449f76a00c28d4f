"""Commands given what they cannot use: a sentence, the right exit code, and not a row more than before."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from curation.actions.backups import backup
from curation.errors import Invalid
from tests.factories.curation import make_dataset
from tests.rig.commands import counts, ended

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)
OBJECTS = ("create_endpoint", "create_judge", "train", "load_taxonomy")
ROWS = {
    "import_items": (),
    "import_release": ("--name", "pub-1"),
    "import_translations": ("--locale", "en"),
    "import_ratings": ("--task", "t"),
}
UNUSABLE = {
    "empty": b"",
    "png": PNG,
    "utf-16": '{"name": "あ"}'.encode("utf-16"),
    "cut off": b'[{"ID": "a", "text": "\xe3\x81\x82',
    "deep array": b"[" * 100_000,
    "deep object": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "long number": b'{"name": ' + b"9" * 5000 + b"}",
    "number": b"5",
    "null": b"null",
    "empty array": b"[]",
}


def write(folder: Path, content: bytes | str, name: str = "given.json") -> Path:
    place = folder / name
    place.write_bytes(content if isinstance(content, bytes) else content.encode())
    return place


@pytest.mark.parametrize("command", [*OBJECTS, *ROWS])
def test_file_that_is_none_ends_with_two_and_writes_nothing(command: str, tmp_path: Path) -> None:
    make_dataset(slug="demo")
    before = counts()
    for place in (tmp_path / "missing.json", tmp_path):
        code, said = ended(command, place, *ROWS.get(command, ()))
        assert (code, place.name in said) == (2, True), said
    for name, content in UNUSABLE.items():
        code, said = ended(command, write(tmp_path, content), *ROWS.get(command, ()))
        assert code == 2, (name, said)
        assert not any(word in said for word in ("Traceback", "subscriptable", "codec")), said
    assert counts() == before


@pytest.mark.parametrize("value", ["\\u0000", "\\ud800"])
@pytest.mark.parametrize("command", OBJECTS)
def test_character_that_no_database_keeps_is_named_with_its_place(
    command: str, value: str, tmp_path: Path
) -> None:
    make_dataset(slug="demo")
    before = counts()
    code, said = ended(command, write(tmp_path, f'{{"name": {{"inner": ["a{value}"]}}}}'))
    assert (code, "name.inner.1" in said) == (2, True), said
    assert counts() == before


def test_infinite_number_in_the_settings_of_an_endpoint_is_refused(tmp_path: Path) -> None:
    make_dataset(slug="demo")
    spec = '{"name": "e", "url": "http://127.0.0.1:1/v1", "model": "m", "settings": {"temperature": 1e999}}'
    code, said = ended("create_endpoint", write(tmp_path, spec))
    assert (code, "settings.temperature" in said) == (2, True), said


def test_cp932_object_is_read(tmp_path: Path) -> None:
    make_dataset(slug="demo")
    spec = '{"name": "判定者", "model": "表示"}'.encode("cp932")
    assert ended("create_judge", write(tmp_path, spec))[0] == 0


@pytest.mark.parametrize("command", ["import_items", "import_release"])
def test_id_longer_than_its_column_is_set_apart_by_row(command: str, tmp_path: Path) -> None:
    """The column has 120 characters; PostgreSQL would end the whole import."""
    dataset = make_dataset(slug="demo")
    labels = dataset.taxonomy.categories.filter(level=3).first().labels
    meta = dict(zip(("risk-area", "types-of-harm", "specific-harms"), labels, strict=True))
    rows = [
        {"ID": "x" * n, "text": f"質問その{n}", "output": f"回答その{n}", "meta": meta} for n in (120, 121)
    ]
    code, said = ended(command, write(tmp_path, json.dumps(rows)), *ROWS[command])
    assert code == 3
    assert all(part in said for part in ("row", "2", "121 characters", "120")), said


def test_language_tag_longer_than_its_column_is_set_apart(tmp_path: Path) -> None:
    make_dataset(slug="demo")
    row = '{"id": "a", "locale": "zh-Hant-extended", "question": "q"}\n'
    code, said = ended("import_translations", write(tmp_path, row, "t.jsonl"))
    assert (code, "locale" in said and "at most 10" in said) == (3, True), said


def test_release_without_a_usable_row_is_not_registered(tmp_path: Path) -> None:
    make_dataset(slug="demo")
    before = counts()
    code, said = ended("import_release", write(tmp_path, '[1, {"ID": "a"}]'), "--name", "pub-1")
    assert (code, "row 1" in said) == (2, True), said
    assert counts() == before


@pytest.mark.parametrize("name", ["../x", "a/b", "x" * 61, "a\nb", "freeze", " a", ""])
def test_registered_release_has_a_name_that_an_address_and_a_column_can_hold(
    name: str, tmp_path: Path
) -> None:
    make_dataset(slug="demo")
    before = counts()
    place = write(tmp_path, '[{"ID": "a", "text": "質問", "output": "回答"}]')
    assert ended("import_release", place, f"--name={name}")[0] == 2
    assert counts() == before


def test_ratings_without_a_usable_row_make_no_task(tmp_path: Path) -> None:
    make_dataset(slug="demo")
    before = counts()
    rows = [
        {"item": "a", "model": "m", "rater": "r\u0007", "score": 3},
        {"item": "a", "model": "m", "rater": "r", "score": 9},
    ]
    place = write(tmp_path, "".join(json.dumps(row) + "\n" for row in rows), "r.jsonl")
    code, said = ended("import_ratings", place, "--task", "t")
    assert (code, "row 1, rater" in said, "row 2, score" in said) == (2, True, True), said
    assert counts() == before
    assert ended("import_ratings", place, "--task", "t\nu")[0] == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title_ja": "あ" * 121}, "title_ja"),
        ({"name": "n" * 41}, "name"),
        ({"categories": {"label": "x"}}, "categories"),
        ({"categories": [{"label": "x" * 256}]}, "categories.1.label"),
        ({"categories": [{"label": "a", "children": [5]}]}, "categories.1.children"),
        ({"categories": [{"label": "a", "quota": [1]}]}, "categories.1.quota"),
        ({"categories": [{"label": 5}]}, "categories.1.label"),
    ],
)
def test_taxonomy_of_another_shape_is_refused_with_its_place(
    change: dict[str, Any], field: str, tmp_path: Path
) -> None:
    tree = {"name": "mine", "title_ja": "題", "title_en": "title", "categories": [{"label": "a"}]}
    before = counts()
    code, said = ended("load_taxonomy", write(tmp_path, json.dumps(tree | change)), "--json")
    answer = json.loads(said[said.index('{"error"') :])
    assert (code, answer["field"]) == (2, field), said
    assert counts() == before


def test_title_longer_than_its_column_is_refused() -> None:
    taxonomy = make_dataset(slug="demo").taxonomy
    before = counts()
    call = ("create_dataset", "other", "--taxonomy", taxonomy.name)
    assert ended(*call, "--title", "x" * 121)[0] == 2
    assert ended("create_dataset", "x" * 61, "--taxonomy", taxonomy.name)[0] == 2
    assert ended("create_dataset", "../x", "--taxonomy", taxonomy.name)[0] == 2
    assert counts() == before


@pytest.mark.parametrize("terms", ['{"name": ["a"]}', '{"name": "n", "gate": "wide"}', "[1]", "{", "{}"])
def test_terms_of_another_shape_are_refused(terms: str, tmp_path: Path) -> None:
    make_dataset(slug="demo")
    items = write(tmp_path, '[{"ID": "a", "text": "質問", "output": "回答"}]', "items.json")
    before = counts()
    assert ended("import_items", items, "--rights", write(tmp_path, terms))[0] == 2
    assert counts() == before


def _archive(place: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return place


def _manifest(name: str, rows: int) -> bytes:
    return json.dumps({"format": 1, "rows": {name: rows}, "sha256": {name: "0" * 64}}).encode()


def test_backup_that_was_tampered_with_restores_nothing(tmp_path: Path) -> None:
    name = "curation.dataset.jsonl"
    row = {"model": "curation.dataset", "pk": 1, "fields": {}}
    rows = {
        "unknown field": row | {"fields": {"nothing": 1}},
        "wrong kind": row | {"fields": {"taxonomy": "x"}},
        "fields missing": row | {"fields": {}},
        "refers to nothing": row | {"fields": {"slug": "a", "name": "a", "taxonomy": 77}},
        "a list": [1],
        "another model": row | {"model": "curation.person"},
    }
    before = counts()
    for what, given in rows.items():
        line = json.dumps(given).encode() + b"\n"
        place = _archive(tmp_path / "b.zip", {"manifest.json": _manifest(name, 1), name: line})
        code, said = ended("restore", place)
        assert (code, "backup" in said) == (2, True), (what, said)
    for content in (b"", PNG, b"PK\x03\x04" + bytes(50)):
        assert ended("restore", write(tmp_path, content))[0] == 2
    assert ended("restore", tmp_path)[0] == ended("restore", tmp_path / "missing.zip")[0] == 2
    assert counts() == before


def test_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that no row can be, and more rows than the manifest counts, end the reading at once."""
    from curation.actions import backups

    monkeypatch.setattr(backups, "LONGEST_LINE", 1000)
    name = "curation.text.jsonl"
    long = _archive(tmp_path / "a.zip", {"manifest.json": _manifest(name, 1), name: b"0" * 5_000_000})
    many = _archive(tmp_path / "b.zip", {"manifest.json": _manifest(name, 0), name: b"{}\n" * 100_000})
    for place in (long, many):
        code, said = ended("restore", place)
        assert (code, "damaged" in said) == (2, True), said


def test_flipped_bytes_of_a_backup_are_noticed(tmp_path: Path) -> None:
    place = tmp_path / "sound.zip"
    backup(place)
    content = bytearray(place.read_bytes())
    for at in range(40, min(len(content), 400), 40):
        content[at] ^= 0xFF
    broken = write(tmp_path, bytes(content), "broken.zip")
    assert ended("restore", broken)[0] == 2


def test_folder_that_is_none_cannot_be_verified(tmp_path: Path) -> None:
    for place in (tmp_path / "missing", write(tmp_path, b"x")):
        code, said = ended("verify_release", place)
        assert (code, place.name in said) == (2, True), said
    assert ended("verify_release", tmp_path)[0] == 1  # a folder, but none of an export


def test_value_that_does_not_fit_its_column_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's DataError, wherever a check before it was forgotten."""
    from django.db import DataError

    from curation.management.commands.load_taxonomy import Command

    def act(self: Any, **_: Any) -> None:
        raise DataError("value too long for type character varying(120)")

    monkeypatch.setattr(Command, "act", act)
    code, said = ended("load_taxonomy", "ac2")
    assert (code, "nothing was written" in said) == (2, True)


def test_endpoint_from_a_form_is_checked_like_one_from_a_file() -> None:
    from curation.actions.endpoints import create_endpoint
    from curation.log import OPERATOR

    spec = {"name": "e", "url": "http://127.0.0.1:1/v1", "model": "a\x00b"}
    with pytest.raises(Invalid) as caught:
        create_endpoint(OPERATOR, make_dataset(slug="demo"), spec)
    assert caught.value.field == "model"
