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


# Every command as it would be called rightly, {file} apart: each test below breaks one part of a call.
CALLS: dict[str, list[str]] = {
    "backup": ["{new}"],
    "cancel_run": ["1"],
    "connect_labelstudio": ["{file}"],
    "correct_release": ["r-0.1", "--withdraw", "x", "--reason", "r"],
    "create_dataset": ["d2", "--taxonomy", "small"],
    "create_endpoint": ["{file}"],
    "create_judge": ["{file}"],
    "create_task": ["t2", "--release", "r-0.1"],
    "diff_releases": ["r-0.1", "r-0.1"],
    "evaluate_run": ["1"],
    "export_inspect": ["--task", "outside", "--to", "{new}"],
    "export_ratings": ["outside", "--out", "{new}"],
    "export_release": ["r-0.1", "--out", "{new}", "--format", "ids"],
    "export_translations": ["--locale", "en", "--out", "{new}"],
    "freeze_release": ["r-0.2"],
    "generate": ["--release", "r-0.1", "--endpoint", "e"],
    "give_role": ["chief-demo", "author"],
    "import_items": ["{file}"],
    "import_ratings": ["{file}", "--task", "t3"],
    "import_release": ["{file}", "--name", "pub-1"],
    "import_responses": ["{file}", "--release", "r-0.1"],
    "import_translations": ["{file}", "--locale", "en"],
    "import_verdicts": ["{file}", "--task", "outside"],
    "judge": ["--task", "outside", "--judge", "runner"],
    "leaderboard": ["--release", "r-0.1"],
    "load_taxonomy": ["{file}"],
    "machine_translate": ["--locale", "en", "--endpoint", "e"],
    "publish_release": ["r-0.1", "--repo", "lab/careful"],
    "quality": ["--task", "outside"],
    "redact": ["ask", "--text", "0" * 64, "--reason", "r"],
    "restore": ["{file}"],
    "runs": [],
    "study": ["--task", "outside", "--judge", "alpha", "--resamples", "20"],
    "sync_labelstudio": ["--task", "task"],
    "train": ["{file}"],
    "verify_release": ["{file}"],
}
NO_DATASET = {"backup", "create_dataset", "load_taxonomy", "restore", "verify_release"}
ANYBODY = {
    "backup",
    "restore",
    "verify_release",
    "runs",
    "diff_releases",
    "export_translations",
    "create_dataset",
}
FILES = sorted(name for name, words in CALLS.items() if "{file}" in words)


def call_of(name: str, folder: Path, file: Path | str) -> list[str]:
    words = {"{file}": str(file), "{new}": str(folder / "new.jsonl")}
    return [name, *(words.get(word, word) for word in CALLS[name])]


def test_every_command_is_here() -> None:
    assert set(EVERY) - {*CALLS, *ELSEWHERE} == set()


