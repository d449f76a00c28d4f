"""What the trainer says while it works: metrics.jsonl, heartbeat.json, outcome.json.

Numbers and ids, never text.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from finetune.training.files import write_json

BEAT_EVERY = 1.0


class Report:
    """Writes the three files of one attempt; `prefix` sets a second program's files apart ("generate-")."""

    def __init__(
        self, folder: Path, *, run: int | str | None, attempt: int | None, token: str | None, prefix: str = ""
    ):
        """Take the attempt's identity, which stands in every file: readers tell it from an older one."""
        self.folder = folder
        self.prefix = prefix
        self.who = {"run": run, "attempt": attempt}
        self.token = token
        self.last_beat = 0.0

    def begin(self) -> None:
        """Remove the outcome of an earlier attempt: from now on there is none until this one ends."""
        (self.folder / f"{self.prefix}outcome.json").unlink(missing_ok=True)

    def metric(self, **fields: Any) -> None:
        """Append one line to metrics.jsonl and hand it to the system before returning.

        A line that a crash cut short is closed first, so that it spoils itself alone.
        """
        path = self.folder / f"{self.prefix}metrics.jsonl"
        line = json.dumps({**fields, **self.who, "time": now()}, allow_nan=False).encode() + b"\n"
        with path.open("a+b") as stream:
            if stream.tell() and not _ends_with_newline(path):
                line = b"\n" + line
            stream.write(line)

    def beat(self, phase: str, *, force: bool = False, **fields: Any) -> None:
        """Replace heartbeat.json, at most once in BEAT_EVERY seconds unless the phase changed (`force`)."""
        moment = time.monotonic()
        if not force and moment - self.last_beat < BEAT_EVERY:
            return
        self.last_beat = moment
        value = {**self.who, "token": self.token, "phase": phase, **fields, "time": now()}
        write_json(self.folder / f"{self.prefix}heartbeat.json", value, durable=False)

    def conclude(self, outcome: str, **fields: Any) -> None:
        """Write outcome.json to disk: "succeeded", "cancelled" or "failed", and what belongs to it."""
        value = {"outcome": outcome, **self.who, "token": self.token, **fields, "time": now()}
        write_json(self.folder / f"{self.prefix}outcome.json", value, durable=True)


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as stream:
        stream.seek(-1, 2)
        return stream.read(1) == b"\n"


def now() -> str:
    """The moment in UTC, ISO 8601 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def read_metrics(path: Path, *, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
    """Complete lines of metrics.jsonl from byte `offset` on, and the offset to go on from.

    A last line without its line break is left for the next call; a line that a crash spoiled is passed over.
    A resumed run writes the steps after its checkpoint again: the later line of a step is the one that
    counts.
    """
    if not path.exists():
        return [], offset
    with path.open("rb") as stream:
        stream.seek(offset)
        block = stream.read()
    end = block.rfind(b"\n") + 1
    rows = []
    for line in block[:end].splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            rows.append(row)
    return rows, offset + end


def by_step(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row per step in order of steps, the last written winning."""
    latest = {row["step"]: row for row in rows if isinstance(row.get("step"), int)}
    return [latest[step] for step in sorted(latest)]
