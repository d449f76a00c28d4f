"""The real server in a folder of its own: `manage.py serve` with broker, workers and web, as people run it."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parent.parent.parent
OWN = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "DJANGO_ALLOW_ASYNC_UNSAFE")


def bare_environment(**extra: str) -> dict[str, str]:
    """The environment of somebody who has set nothing."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("TEINEI_")}
    for name in OWN:
        bare.pop(name, None)
    return bare | {"OMP_NUM_THREADS": "1"} | extra


def static_folder() -> Path:
    """Static files are the same in every installation: collected once by each process that runs tests."""
    name = f"static-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    return Path(os.environ["TEINEI_TEST_HOME"]) / name


class Served:
    """A running installation. Its database is read directly, and written by its own programs only.

    On SQLite, in its own folder, unless a DATABASE_URL of PostgreSQL stands in its environment.
    """

    def __init__(self, folder: Path, **extra: str) -> None:
        self.folder, self.var = folder, folder / "var"
        self.environment = bare_environment(
            TEINEI_VAR=str(self.var),
            TEINEI_STATIC=str(static_folder()),
            DJANGO_SETTINGS_MODULE="config.settings",
            **extra,
        )
        self.url = ""

    def start(self, *options: str) -> subprocess.Popen[bytes]:
        """Start it on any free port, and wait until it answers."""
        command = [sys.executable, "manage.py", "serve", "--json", "--web-processes", "1", *options]
        with (self.folder / "said").open("wb") as said:
            process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=said
            )
        assert process.stdout
        line = process.stdout.readline()
        assert line, (self.folder / "said").read_text()
        self.url = str(json.loads(line)["url"]).rstrip("/")
        return process

    def command(self, name: str, *arguments: object, code: int = 0) -> Any:
        """What `manage.py NAME ... --json` prints on stdout; its exit code must be `code`."""
        words = [sys.executable, "manage.py", name, *map(str, arguments), "--json"]
        done = subprocess.run(
            words, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, f"{name} ended with {done.returncode}: {done.stderr[-2000:]}"
        return json.loads(done.stdout)

    def commands(self, *lines: list[object]) -> None:
        """Several commands by one program, each of which must end well: a program takes seconds to start."""
        calls = [f"call_command(*{[str(word) for word in line]!r}, '--json')" for line in lines]
        self.python("\n".join(["from django.core.management import call_command", *calls]))

    def python(self, code: str) -> str:
        """Run code as one of the installation's own programs; what it prints."""
        words = [sys.executable, "-c", f"import django\ndjango.setup()\n{code}"]
        done = subprocess.run(
            words, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the database as they are committed now; values stand for `?`."""
        if url := self.environment.get("DATABASE_URL"):
            with psycopg.connect(url) as there:
                return there.execute(query.replace("?", "%s").encode(), values).fetchall()
        with closing(sqlite3.connect(f"file:{self.var / 'teinei.sqlite3'}?mode=ro", uri=True)) as database:
            return database.execute(query, values).fetchall()

    def value(self, query: str, *values: object) -> Any:
        """The first column of the only row; None where there is no row."""
        found = self.rows(query, *values)
        assert len(found) < 2, found
        return found[0][0] if found else None


@contextmanager
def served(folder: Path, *options: str, **environment: str) -> Iterator[Served]:
    """An installation that ends with the block, as Ctrl-C ends it; with more in its environment."""
    here = Served(folder, **environment)
    process = here.start(*options)
    try:
        yield here
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        finally:
            process.kill()
            if process.stdout:
                process.stdout.close()
