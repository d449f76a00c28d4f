"""Writers in a line. SQLite's own waiting doubles its pauses up to a tenth of a second, so whoever waits longest asks
least often and the newcomer wins: with eight writers, single ones waited two seconds.

Here all who want to write ask equally often, and the requests of people do not ask at all while others of them are
before them: they wait for a lock on a file of its own (`flock`), which Linux gives in the order of asking and takes
back from a process that dies. Commands and workers stay out of that line: they may write for long.
"""

from __future__ import annotations

import fcntl
import os
import random
import sqlite3
import time
from typing import Any

from django.db import OperationalError
from django.db.backends.sqlite3 import base, operations

# Seconds between two attempts. A transaction with its fsync takes a few milliseconds; the longest pause is short beside
# what a person notices, and long enough that fifty who wait leave the processors to the one who writes.
FIRST, LONGEST = 0.001, 0.01


class DatabaseOperations(operations.DatabaseOperations):
    def sql_flush(self, *args: Any, **kwargs: Any) -> list[str]:
        """`flush` empties the whole database on purpose; the triggers are back with the signal that ends it."""
        from curation.frozen_rows import removal  # the settings are read before any app is

        return [*removal("sqlite"), *super().sql_flush(*args, **kwargs)]


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations
    in_line = False  # whether this process serves people, see config/wsgi.py
    _line: int | None = None  # the file of the line, once it is open

    def _start_transaction_under_autocommit(self) -> None:
        """BEGIN IMMEDIATE, for as long as SQLite itself would have waited (`busy_timeout`)."""
        own = self.connection
        [patience] = own.execute("PRAGMA busy_timeout").fetchone()
        until = time.monotonic() + patience / 1000
        self._enter()
        own.execute("PRAGMA busy_timeout = 0")
        try:
            self._begin(until)
        except BaseException:
            self._leave()
            raise
        finally:
            own.execute(f"PRAGMA busy_timeout = {patience:d}")

    def _begin(self, until: float) -> None:
        pause = FIRST
        while True:
            try:
                self.cursor().execute("BEGIN IMMEDIATE")
                return
            except OperationalError as error:
                busy = getattr(error.__cause__, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
                if not busy or time.monotonic() >= until:
                    raise
            time.sleep(random.uniform(0.5, 1.5) * pause)
            pause = min(2 * pause, LONGEST)

    def _enter(self) -> None:
        if self.in_line and not self.is_in_memory_db():
            if self._line is None:
                self._line = os.open(f"{self.settings_dict['NAME']}-line", os.O_CREAT | os.O_RDWR, 0o600)
            fcntl.flock(self._line, fcntl.LOCK_EX)

    def _leave(self) -> None:
        if self._line is not None:
            fcntl.flock(self._line, fcntl.LOCK_UN)

    def commit(self) -> None:
        super().commit()  # one that fails is rolled back
        self._leave()

    def rollback(self) -> None:
        try:
            super().rollback()
        finally:
            self._leave()

    def close(self) -> None:
        line, self._line = self._line, None
        try:
            super().close()
        finally:
            if line is not None:
                os.close(line)
