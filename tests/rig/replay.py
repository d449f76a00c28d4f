"""Replies of a real Label Studio, recorded by `python -m tests.rig.record_label_studio` and told again on the loopback.

Each address answers with what it answered there, in the order in which it was asked; what was never asked then is 501.
"""

import json
import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

KEPT = Path(__file__).resolve().parent.parent / "fixtures" / "label_studio.json"


class Replay(ThreadingHTTPServer):
    """A server that can do nothing but repeat. `sent` holds (method, path, body, authorization) of what it was asked."""

    daemon_threads = True

    def __init__(self, replies: list[dict[str, Any]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.sent: list[tuple[str, str, Any, str]] = []
        self.replies: dict[str, deque[dict[str, Any]]] = defaultdict(deque)
        for one in replies:
            self.replies[one["asked"]].append(one)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Replay

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        path = self.path.split("?")[0]
        self.server.sent.append((self.command, path, body, self.headers.get("Authorization", "")))
        waiting = self.server.replies.get(f"{self.command} {path}")
        # The last answer of an address stands for all later ones.
        reply = (
            (waiting.popleft() if len(waiting) > 1 else waiting[0])
            if waiting
            else {"status": 501, "body": None}
        )
        content = json.dumps(reply["body"]).encode() if reply["body"] is not None else b""
        self.send_response(reply["status"])
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_DELETE = _answer  # as the base class calls them

    def log_message(self, *_words: object) -> None:
        pass


@contextmanager
def replayed(name: str) -> Iterator[Replay]:
    """One of the recorded exchanges."""
    with told_again(json.loads(KEPT.read_text(encoding="utf-8"))[name]) as server:
        yield server


@contextmanager
def told_again(replies: list[dict[str, Any]]) -> Iterator[Replay]:
    """The replies, `{"asked": "GET /path", "status", "body"}` each."""
    server = Replay(replies)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
