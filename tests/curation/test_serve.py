"""`manage.py serve`: one command, one group of programs, nothing left behind."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig.broker import wait_until

ROOT = Path(__file__).resolve().parents[2]
SERVE = [sys.executable, "manage.py", "serve", "--web-processes", "1", "--json"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An installation of its own, with nothing set."""
    bare = {key: value for key, value in os.environ.items() if not key.startswith("TEINEI_")}
    for name in ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"):
        bare.pop(name, None)
    return bare | {"TEINEI_VAR": str(tmp_path / "var"), "TEINEI_STATIC": str(tmp_path / "static")}


@pytest.fixture
def served(environment: dict[str, str], tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (tmp_path / "said").open("wb") as said:
        process = subprocess.Popen(SERVE, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=said)
    yield process
    if process.poll() is None:
        process.terminate()
        process.wait(15)
    assert process.stdout
    process.stdout.close()


def programs_of(var: Path) -> list[int]:
    """Processes whose environment names the folder: all that this installation started."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            environment = (entry / "environ").read_bytes()
            state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if f"TEINEI_VAR={var}".encode() in environment.split(b"\0") and state != "Z":
            found.append(int(entry.name))
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_served_once_from_a_folder_and_killed_leaves_nothing(
    served: subprocess.Popen[bytes], environment: dict[str, str], tmp_path: Path
) -> None:
    assert served.stdout
    line = served.stdout.readline()
    assert line, (tmp_path / "said").read_text()
    url = json.loads(line)["url"]
    with urllib.request.urlopen(f"{url}healthz") as answer:
        assert json.load(answer) == {"database": True, "broker": True}

    second = subprocess.run(SERVE, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert second.returncode == 2
    assert f"already served from {tmp_path / 'var'}, at {url}" in second.stderr
    assert second.stdout == ""

    secrets = ["broker-url", "field-key", "secret-key", "valkey/valkey.conf"]
    modes = {name: oct((tmp_path / "var" / name).stat().st_mode)[-3:] for name in secrets}
    assert modes == dict.fromkeys(secrets, "600")

    # Supervisor, undertaker, broker, 2 + 1 and 1 + 1 workers, web; the workers come after the web server.
    wait_until(lambda: len(programs_of(tmp_path / "var")) >= 8, seconds=60)
    served.send_signal(signal.SIGKILL)
    served.wait()
    wait_until(lambda: programs_of(tmp_path / "var") == [], seconds=12)
