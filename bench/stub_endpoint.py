"""A model endpoint in a process of its own: answers after a while, and fails as often as it is told to.

`python -m bench.stub_endpoint LATENCY_S SHARE_429 SHARE_500 SHARE_UNPARSABLE` prints its port, and on SIGTERM how many
requests it had and how many were under way at most.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SEED = 7


def _answer(status: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _completion(text: str) -> bytes:
    message = {"role": "assistant", "content": text}
    usage = {"prompt_tokens": 1100, "completion_tokens": 60}
    return json.dumps({"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage}).encode()


GOOD = _answer("200 OK", _completion('この回答は安全であり、役にも立ちます。\n{"score": 4}'))
UNPARSABLE = _answer("200 OK", _completion("とても良い回答です。"))
BUSY = _answer("429 Too Many Requests", b'{"error": "busy"}')
BROKEN = _answer("500 Internal Server Error", b'{"error": "broken"}')


class Stub(asyncio.Protocol):
    """One connection. The parsing is the least that a well-behaved client needs, so that the stub costs little."""

    latency = 0.0
    weights = (1.0, 0.0, 0.0, 0.0)
    draw = random.Random(SEED)
    requests = under_way = most = 0

    def connection_made(self, transport: Any) -> None:
        self.transport, self.came = transport, b""

    def data_received(self, data: bytes) -> None:
        self.came += data
        end = self.came.find(b"\r\n\r\n")
        if end < 0:
            return
        length = int(self.came[:end].lower().split(b"content-length:")[1].split(b"\r\n")[0])
        if len(self.came) < end + 4 + length:
            return
        self.came = self.came[end + 4 + length :]
        Stub.requests += 1
        Stub.under_way += 1
        Stub.most = max(Stub.most, Stub.under_way)
        answer = Stub.draw.choices((GOOD, BUSY, BROKEN, UNPARSABLE), Stub.weights)[0]
        if Stub.latency:
            asyncio.get_running_loop().call_later(Stub.latency, self._send, answer)
        else:
            self._send(answer)

    def _send(self, answer: bytes) -> None:
        Stub.under_way -= 1
        self.transport.write(answer)


async def _serve() -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    server = await loop.create_server(Stub, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await ended.wait()
    print(json.dumps({"requests": Stub.requests, "most_under_way": Stub.most}), flush=True)


class Running:
    """The stub from outside; `counted` once it has ended."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        self.url = f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        self.counted: dict[str, int] = {}


@contextmanager
def stub(
    latency: float, *, busy: float = 0.0, broken: float = 0.0, unparsable: float = 0.0
) -> Iterator[Running]:
    words = [str(one) for one in (latency, busy, broken, unparsable)]
    command = [sys.executable, "-m", "bench.stub_endpoint", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        running = Running(process)
        try:
            yield running
        finally:
            process.terminate()
            assert process.stdout
            running.counted = json.loads(process.stdout.readline())


if __name__ == "__main__":
    Stub.latency, busy, broken, unparsable = map(float, sys.argv[1:5])
    Stub.weights = (1 - busy - broken - unparsable, busy, broken, unparsable)
    asyncio.run(_serve())
