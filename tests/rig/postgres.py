"""A PostgreSQL of the test run's own, in a temporary folder, from whatever server programs are installed."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.supervision import die_with_parent, free_port

NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=60")


def programs() -> Path | None:
    """The folder of initdb and postgres: Debian's newest, else the one on the PATH."""
    found = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()]
    if found:
        return max(found, key=lambda path: float(path.parent.name))
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def unprivileged() -> dict[str, Any]:
    """How to start a program that refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise RuntimeError("There is no user `postgres` or `nobody` to run PostgreSQL as.")


@dataclass
class Postgres:
    """A running server; it ends with the process that started it, however that ends."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    def settings(self) -> dict[str, Any]:
        """For DATABASES, over a unix socket."""
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "postgres",
            "USER": "app",
            "HOST": str(self.folder),
            "PORT": str(self.port),
        }

    def stop(self, *, keep: bool = False) -> None:
        """A fast shutdown; then the folder goes, unless it is to be kept."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)


def own(folder: Path, as_user: dict[str, Any]) -> None:
    """Give the folder to the user that the server runs as."""
    if as_user:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, as_user["user"], as_user["group"])


def start(cluster_from: Path | None = None, *, options: tuple[str, ...] = NOT_DURABLE) -> Postgres:
    """Start a copy of a cluster, or a new one: half a second. Raises RuntimeError with the server's own words."""
    where = programs()
    assert where is not None, "checked when the run was configured"
    folder = Path(tempfile.mkdtemp(prefix="teinei-pg-"))
    as_user, cluster = unprivileged(), folder / "cluster"
    if cluster_from:
        shutil.copytree(cluster_from, cluster)
        cluster.chmod(0o700)
    own(folder, as_user)
    if not cluster_from:
        made = [str(where / "initdb"), "-D", str(cluster), "-U", "app", "-A", "trust", "-E", "UTF8"]
        made += ["--locale=C.UTF-8", "--no-sync", "--no-instructions"]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL, cwd="/", **as_user)
    return started(where, folder, as_user, options)


def started(where: Path, folder: Path, as_user: dict[str, Any], given: tuple[str, ...]) -> Postgres:
    """Start the server of a folder, and wait until it answers on its unix socket (it opens no other)."""
    port = free_port() or 5432
    log = folder / "log"
    options = [word for each in given for word in ("-c", each)]
    command = [str(where / "postgres"), "-D", str(folder / "cluster"), "-k", str(folder), "-p", str(port)]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, "-c", "listen_addresses=", *options],
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd="/",
            start_new_session=True,
            preexec_fn=die_with_parent,
            **as_user,
        )
    until = time.monotonic() + 30
    while b"ready to accept" not in log.read_bytes():
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"PostgreSQL did not start: {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.02)
    return Postgres(folder, port, process)
