"""SQLite's own waiting doubles its pauses up to a tenth of a second, so whoever waits longest asks least often and the
newcomer wins: with eight writers, single ones waited two seconds. Here all who want to write ask equally often.
"""

from __future__ import annotations

import random
import sqlite3
import time

from django.db import OperationalError
from django.db.backends.sqlite3 import base

# Seconds between two attempts. A transaction with its fsync takes a few milliseconds; the longest pause is short beside
# what a person notices, and long enough that fifty who wait leave the processors to the one who writes.
FIRST, LONGEST = 0.001, 0.01


class DatabaseWrapper(base.DatabaseWrapper):
    def _start_transaction_under_autocommit(self) -> None:
        """BEGIN IMMEDIATE, for as long as SQLite itself would have waited (`busy_timeout`)."""
        own = self.connection
        [patience] = own.execute("PRAGMA busy_timeout").fetchone()
        own.execute("PRAGMA busy_timeout = 0")
        try:
            self._begin(time.monotonic() + patience / 1000)
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
