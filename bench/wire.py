"""A small HTTP client with a kept connection, and what a benchmark of servers asks of the machine. For all that is measured the same."""

from __future__ import annotations

import http.client
import json
import os
import socket
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TICKS = os.sysconf("SC_CLK_TCK")
FAULTS = (OSError, http.client.HTTPException, ValueError, RuntimeError)


class Wire:
    """One client's connection."""

    def __init__(self, url: str, headers: dict[str, str] | None = None, *, patience: float = 300) -> None:
        parts = urllib.parse.urlsplit(url)
        self.host, self.port, self.patience = parts.hostname or "127.0.0.1", parts.port or 80, patience
        self.headers = {"Accept": "application/json"} | (headers or {})
        self.connection: http.client.HTTPConnection | None = None
        self.location = ""  # where the last redirect led

    def ask(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> tuple[int, bytes]:
        """The status and the body. A connection that the server closed is opened anew, once."""
        headers = self.headers | ({"Content-Type": kind} if kind else {})
        for fresh in (self.connection is None, True):
            if self.connection is None:
                self.connection = http.client.HTTPConnection(self.host, self.port, timeout=self.patience)
            try:
                self.connection.request(method, path, body=body, headers=headers)
                # A server that writes head and body apart would cost 40 ms of delayed acknowledgement each time.
                self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
                answer = self.connection.getresponse()
                said = answer.read()
                self.location = answer.getheader("Location", self.location)
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                self.close()
                if fresh:
                    raise
                continue
            if answer.will_close:
                self.close()
            return answer.status, said
        raise AssertionError

    def json(self, method: str, path: str, body: Any = None) -> Any:
        sent = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        status, said = self.ask(method, path, sent, "application/json" if sent is not None else "")
        if not 200 <= status < 300:
            raise RuntimeError(f"{method} {path}: {status} {said[:300]!r}")
        return json.loads(said) if said else None

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


@dataclass
class Work:
    """What clients did side by side: seconds of each round, by the client's clock, and what went wrong."""

    rounds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    idle: int = 0  # clients that found nothing left to do: then the rate says too little
    wall: float = 0.0

    def told(self) -> dict[str, Any]:
        return {
            "submits": len(self.rounds),
            "seconds": round(self.wall, 1),
            "submits_per_s": round(len(self.rounds) / self.wall, 1) if self.wall else None,
            "next_plus_submit_ms": milliseconds(self.rounds),
            "errors": len(self.errors),
            **({"clients_out_of_work": self.idle} if self.idle else {}),
            **({"error_samples": sorted(set(self.errors))[:3]} if self.errors else {}),
        }


def milliseconds(seconds: list[float]) -> dict[str, float]:
    if not seconds:
        return {}
    ordered = sorted(seconds)
    at = {f"p{share}": ordered[min(len(ordered) - 1, len(ordered) * share // 100)] for share in (50, 95, 99)}
    return {name: round(value * 1000, 1) for name, value in (at | {"max": ordered[-1]}).items()}


def side_by_side(clients: Sequence[Callable[[], Any]], seconds: float) -> Work:
    """Each client (a function that does one round) in a thread of its own, again and again until the time is over."""
    work, lock = Work(), threading.Lock()
    end = time.perf_counter() + seconds

    def go_on(once: Callable[[], Any]) -> None:
        rounds: list[float] = []
        errors: list[str] = []
        while (started := time.perf_counter()) < end and len(errors) < 50:
            try:
                once()
            except FAULTS as error:
                errors.append(str(error)[:200])
            except StopIteration:
                with lock:
                    work.idle += 1
                break
            else:
                rounds.append(time.perf_counter() - started)
        with lock:
            work.rounds += rounds
            work.errors += errors

    began = time.perf_counter()
    threads = [threading.Thread(target=go_on, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work.wall = time.perf_counter() - began
    return work


def tree(pid: int) -> list[int]:
    """The process and all below it."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            children.setdefault(int(path.read_text().rsplit(")", 1)[1].split()[1]), []).append(
                int(path.parent.name)
            )
        except (OSError, IndexError):
            continue
    found, todo = [], [pid]
    while todo:
        found.append(todo.pop())
        todo += children.get(found[-1], [])
    return found


def memory(pids: list[int]) -> float:
    """MiB of the processes, pages that they share counted once (PSS)."""
    total = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return round(total / 1024, 1)


def processor_seconds(pids: list[int]) -> float:
    total = 0
    for pid in pids:
        try:
            words = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += int(words[11]) + int(words[12])
    return total / TICKS


def busy_seconds() -> float:
    """Seconds of all processors since the machine started, whoever used them."""
    words = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    return (words[0] + words[1] + words[2] + words[5] + words[6]) / TICKS


class Others:
    """What programs that are not measured used meanwhile: tells a figure from a busy machine."""

    def __init__(self, pid: int) -> None:
        self.pid, self.at = pid, time.perf_counter()
        self.busy, self.own = busy_seconds(), self._own()

    def _own(self) -> float:
        spent = os.times()
        return spent.user + spent.system + processor_seconds(tree(self.pid))

    def share(self) -> float:
        """Of one processor, on average."""
        elapsed = time.perf_counter() - self.at
        return round(max(0.0, busy_seconds() - self.busy - (self._own() - self.own)) / elapsed, 2)


def fsync_milliseconds(folder: Path, times: int = 200) -> dict[str, float]:
    """How long the disk takes to keep 4 KiB appended to a file: what a submit can never be faster than."""
    taken = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(times):
            file.write(b"\0" * 4096)
            file.flush()
            started = time.perf_counter()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - started)
    return milliseconds(taken)
