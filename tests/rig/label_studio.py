"""A real Label Studio on the loopback, from a virtual environment of its own, offline and without telemetry.

The environment (794 MB) and a migrated database are made once and kept in var/label-studio; a server then starts on a
copy of the database in some seconds. TEINEI_LABEL_STUDIO_VENV names an environment that is there already.
"""

import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

VERSION = "1.23.2"
KEPT = Path(__file__).resolve().parent.parent.parent / "var" / "label-studio"
ADMIN = "admin@example.com"
TOKEN = "0123456789abcdef0123456789abcdef01234567"  # of the throw-away server alone
PASSWORD = "words-for-a-trial-1"
PATIENCE = 300  # seconds until it answers: 30 alone on an empty database, minutes beside other work


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class LabelStudio:
    """A server in a folder. It can be killed and started again: its port and its data stay."""

    def __init__(self, venv: Path, folder: Path) -> None:
        self.venv, self.folder, self.port = venv, folder, free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.tokens: dict[str, str] = {}  # a test that runs on two databases meets its people again
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        words = [self.venv / "bin" / "label-studio", "start", "--no-browser", "--internal-host", "127.0.0.1"]
        words += ["--port", str(self.port), "--username", ADMIN, "--password", PASSWORD]
        words += ["--user-token", TOKEN, "--enable-legacy-api-token"]
        with (self.folder / "server.log").open("ab") as said:
            self.process = subprocess.Popen(
                list(map(str, words)),
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            assert self.process.poll() is None, (self.folder / "server.log").read_text()[-3000:]
            try:
                if httpx.get(f"{self.url}/health", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.2)
        raise AssertionError(f"Label Studio did not answer within {PATIENCE} s")

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return kept | {
            "LABEL_STUDIO_BASE_DATA_DIR": str(self.folder),
            "DJANGO_DB": "sqlite",
            "COLLECT_ANALYTICS": "false",
            "LATEST_VERSION_CHECK": "false",
            "SENTRY_DSN": "",
            "FRONTEND_SENTRY_DSN": "",
            "FEATURE_FLAGS_OFFLINE": "true",
            "SSRF_PROTECTION_ENABLED": "false",  # webhooks to the loopback are refused otherwise
            "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
            "NLTK_DATA": str(self.folder / "nltk"),
            "LOG_LEVEL": "WARNING",
            "DEBUG": "false",
            "PYTHONUNBUFFERED": "1",
        }

    def kill(self) -> None:
        """At once, as a machine that loses its power."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    # --- What its users do -------------------------------------------------------------------------------------

    def client(self, token: str = TOKEN) -> httpx.Client:
        return httpx.Client(
            base_url=self.url, headers={"Authorization": f"Token {token}"}, timeout=60, follow_redirects=False
        )

    def personal_token(self) -> str:
        """A personal access token; each user has one at a time."""
        if "" not in self.tokens:
            with self.client() as admin:
                self.tokens[""] = str(admin.post("/api/token/", json={}).json()["token"])
        return self.tokens[""]

    def allow_legacy(self, allowed: bool, personal: str) -> None:
        access = httpx.post(f"{self.url}/api/token/refresh/", json={"refresh": personal}).json()["access"]
        httpx.post(
            f"{self.url}/api/jwt/settings",
            headers={"Authorization": f"Bearer {access}"},
            json={"api_tokens_enabled": True, "legacy_api_tokens_enabled": allowed},
        ).raise_for_status()

    def sign_up(self, mail: str) -> str:
        """Somebody new, as through the invitation page; their token."""
        if mail in self.tokens:
            return self.tokens[mail]
        with self.client() as admin:
            invitation = admin.get("/api/invite").json()["invite_url"]
        with httpx.Client(base_url=self.url, timeout=60) as browser:
            page = browser.get(invitation).text
            found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
            assert found
            form = {
                "email": mail,
                "password": PASSWORD,
                "csrfmiddlewaretoken": found[1],
                "allow_newsletters": "",
            }
            answer = browser.post(invitation, data=form, headers={"Referer": self.url})
            assert answer.status_code == 302, answer.text[:500]
            self.tokens[mail] = str(browser.get("/api/current-user/token").json()["token"])
            return self.tokens[mail]

    def annotate(
        self, token: str, task: int, choice: str, *, comment: str = "", seconds: float = 4.0
    ) -> dict[str, Any]:
        with self.client(token) as one:
            body = {"result": result(choice, comment), "lead_time": seconds}
            answer = one.post(f"/api/tasks/{task}/annotations/", json=body)
            assert answer.status_code == 201, answer.text[:500]
            return dict(answer.json())

    def edit(self, token: str, annotation: int, choice: str) -> None:
        with self.client(token) as one:
            one.patch(f"/api/annotations/{annotation}/", json={"result": result(choice)}).raise_for_status()

    def delete(self, token: str, annotation: int) -> None:
        with self.client(token) as one:
            one.delete(f"/api/annotations/{annotation}/").raise_for_status()

    def tasks(self, project: int) -> list[dict[str, Any]]:
        """All of a project's tasks in the order in which annotators get them."""
        found: list[dict[str, Any]] = []
        with self.client() as admin:
            while True:
                page = len(found) // 100 + 1
                asked: dict[str, str | int] = {
                    "project": project,
                    "page": page,
                    "page_size": 100,
                    "fields": "all",
                }
                answer = admin.get("/api/tasks/", params=asked).json()
                found += answer["tasks"]
                if len(found) >= answer["total"]:
                    return sorted(found, key=lambda row: row["id"])


def result(choice: str, comment: str = "") -> list[dict[str, Any]]:
    """What the labelling page would send."""
    rows = [{"from_name": "axis0", "to_name": "response", "type": "choices", "value": {"choices": [choice]}}]
    if comment:
        rows.append(
            {"from_name": "comment", "to_name": "response", "type": "textarea", "value": {"text": [comment]}}
        )
    return rows


# --- Made once ---------------------------------------------------------------------------------------------------


@contextmanager
def _alone() -> Iterator[None]:
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def environment() -> Path:
    """The virtual environment with Label Studio in it."""
    if named := os.environ.get("TEINEI_LABEL_STUDIO_VENV"):
        return Path(named)
    venv = KEPT / f"venv-{VERSION}"
    with _alone():
        if not (venv / "made").exists():
            shutil.rmtree(venv, ignore_errors=True)
            _install(venv)
            (venv / "made").touch()
    return venv


def _install(venv: Path) -> None:
    """By uv, in ten seconds, where there is one; else by pip."""
    uv = next(
        (
            tool
            for tool in (shutil.which("uv"), shutil.which("uv", path=str(Path(sys.executable).parent)))
            if tool
        ),
        "",
    )
    wanted = f"label-studio=={VERSION}"
    python = str(venv / "bin" / "python")
    if uv:
        subprocess.run([uv, "venv", "--quiet", "-p", sys.executable, str(venv)], check=True)
        subprocess.run([uv, "pip", "install", "--quiet", "-p", python, wanted], check=True)
    else:
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", wanted], check=True)


def migrated(venv: Path) -> Path:
    """A database after its migrations, with the administrator in it."""
    kept = KEPT / f"migrated-{VERSION}.sqlite3"
    with _alone():
        if not kept.exists():
            folder = KEPT / "first-start"
            shutil.rmtree(folder, ignore_errors=True)
            server = LabelStudio(venv, folder)
            try:
                server.start()
            finally:
                server.kill()
            shutil.copy(folder / "label_studio.sqlite3", kept)
            shutil.rmtree(folder)
    return kept


@contextmanager
def running(folder: Path) -> Iterator[LabelStudio]:
    """A server on a fresh copy of the migrated database."""
    venv = environment()
    server = LabelStudio(venv, folder)
    shutil.copy(migrated(venv), folder / "label_studio.sqlite3")
    try:
        server.start()
        yield server
    finally:
        server.kill()


@pytest.fixture(scope="module")
def label_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabelStudio]:
    with running(tmp_path_factory.mktemp("label-studio")) as server:
        yield server
