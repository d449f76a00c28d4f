"""Commands answer with an exit code and, asked for it, with one JSON object."""

from __future__ import annotations

import json
import threading

import pytest
from django.core.management import call_command

from curation.models import Item, Translation, TranslationRevision
from curation.queries import translation_queue, translation_review_queue
from tests.annotation.test_generation import Server, said
from tests.factories.curation import leaf, make_dataset, make_item, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def server():
    made = Server()
    thread = threading.Thread(target=made.http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    made.http.shutdown()
    made.http.server_close()
    thread.join()


def run(capsys, *words: str) -> tuple[int, dict]:
    code = 0
    try:
        call_command(words[0], *words[1:], "--json")
    except SystemExit as end:
        code = int(end.code or 0)
    return code, json.loads(capsys.readouterr().out)


def test_from_taxonomy_to_verified_files(capsys, tmp_path) -> None:
    assert run(capsys, "load_taxonomy", "ac2")[0] == 0
    assert run(capsys, "create_dataset", "mine", "--taxonomy", "ac2")[0] == 0
    assert run(capsys, "create_dataset", "mine", "--taxonomy", "ac2")[0] == 2
    dataset = Item._meta.get_field("dataset").related_model.objects.get()
    labels = ",".join(leaf(dataset).labels)
    head = "ID,text,output,risk-area,harm-type,specific-harm\n"
    (tmp_path / "a.csv").write_text(
        f"{head}1,質問です。,答えです。,{labels}\n2,誤り。,答え。,x,y,z\n", encoding="utf-8"
    )
    code, answer = run(capsys, "import_items", str(tmp_path / "a.csv"), "--as", "approved")
    assert (code, answer["imported"], len(answer["quarantined"])) == (3, 1, 1)
    assert run(capsys, "import_items", str(tmp_path / "nowhere.csv"))[0] == 2
    assert run(capsys, "freeze_release", "v1", "--test-per-leaf", "1")[0] == 1
    code, answer = run(capsys, "freeze_release", "v1", "--test-per-leaf", "0")
    assert (code, answer["items"]) == (0, 1)
    out = str(tmp_path / "out")
    assert run(capsys, "export_release", "v1", "--out", out, "--format", "jsonl")[0] == 0
    assert run(capsys, "export_release", "v9", "--out", out, "--format", "jsonl")[0] == 2
    assert run(capsys, "verify_release", out)[0] == 0
    written = next((tmp_path / "out").rglob("*.jsonl"))
    written.write_bytes(written.read_bytes() + b" ")
    assert run(capsys, "verify_release", out)[0] == 1
    assert run(capsys, "correct_release", "v1", "--withdraw", "9", "--reason", "x")[0] == 2
    assert run(capsys, "backup", str(tmp_path / "b.zip"))[0] == 0
    assert run(capsys, "restore", str(tmp_path / "b.zip"))[0] == 2


def test_dataset_must_be_named_where_there_are_two(capsys) -> None:
    make_dataset("a")
    make_dataset("b")
    code, answer = run(capsys, "freeze_release", "v1")
    assert (code, "a, b" in answer["error"]) == (2, True)
    assert run(capsys, "freeze_release", "v1", "--dataset", "a", "--as-user", "nobody")[0] == 2


def test_doctor_names_what_is_wrong_and_what_to_do(capsys, settings) -> None:
    make_dataset("a")
    code, answer = run(capsys, "doctor")
    states = {finding["key"]: finding["state"] for finding in answer["findings"]}
    assert (code, answer["wrong"], states["guidelines"]) == (0, [], "note")
    settings.CELERY_TASK_ALWAYS_EAGER = False
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    code, answer = run(capsys, "doctor")
    assert (code, answer["wrong"]) == (1, ["broker", "worker"])
    assert [
        finding["key"] for finding in answer["findings"] if finding["state"] != "ok" and not finding["advice"]
    ] == []


def test_machine_drafts_wait_for_a_translator_and_spare_what_people_wrote(capsys, tmp_path, server) -> None:
    from curation.actions import translations
    from curation.actions.endpoints import create_endpoint
    from curation.log import OPERATOR

    dataset = make_dataset("mt")
    items = [make_item(dataset, state="approved") for _n in range(3)]
    translator = make_member(dataset, "translator")
    mine = translations.translation_of(items[0], "en")
    translations.save_draft(translator, mine, version=0, client_id="", question="By hand", answer="")
    create_endpoint(OPERATOR, dataset, {"name": "m", "url": server.url, "model": "tiny"})
    words = ("machine_translate", "--locale", "en", "--endpoint", "m", "--parallel", "1")
    server.answer = lambda body, number: said("", refusal="no") if number <= 1 else said("Machine text")
    code, answer = run(capsys, *words)
    assert (code, answer["drafted"], answer["failures"]) == (1, 1, {"refused": 1})
    code, answer = run(capsys, *words)  # goes on with the one that failed
    assert (code, answer["drafted"], answer["unchanged"]) == (0, 1, 2)
    assert run(capsys, *words)[1]["drafted"] == 0
    made = TranslationRevision.objects.all()
    assert {(row.origin, row.author, row.question) for row in made} == {("machine", None, "Machine text")}
    assert set(Translation.objects.values_list("state", flat=True)) == {"draft"}
    assert (
        translations.draft_of(translator, Translation.objects.get(item=items[1])).question == "Machine text"
    )
    assert translations.draft_of(translator, mine).question == "By hand"
    assert translation_queue(translator, dataset, "en").count() == 3
    assert translation_review_queue(make_member(dataset, "bilingual_reviewer"), dataset, "en").count() == 0
    assert run(capsys, "machine_translate", "--locale", "en", "--endpoint", "nowhere")[0] == 2
    assert run(capsys, "machine_translate", "--locale", "ja", "--endpoint", "m")[0] == 2