WRONG: dict[str, list[list[str]]] = {
    "cancel_run": [["x"], ["-1"], ["1.5"], ["999999"], ["9" * 30], ["True"]],
    "correct_release": [
        ["nope", "--withdraw", "x", "--reason", "r"],
        ["r-0.1", "--withdraw", "x", "--reason", "r"],
        ["r-0.1", "--withdraw", ",", "--reason", "r"],
        ["r-0.1", "--withdraw", "{id}", "--reason", " "],
        ["r-0.1", "--reason", "r"],
    ],
    "create_dataset": [
        ["d2", "--taxonomy", "nope"],
        ["demo", "--taxonomy", "small"],
        ["a b", "--taxonomy", "small"],
        ["d2"],
    ],
    "create_task": [
        ["t2", "--release", "nope"],
        ["t2", "--release", "r-0.1", "--models", "nope"],
        ["t2", "--release", "r-0.1", "--plan", "nope"],
        ["t2", "--release", "r-0.1", "--rubric", "nope"],
        ["t2", "--release", "r-0.1", "--rubric", "x" * 5000],
        ["t2", "--release", "r-0.1", "--overlap", "0"],
        ["t2", "--release", "r-0.1", "--overlap", "-1"],
        ["t2", "--release", "r-0.1", "--overlap", "1.5"],
        ["t2", "--release", "r-0.1", "--overlap", "9" * 30],
        ["t2", "--release", "r-0.1", "--seed", "9" * 30],
        ["t2", "--release", "r-0.1", "--seed", "1e9"],
        ["task", "--release", "r-0.1"],
        ["t" * 81, "--release", "r-0.1"],
        ["a/b", "--release", "r-0.1"],
        ["a\nb", "--release", "r-0.1"],
        ["", "--release", "r-0.1"],
    ],
    "diff_releases": [["nope", "r-0.1"], ["r-0.1", "nope"], ["r-0.1"]],
    "evaluate_run": [["x"], ["-1"], ["999999"], ["9" * 30], ["1"]],
    "export_release": [
        ["nope", "--out", "{new}", "--format", "ids"],
        ["r-0.1", "--out", "{new}", "--format", "nope"],
        ["r-0.1", "--out", "{new}", "--format", "ac", "--meta-order", "nope"],
        ["r-0.1", "--out", "{new}", "--format", "ac", "--output-field", "nope"],
        ["r-0.1", "--out", "{new}", "--format", "csv", "--encoding", "utf-16"],
        ["r-0.1", "--out", "{full}", "--format", "ids"],
        ["r-0.1", "--out", "{file}", "--format", "ids"],
        ["r-0.1", "--out", "{below}", "--format", "ids"],
        ["r-0.1", "--out", "x" * 300, "--format", "ids"],
        ["r-0.1", "--out", "", "--format", "ids"],
    ],
    "export_translations": [
        ["--locale", "nope nope", "--out", "{new}"],
        ["--locale", "../../x"],
        ["--locale", "en", "--out", "{folder}"],
        ["--locale", "en", "--out", "{no folder}"],
        ["--locale", "en", "--out", "{below}"],
        ["--locale", "", "--out", "{new}"],
    ],
    "freeze_release": [
        ["A B"],
        [""],
        ["../x"],
        ["x" * 61],
        ["r-0.1"],
        ["freeze"],
        ["r-0.2", "--seed", "x"],
        ["r-0.2", "--seed", "9" * 30],
        ["r-0.2", "--test-per-leaf", "-1"],
        ["r-0.2", "--test-per-leaf", "9" * 12],
        ["r-0.2", "--test-per-leaf", "9" * 30],
        ["r-0.2", "--version", "9" * 30],
        ["r-0.2", "--rights", "nope"],
        ["r-0.2", "--waive", "quota"],
        ["r-0.2", "--waive", "nope", "--reason", "r", "--as-user", "chief-demo"],
        ["r-0.2", "--waive", "leaks", "--reason", "r", "--as-user", "chief-demo"],
    ],
    "generate": [
        ["--release", "r-0.1", "--endpoint", ","],
        ["--release", "r-0.1", "--endpoint", "e,nope"],
        ["--release", "nope", "--endpoint", "e"],
        ["--release", "r-0.1", "--endpoint", "nope"],
        ["--release", "r-0.1", "--endpoint", "e", "--split", "nope"],
        ["--release", "r-0.1", "--endpoint", "e", "--sample", "-1"],
        ["--release", "r-0.1", "--endpoint", "e", "--sample", "9" * 12],
        ["--release", "r-0.1", "--endpoint", "e", "--parallel", "0"],
        ["--release", "r-0.1", "--endpoint", "e", "--parallel", "-3"],
        ["--release", "r-0.1", "--endpoint", "e", "--parallel", "x"],
        ["--release", "r-0.1", "--endpoint", "e", "--parallel", "1000000"],
    ],
    "give_role": [["ghost", "author"], ["chief-demo", "king"], ["chief-demo"]],
    "import_items": [
        ["{file}", "--format", "nope"],
        ["{file}", "--split", "train"],
        ["{file}", "--as", "frozen"],
        ["{file}", "--rights", "nope"],
        ["{file}", "--rights", "x" * 5000],
    ],
    "import_ratings": [
        ["{file}", "--task", "t3", "--rubric", "nope"],
        ["{file}", "--task", "a/b"],
        ["{file}", "--task", ""],
        ["{file}", "--task", "x" * 81],
        ["{file}", "--task", "outside", "--rubric", "borderline3"],
        ["{file}", "--task", "t3", "--format", "nope"],
        ["{file}", "--task", "t3", "--format", "argilla"],
        ["{file}", "--task", "t3", "--map", "score"],
        ["{file}", "--task", "t3", "--map", "score=nope"],
        ["{file}", "--task", "t3", "--map", "=x"],
        ["{file}", "--task", "t3", "--map", "raters=nope"],
    ],
    "import_responses": [["{file}", "--release", "nope"], ["{file}"]],
    "import_translations": [["{file}", "--locale", "nope nope"], ["{file}", "--locale", "x" * 50]],
    "import_verdicts": [["{file}", "--task", "nope"], ["{file}"]],
    "judge": [
        ["--task", "nope", "--judge", "runner"],
        ["--release", "nope", "--judge", "runner"],
        ["--task", "outside", "--release", "r-0.1", "--judge", "runner"],
        ["--judge", "runner"],
        ["--task", "task", "--judge", "nope"],
        ["--task", "task", "--judge", "alpha"],
        ["--task", "task", "--judge", "runner", "--models", "nope"],
        ["--release", "r-0.1", "--judge", "runner", "--models", "nope"],
        ["--task", "task", "--judge", "runner", "--mode", "nope"],
        ["--task", "task", "--judge", "runner", "--repeats", "0"],
        ["--task", "task", "--judge", "runner", "--repeats", "-1"],
        ["--task", "task", "--judge", "runner", "--repeats", "9" * 12],
    ],
    "load_taxonomy": [["nope"], ["x" * 5000], ["mappings"]],
    "machine_translate": [
        ["--locale", "nope nope", "--endpoint", "e"],
        ["--locale", "x" * 50, "--endpoint", "e"],
        ["--locale", "en", "--endpoint", "nope"],
        ["--locale", "en", "--endpoint", "e", "--limit", "-1"],
        ["--locale", "en", "--endpoint", "e", "--limit", "0"],
        ["--locale", "en", "--endpoint", "e", "--parallel", "0"],
        ["--locale", "en", "--endpoint", "e", "--parallel", "-1"],
    ],
    "leaderboard": [
        ["--release", "nope"],
        ["--release", "r-0.1", "--judge", "nope"],
        ["--release", "r-0.1", "--mode", "nope"],
        ["--release", "r-0.1", "--benchmark", "nope"],
        ["--release", "r-0.1", "--seed", "-1"],
        ["--release", "r-0.1", "--seed", "x"],
        ["--release", "r-0.1", "--resamples", "1"],
        ["--release", "r-0.1", "--resamples", "9" * 12],
        [],
    ],
    "study": [
        ["--task", "nope"],
        ["--task", "outside", "--judge", "nope"],
        ["--task", "outside", "--mode", "nope"],
        ["--task", "outside", "--seed", "-1"],
        ["--task", "outside", "--seed", "9" * 30],
        ["--task", "outside", "--resamples", "0"],
        ["--task", "outside", "--resamples", "9" * 12],
        ["--task", "outside", "--resamples", "x"],
    ],
    "sync_labelstudio": [["--task", "nope"], ["--task", "outside"]],
    "backup": [["{file}"], ["{folder}"], ["{no folder}"], ["x" * 300], [""]],
    "runs": [["extra"]],
}


