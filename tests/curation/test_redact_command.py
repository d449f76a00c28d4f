"""`redact`: ask and confirm are two commands of two people."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import call_command

from curation.models import Redaction, Text
from tests.factories.curation import make_dataset, make_item, make_member

pytestmark = pytest.mark.django_db


def run(capsys: Any, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Exit code and the JSON answer."""
    code = 0
    try:
        call_command("redact", *arguments, "--json")
    except SystemExit as ended:
        code = int(str(ended.code))
    return code, json.loads(capsys.readouterr().out)


def test_text_goes_when_a_second_person_confirms(capsys) -> None:
    dataset = make_dataset("cli")
    item = make_item(dataset, state="approved", question="実在の人の名前が入った質問です。")
    hana, ken = make_member(dataset, "lead", name="hana"), make_member(dataset, "release_manager", name="ken")
    ask = ["ask", "--item", item.external_id, "--part", "question", "--reason", "申し出"]
    assert run(capsys, *ask)[1]["error"] == "A redaction needs a person."
    code, told = run(capsys, *ask, "--as-user", hana.username)
    request = Redaction.objects.get()
    row = {"request": request.pk, "text": request.text_id, "reason": "申し出", "asked_by": "hana"}
    assert (code, told) == (0, {"requests": [row | {"confirmed_by": None}]})
    confirm = ["confirm", "--request", str(request.pk)]
    code, told = run(capsys, *confirm, "--as-user", "hana")
    assert (code, told["error"]) == (2, "Somebody else has to confirm what you asked for.")
    code, told = run(capsys, *confirm, "--as-user", ken.username)
    assert (code, told["copies"], told["requests"]) == (
        0,
        {"items_withdrawn": 1},
        [row | {"confirmed_by": "ken"}],
    )
    assert (len(told["by_hand"]), Text.objects.get(pk=request.text_id).body) == (2, "")
    assert run(capsys, "list") == (0, {"requests": [row | {"confirmed_by": "ken"}]})
    assert run(capsys, "take-back", "--request", "999", "--as-user", "ken")[0] == 2
