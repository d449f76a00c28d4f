"""An import whose process is killed outright: run again it writes the rest, and nothing twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.rig.served import ROOT, Served

pytestmark = pytest.mark.slow
ROWS = 6_000


def test_import_that_was_killed_is_completed_and_never_doubled(tmp_path: Path) -> None:
    house = Served(tmp_path)
    house.python("from django.core.management import call_command; call_command('migrate', verbosity=0)")
    house.command("load_taxonomy", "ac2")
    house.command("create_dataset", "killed", "--taxonomy", "ac2")
    path = house.python(
        "from curation.models import Category; print(Category.objects.filter(level=3).first().path)"
    )
    labels = dict(zip(("risk-area", "harm-type", "specific-harm"), path.strip().split("\t"), strict=True))
    file = tmp_path / "items.jsonl"
    with file.open("w", encoding="utf-8") as out:
        for n in range(ROWS):
            row = {"ID": f"k{n}", "text": f"{n}番目の質問です。", "output": "答えです。", **labels}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    words = [sys.executable, "manage.py", "import_items", str(file), "--as", "approved", "--json"]
    importer = subprocess.Popen(words, cwd=ROOT, env=house.environment)
    count = "select count(*) from curation_item"
    until = time.monotonic() + 300
    while house.value(count) == 0 and time.monotonic() < until:
        time.sleep(0.02)
    os.kill(importer.pid, signal.SIGKILL)
    importer.wait()
    written = house.value(count)
    assert 0 < written < ROWS
    assert written % 500 == 0  # whole chunks, each with its log
    told = "select sum(json_extract(details, '$.items')) from curation_logentry where verb = 'import_items'"
    assert house.value(told) == written
    again = house.command("import_items", file, "--as", "approved")
    assert (again["imported"], again["unchanged"]) == (ROWS - written, written)
    assert [house.value(count), house.value("select count(*) from curation_question")] == [ROWS, ROWS]
    assert house.value("select count(*) from curation_item where state = 'approved'") == ROWS
    assert house.value(told) == ROWS