WRONG["publish_release"] = [
    ["nope", "--repo", "lab/careful"],
    ["r-0.1", "--repo", "careful"],
    ["r-0.1", "--repo", "../x"],
    ["r-0.1", "--repo", "https://example.org/lab/careful"],
    ["r-0.1", "--repo", "x" * 400],
    ["r-0.1", "--repo", "lab/careful", "--publish"],
    ["r-0.1", "--repo", "lab/careful", "--public", "--private"],
]
WRONG["redact"] = [
    ["ask", "--text", "x", "--reason", "r"],
    ["ask", "--text", "0" * 64, "--reason", " "],
    ["confirm", "--request", "9" * 30],
]
FOREIGN = {
    "empty": b"",
    "mark alone": b"\xef\xbb\xbf",
    "blank lines": b"\r\n\r\n",
    "NUL bytes": b"\0" * 50,
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "cut Shift_JIS": '{"name":"表示'.encode("cp932")[:-1],
    "text": b'"x"',
    "deep": b'{"name":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "columns": b"a,b\n1,2\n",
}
# Read as one object where that is wanted; else each line is set apart by its row.
OBJECTS = {
    "list": b"[1,2]",
    "NaN": b'{"name": NaN}',
    "too large": b'{"name": 1e400}',
    "twice": b'{"name": "a", "name": "b"}',
    "kind": b'{"name": true, "item": true, "model": true, "ID": true}',
    "half a pair": b'{"name": "\\ud800", "item": "\\ud800", "ID": "\\ud800"}',
}
OF_OBJECTS = ("connect_labelstudio", "create_endpoint", "create_judge", "load_taxonomy", "train")


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
