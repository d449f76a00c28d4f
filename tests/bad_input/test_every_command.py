"""Every command with wrong words, wrong numbers and wrong files: a sentence, the right exit code, nothing written."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command, get_commands

from annotation.models import PartnerServer
from tests.factories.curation import make_member
from tests.factories.whole import Whole, make_whole
from tests.rig.command_calls import ANYBODY, CALLS, FILES, FOREIGN, NO_DATASET, OBJECTS, OF_OBJECTS, WRONG
from tests.rig.commands import FLOORS, counts, ended

pytestmark = pytest.mark.django_db

EVERY = sorted(name for name, app in get_commands().items() if app in FLOORS)
# Tested where servers and whole systems are: serve starts programs, load_demo and doctor take no input; import_study
# has two files and a mapping, and tests of its own; so has import_gold, which sets apart what another command refuses.
ELSEWHERE = {"serve", "load_demo", "doctor", "import_study", "import_gold"}


@pytest.fixture
def whole() -> Whole:
    made = make_whole()
    PartnerServer.objects.all().delete()  # none is named: that is told before anything is written
    return made


def call_of(name: str, folder: Path, file: Path | str) -> list[str]:
    words = {"{file}": str(file), "{new}": str(folder / "new.jsonl")}
    return [name, *(words.get(word, word) for word in CALLS[name])]


def test_every_command_is_here() -> None:
    assert set(EVERY) - {*CALLS, *ELSEWHERE} == set()


def places_of(whole: Whole, folder: Path) -> dict[str, str]:
    full, file = folder / "full", folder / "given.jsonl"
    full.mkdir()
    (full / "mine.txt").write_text("x")
    file.write_text(
        '{"item": "q", "model": "m", "rater": "r", "score": 3, "judge": "j", "ID": "a", "question": "q"}'
    )
    first = whole.release.items.first()
    assert first is not None
    return {
        "{new}": str(folder / "new"),
        "{full}": str(full),
        "{file}": str(file),
        "{below}": str(file / "below.csv"),
        "{folder}": str(folder),
        "{no folder}": str(folder / "no" / "such.zip"),
        "{id}": first.external_id,
    }


@pytest.mark.both_databases
def test_wrong_words_and_numbers_end_with_two_and_write_nothing(whole: Whole, tmp_path: Path) -> None:
    places = places_of(whole, tmp_path)
    before = counts()
    for name, calls in WRONG.items():
        for call in calls:
            code, said = ended(name, *(places.get(word, word) for word in call))
            assert (code, bool(said.strip()), "Traceback" in said) == (2, True, False), (name, call, said)
            assert counts() == before, (name, call)


@pytest.mark.both_databases
def test_files_that_are_none_end_with_two_and_write_nothing(whole: Whole, tmp_path: Path) -> None:
    file = tmp_path / "given.json"
    before = counts()
    for name in FILES:
        for what, content in FOREIGN.items() | (OBJECTS.items() if name in OF_OBJECTS else set()):
            file.write_bytes(content)
            code, said = ended(*call_of(name, tmp_path, file))
            assert (code, bool(said.strip())) == (2, True), (name, what, said)
        for place in (tmp_path / "no.json", tmp_path / ("x" * 300), "x" * 5000, "a\0b", "\udc80", " "):
            code, said = ended(*call_of(name, tmp_path, place))
            assert (code, bool(said.strip())) == (2, True), (name, place, said)
        assert counts() == before, name


def test_rows_that_are_none_are_named_and_leave_no_row(whole: Whole, tmp_path: Path) -> None:
    """Rows set apart end with 3; import_ratings and import_release would have nothing to make and end with 2."""
    file = tmp_path / "given.jsonl"
    before = counts()
    for name in sorted(set(FILES) - {*OF_OBJECTS, "restore", "verify_release"}):
        for what, content in OBJECTS.items():
            file.write_bytes(content)
            code, said = ended(*call_of(name, tmp_path, file))
            wanted = 2 if name in ("import_ratings", "import_release") else 3
            assert (code, "row" in said) == (wanted, True), (name, what, said)
        now = counts()
        now["curation.LogEntry"] = before["curation.LogEntry"]  # that somebody tried is on record
        assert now == before, name


@pytest.mark.both_databases
def test_names_of_nobody_and_of_no_dataset(whole: Whole, tmp_path: Path) -> None:
    file = tmp_path / "given.json"
    file.write_bytes(b'{"name": "n"}')
    before = counts()
    wrong = [("--as-user", word) for word in ("ghost", "a\0b", "\udc80", "x" * 500, "")]
    for name in CALLS:
        of_dataset = (
            [] if name in NO_DATASET else [("--dataset", word) for word in ("nope", "a\0b", "\udc80", "")]
        )
        for option in wrong + of_dataset:
            code, said = ended(*call_of(name, tmp_path, file), *option)
            assert (code, bool(said.strip())) == (2, True), (name, option, said)
    assert counts() == before


def test_member_without_the_role_is_told_and_writes_nothing(whole: Whole, tmp_path: Path) -> None:
    """Reading what the shell shows anyway, and what concerns the machine as a whole, asks for no role."""
    make_member(whole.dataset, name="nobody")
    file = tmp_path / "given.json"
    recipe = {"name": "n", "model": {"kind": "tiny_llama"}, "mixture": [{"release": "r-0.1"}]}
    rows = {
        "connect_labelstudio": {"url": "http://127.0.0.1:1", "key": "a" * 40},
        "create_endpoint": {"name": "e2", "url": "http://127.0.0.1:1/v1", "model": "m"},
        "create_judge": {"name": "j2", "model": "m"},
        "train": recipe,
        "import_ratings": {"item": "q", "model": "m", "rater": "r", "score": 3},
        "import_release": {"ID": "a", "text": "質問", "output": "回答"},
        "import_items": {"ID": "a", "text": "質問", "output": "回答"},
    }
    before = counts()
    for name in sorted({*CALLS} - ANYBODY - {"load_taxonomy"}):
        file.write_text(json.dumps(rows.get(name, {"name": "n"})))
        code, said = ended(*call_of(name, tmp_path, file), "--as-user", "nobody")
        assert (code, bool(said.strip())) == (2, True), (name, said)
    assert counts() == before


def test_json_answer_is_one_object_where_the_input_is_unusable(whole: Whole, tmp_path: Path) -> None:
    out, err = io.StringIO(), io.StringIO()
    for name in CALLS:
        out.truncate(out.seek(0))
        with pytest.raises(SystemExit) as end:
            call_command(
                *call_of(name, tmp_path, "no.json"), "--as-user", "\udc80", "--json", stdout=out, stderr=err
            )
        answer = json.loads(out.getvalue())
        assert (end.value.code, set(answer), answer["field"]) == (2, {"error", "field"}, "as_user"), name
        out.getvalue().encode()
