"""A model endpoint on the loopback that misbehaves on demand: real sockets, counted on the server's side."""

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

Behaviour = Callable[["Handler"], None]


def completion(text: str | None, reason: str = "stop", **message: Any) -> bytes:
    """The body of an answer."""
    choice = {"message": {"role": "assistant", "content": text, **message}, "finish_reason": reason}
    return json.dumps({"choices": [choice], "usage": {"prompt_tokens": 90, "completion_tokens": 10}}).encode()


def says(text: str | None, reason: str = "stop", **message: Any) -> Behaviour:
    return lambda handler: handler.send(200, completion(text, reason, **message))


def body(raw: bytes) -> Behaviour:
    return lambda handler: handler.send(200, raw)


def error(status: int, content: bytes = b"{}", **headers: str) -> Behaviour:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.send(status, content, named)


def retry_at(seconds: float) -> Behaviour:
    """429 with a date."""
    return lambda handler: handler.send(
        429,
        b"{}",
        {"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)},
    )


def hangs(handler: "Handler") -> None:
    """Takes the request and says nothing."""
    handler.server.ended.wait(20)


def cut(handler: "Handler") -> None:
    """Ends in the middle of the body."""
    whole = completion('{"score": 5}')
    handler.start(200, {"Content-Length": str(len(whole))})
    handler.wfile.write(whole[: len(whole) // 2])
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)


def drips(handler: "Handler") -> None:
    """A byte now and then, so that no single wait is long."""
    whole = completion('{"score": 5}')
    handler.start(200, {"Content-Length": str(len(whole))})
    for at in range(len(whole)):
        if handler.server.ended.wait(0.1):
            return
        handler.wfile.write(whole[at : at + 1])
        handler.wfile.flush()


def giant(handler: "Handler") -> None:
    """Much more than any reply."""
    handler.start(200, {"Content-Length": str(1 << 30)})
    block = b" " * (1 << 20)
    for _n in range(1 << 10):
        handler.wfile.write(block)


class Endpoint(ThreadingHTTPServer):
    """Answers by what it is asked about: `behaviour[key]` where the key stands in the last message, else `usual`.

    A list is gone through call by call, its last entry for ever. `asked` counts by key, `bodies` keeps what came.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behaviour: dict[str, Behaviour | list[Behaviour]] = {}
        self.usual: Behaviour = says('理由です。\n{"score": 4}')
        self.latency = 0.0
        self.asked: Counter[str] = Counter()
        self.bodies: list[dict[str, Any]] = []
        self.times: list[float] = []
        self.under_way = self.most_under_way = 0
        self.lock = threading.Lock()
        self.ended = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    @property
    def requests(self) -> int:
        return len(self.bodies)

    def chosen(self, given: dict[str, Any]) -> Behaviour:
        text = "\n".join(str(one["content"]) for one in given["messages"])
        key = next((key for key in self.behaviour if key in text), "")
        with self.lock:
            number = self.asked[key]
            self.asked[key] += 1
            self.bodies.append(given)
            self.times.append(time.monotonic())
        found = self.behaviour.get(key, self.usual)
        return found[min(number, len(found) - 1)] if isinstance(found, list) else found

    def handle_error(self, *_arguments: object) -> None:
        """A client that gives up is what these tests are about."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Endpoint

    def do_POST(self) -> None:
        self.given: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        behave = self.server.chosen(self.given)
        with self.server.lock:
            self.server.under_way += 1
            self.server.most_under_way = max(self.server.most_under_way, self.server.under_way)
        if self.server.latency:
            time.sleep(self.server.latency)
        with self.server.lock:  # before the answer: a quick client sends its next call while this one ends
            self.server.under_way -= 1
        behave(self)

    def start(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def send(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.start(status, {**(headers or {}), "Content-Length": str(len(content))})
        self.wfile.write(content)

    def log_message(self, *_words: object) -> None:
        """Quiet."""


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """A running endpoint; tests set how it behaves."""
    server = Endpoint()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    server.ended.set()
    server.shutdown()
    server.server_close()
    thread.join()
