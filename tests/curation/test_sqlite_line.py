"""Who writes next: requests of people in the order in which they asked, and never one that died."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError

from config.environment import sqlite
from config.sqlite.base import DatabaseWrapper

DEFAULTS = {
    "ATOMIC_REQUESTS": False,
    "AUTOCOMMIT": True,
    "CONN_HEALTH_CHECKS": False,
    "TIME_ZONE": None,
    "TEST": {},
}


def connection(file: Path, *, in_line: bool = True) -> DatabaseWrapper:
    made = DatabaseWrapper({**DEFAULTS, **sqlite(file), "NAME": str(file)}, alias=f"own {time.monotonic()}")
    made.in_line = in_line
    return made


def begin(own: DatabaseWrapper) -> None:
    own.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)


def write(own: DatabaseWrapper, word: str) -> None:
    begin(own)
    own.cursor().execute("INSERT INTO said (word) VALUES (%s)", [word])
    own.commit()
    own.set_autocommit(True)


def said(own: DatabaseWrapper) -> list[str]:
    return [word for (word,) in own.cursor().execute("SELECT word FROM said ORDER BY rowid").fetchall()]


@pytest.fixture
def file(tmp_path: Path, django_db_blocker: Any) -> Iterator[Path]:
    with django_db_blocker.unblock():  # the connections are the tests' own
        own = connection(tmp_path / "own.sqlite3", in_line=False)
        own.cursor().execute("CREATE TABLE said (word TEXT)")
        own.close()
        yield tmp_path / "own.sqlite3"


def asking(file: Path, word: str) -> threading.Thread:
    """A thread that stands in line by the time this returns."""

    def work() -> None:
        own = connection(file)
        write(own, word)
        own.close()

    thread = threading.Thread(target=work)
    waiting = blocked(file)
    thread.start()
    until = time.monotonic() + 20
    while blocked(file) == waiting and time.monotonic() < until:
        time.sleep(0.005)
    return thread


def blocked(file: Path) -> int:
    """How many wait for the line's lock, by the kernel's list (a line with "->" is one that waits)."""
    inode = str(Path(f"{file}-line").stat().st_ino)
    lines = Path("/proc/locks").read_text().splitlines()
    return sum("->" in line and line.split()[-3].endswith(f":{inode}") for line in lines)


def test_people_write_in_the_order_in_which_they_asked(file: Path) -> None:
    first = connection(file)
    begin(first)
    words = [str(number) for number in range(12)]
    threads = [asking(file, word) for word in words]
    assert blocked(file) == 12
    first.rollback()
    first.set_autocommit(True)
    for thread in threads:
        thread.join(20)
    assert said(first) == words
    first.close()


def hold(file: Path, told: Any) -> None:
    begin(connection(file))
    told.set()
    time.sleep(60)


def test_somebody_killed_in_a_transaction_keeps_nobody_waiting(file: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    told = spawn.Event()
    holder = spawn.Process(target=hold, args=(file, told))
    holder.start()
    assert told.wait(30)
    thread = asking(file, "next")
    assert holder.pid is not None
    os.kill(holder.pid, signal.SIGKILL)
    thread.join(20)
    holder.join()
    own = connection(file)
    assert said(own) == ["next"]
    own.close()


def test_who_stays_out_of_the_line_waits_for_the_database_alone(file: Path) -> None:
    people, worker = connection(file), connection(file, in_line=False)
    people._enter()  # somebody stands before everybody, and writes nothing
    write(worker, "worker")
    people._leave()
    begin(worker)
    people.cursor().execute("PRAGMA busy_timeout = 50")
    with pytest.raises(OperationalError, match="database is locked"):
        begin(people)
    worker.rollback()
    worker.set_autocommit(True)
    write(people, "people")  # who gave up stands nowhere any more
    assert said(people) == ["worker", "people"]
    people.close()
    worker.close()
