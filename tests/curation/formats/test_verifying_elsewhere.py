"""A release in the hands of whoever downloads it: no Django, no database, only the libraries that read data."""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from curation.formats.writing import export
from tests.curation.formats.make_golden import GOLDEN
from tests.curation.formats.release_rows import DESCRIPTION, ROWS
from tests.rig.elsewhere import run

ROOT = Path(__file__).resolve().parents[3]
LOAD = """
import json, sys
folder = sys.argv[1]
try:
    import django
except ImportError:
    pass
else:
    sys.exit("this environment is not clean")
import datasets, mlcroissant, pandas
found = {"json": [record["ID"] for record in json.load(open(folder + "/ac/dev.json", encoding="utf-8"))]}
found["pandas"] = list(pandas.read_parquet(folder + "/parquet/dev.parquet")["ID"])
found["datasets"] = list(datasets.load_dataset(folder + "/hf", split="dev", cache_dir=sys.argv[2])["ID"])
raw = datasets.load_dataset(folder + "/hf", "ratings_raw", split="full", cache_dir=sys.argv[2])
found["ratings"] = [(row["rater"], row["score"]) for row in raw]
described = mlcroissant.Dataset(jsonld=folder + "/hf/croissant.json")
found["mlcroissant"] = [record["dev/ID"].decode() for record in described.records("dev")]
print(json.dumps(found))
"""


@pytest.mark.slow
def test_whoever_downloads_it_loads_it_with_four_libraries(elsewhere: Path, tmp_path: Path) -> None:
    done = run(elsewhere, "-c", LOAD, GOLDEN, tmp_path / "cache", cwd=tmp_path)
    assert (done.returncode, done.stderr[-600:] if done.returncode else "") == (0, "")
    ids = ["made-up-0001", "made-up-0002"]
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "json": ids,
        "pandas": ids,
        "datasets": ids,
        "mlcroissant": ids,
        "ratings": [["R1", 3], ["=R2", None], ["R3", 5]],
    }


@pytest.mark.slow
def test_verification_runs_where_there_is_no_django(elsewhere: Path) -> None:
    done = run(elsewhere, "-m", "curation.formats.writing.verifying", GOLDEN, "--json", cwd=ROOT)
    told = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, told["problems"], told["skipped"]) == (0, [], [])
    assert told["loaded"] == ["pandas", "datasets", "mlcroissant"]


def test_what_is_not_installed_is_named_and_the_rest_is_checked(tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    folder = tmp_path / "out"
    export(ROWS, DESCRIPTION, folder, formats=["ac", "csv", "ids"])
    bare = tmp_path / "bare/bin/python"
    done = run(bare, "-m", "curation.formats.writing.verifying", folder, "--json", cwd=ROOT)
    told = json.loads(done.stdout)
    assert (done.returncode, told["problems"], told["loaded"]) == (0, [], [])
    assert told["skipped"] == ["pandas", "datasets", "mlcroissant"]
    assert told["checked"] == ["SHA256SUMS", "ITEMS.jsonl", "MANIFEST", "ac", "csv", "ids"]
    (folder / "ac/dev.json").write_text("[]\n")
    done = run(bare, "-m", "curation.formats.writing.verifying", folder, cwd=ROOT)
    assert (done.returncode, done.stdout.splitlines()) == (
        1,
        ["ac/dev.json: does not match its SHA-256", "ac/dev.json: holds 0 items, the list 2"],
    )


@pytest.mark.slow
def test_command_asks_no_database(tmp_path: Path) -> None:
    nowhere = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nowhere",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "TEINEI_SECRET_KEY": "s" * 50,
        "TEINEI_FIELD_KEY": "f" * 50,
        "TEINEI_VAR": str(tmp_path),
    }
    command = [sys.executable, "manage.py", "verify_release", str(GOLDEN), "--quick", "--json"]
    done = subprocess.run(command, cwd=ROOT, env=nowhere, capture_output=True, text=True, check=False)
    told = json.loads(done.stdout)
    assert (done.returncode, told["problems"], told["loaded"]) == (0, [], [])
    assert told["checked"][:3] == ["SHA256SUMS", "ITEMS.jsonl", "MANIFEST"]
