"""The one outbound model client: OpenAI-compatible chat completions over httpx. Pure: no Django, no models.

A model's failure is an answer, never an exception: a Reply carries a status word of the project's failure names.
Threads share a client, and with it one rule for how fast the endpoint is asked (curation/pacing.py).
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from curation.pacing import (
    ANSWERED,
    FAILED,
    NEVER,
    THROTTLED,
    UNREACHABLE,
    Limits,
    Pacer,
    Place,
)
from curation.replies import OK, Reply, Try, read, reply_of

__all__ = ["OK", "Client", "Message", "Reply", "Request", "Try", "reply_of"]

RETRIED = frozenset({408, 409, 429})  # and every 5xx
SHUT = frozenset(
    {401, 402, 403, 404, 405}
)  # the endpoint lets nobody in: a key, an address or a model is wrong
LARGEST_REPLY = 8 << 20  # bytes
CONNECT_SECONDS = 10.0

Message = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Request:
    """A call's request, written once: `settings` as they are sent, the messages as JSON, and the body of both.

    `tokens` is what the call is taken to cost until its answer counts them.
    """

    settings: dict[str, Any]
    messages: bytes
    content: bytes
    tokens: int


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """One request: the Try, the failure's name ('' for none), what the pacer makes of it, what the server asks for."""

    attempt: Try
    failure: str = ""
    outcome: str = ANSWERED
    again: bool = False
    retry_after: float | None = None


class Client:
    """Talks to one endpoint; shared by threads. Close it, or use it with `with`.

    `settings` (temperature, max_tokens, seed ...) go into every request. `limits` say how fast and how often to ask;
    `timeout` and `tries` replace those of the limits. Redirects are not followed: the key stays with its host.
    """

    def __init__(
        self,
        *,
        url: str,
        model: str,
        key: str = "",
        settings: dict[str, Any] | None = None,
        limits: Limits | None = None,
        timeout: float | None = None,
        tries: int | None = None,
    ) -> None:
        self.url = f"{url.rstrip('/')}/chat/completions"
        self.model = model
        self.settings = dict(settings or {})
        given = limits or Limits()
        self.limits = replace(
            given, timeout=timeout or given.timeout, tries=max(1, given.tries if tries is None else tries)
        )
        self.pacer = Pacer(self.limits)
        self.turn = threading.Condition()
        self.stopped = threading.Event()
        self.headers = httpx.Headers({"Content-Type": "application/json", "Accept": "application/json"})
        if key:
            self.headers["Authorization"] = f"Bearer {key}"
        silence = httpx.Timeout(self.limits.timeout, connect=min(CONNECT_SECONDS, self.limits.timeout))
        self.extensions = {"timeout": silence.as_dict()}
        self._connect: dict[str, Any] = {}
        self._own = threading.local()
        self._all: list[httpx.HTTPTransport] = []

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections of all threads."""
        with self.turn:
            clients, self._all, self._own = self._all, [], threading.local()
        for one in clients:
            one.close()

    def stop(self) -> None:
        """Send no request more. What is under way comes back; calls that wait for their turn are dropped."""
        self.stopped.set()
        with self.turn:
            self.turn.notify_all()

    @cached_property
    def address(self) -> httpx.URL:
        """Read once: an address taken apart for each request costs as much as an answer read."""
        return httpx.URL(self.url)

    @property
    def http(self) -> httpx.HTTPTransport:
        """This thread's own connection: a pool shared by 64 threads costs more in locks than in sending."""
        found: httpx.HTTPTransport | None = getattr(self._own, "http", None)
        if found is None:
            with self.turn:
                self._connect = self._connect or _ways(self.url)
                found = httpx.HTTPTransport(**self._connect)
                self._own.http = found
                self._all.append(found)
        return found

    def request(self, messages: Sequence[Message], **overrides: Any) -> Request:
        """The request as it is sent. A `response_format` that only names a kind is for judges to spell out."""
        settings = {**self.settings, **overrides, "model": self.model}
        if isinstance(settings.get("response_format"), str):
            del settings["response_format"]
        said = json.dumps(list(messages), ensure_ascii=False).encode()
        head = json.dumps(settings, ensure_ascii=False).encode()
        # A Japanese character is about a token; what the answer says puts it right.
        tokens = sum(len(one["content"]) for one in messages) + (_longest(settings) or 0)
        content = b"".join((head[:-1], b', "messages": ', said, b"}"))
        return Request(settings=settings, messages=said, content=content, tokens=tokens)

    def chat(self, messages: Sequence[Message], **overrides: Any) -> Reply:
        """Ask once, by `send`."""
        return self.send(self.request(messages, **overrides))

    def send(self, request: Request) -> Reply:
        """Ask once, when the endpoint's turn comes, trying again where that may help. Never raises for the model, the
        server or the net.

        Tried again: no connection, a time-out, 408, 409, 429 and 5xx, after a pause with full jitter; a Retry-After
        holds back every call to the endpoint. Tries and seconds are bounded by the limits.
        """
        tries: list[Try] = []
        call, until = object(), NEVER
        while True:
            place = self._enter(request.tokens)
            if place is None:
                return Reply(status="transport", tries=tuple(tries), dropped=True)
            until = min(until, time.monotonic() + self.limits.seconds_per_call)
            seen = self._try(request.content, len(tries) + 1, until)
            tries.append(seen.attempt)
            reply = read(seen.attempt, seen.failure, tuple(tries))
            pause = self._leave(place, seen, call, reply)
            late = time.monotonic() + pause >= until
            if not seen.again or len(tries) == self.limits.tries or late:
                return reply if not seen.failure else replace(reply, dropped=bool(self.pacer.down))
            self.stopped.wait(pause)

    def _enter(self, tokens: int) -> Place | None:
        """A place among the calls under way, as soon as there is one; None once no request is sent any more."""
        with self.turn:
            while not self.stopped.is_set() and not self.pacer.down:
                wait = self.pacer.delay(tokens)
                if wait <= 0:
                    return self.pacer.begin(tokens)
                self.turn.wait(None if wait == NEVER else wait)
        return None

    def _leave(self, place: Place, seen: _Seen, call: object, reply: Reply) -> float:
        """Give the place back; the seconds before another try, should the call need one."""
        spent = None
        if reply.tokens_in is not None:
            spent = reply.tokens_in + (reply.tokens_out or 0)
        with self.turn:
            self.pacer.end(
                place,
                # A filter's refusal to read the prompt is the endpoint's answer, whatever its HTTP status.
                ANSWERED if reply.status == "provider_filtered" else seen.outcome,
                call=call,
                said=seen.attempt.error,
                retry_after=seen.retry_after,
                tokens=spent,
            )
            if self.pacer.down:
                self.turn.notify_all()
            else:
                self.turn.notify(max(1, self.pacer.free))
            return self.pacer.pause(len(reply.tries))

    def _try(self, content: bytes, number: int, until: float) -> _Seen:
        """One request, which ends at `until` at the latest."""
        started = time.monotonic()
        status, raw, error = None, "", ""
        known: dict[str, Any] = {}
        try:
            request = httpx.Request(
                "POST", self.address, content=content, headers=self.headers, extensions=self.extensions
            )
            with closing(self.http.handle_request(request)) as answer:
                status = answer.status_code
                raw = _body(answer, until)
                known = _judged(status, answer.headers)
                error = f"HTTP {status}" if known else ""
        except (httpx.TimeoutException, _TooSlow) as fault:
            unreached = isinstance(fault, httpx.ConnectTimeout)
            known = {"failure": "timeout", "outcome": UNREACHABLE if unreached else FAILED, "again": True}
            error = type(fault).__name__.strip("_")
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as fault:
            unreached = isinstance(fault, (httpx.ConnectError, httpx.ProxyError))
            known = {"failure": "transport", "outcome": UNREACHABLE if unreached else FAILED, "again": True}
            error = type(fault).__name__
        except _TooLarge:
            known, error = {"failure": "off_format"}, "the answer is larger than 8 MiB"
        spent = round((time.monotonic() - started) * 1000)
        attempt = Try(number=number, http_status=status, raw=raw, error=error, milliseconds=spent)
        return _Seen(attempt=attempt, **known)


def _longest(settings: dict[str, Any]) -> int | None:
    found = (settings.get(name) for name in ("max_completion_tokens", "max_tokens"))
    return next((one for one in found if isinstance(one, int)), None)


def _ways(url: str) -> dict[str, Any]:
    """How to connect: through the proxy that the environment names for the host, and with its certificates."""
    parts = urlsplit(url)
    proxy = None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)
    # Nothing is verified where nothing is encrypted: certificates take longer to load than a call to send.
    verify = httpx.create_ssl_context() if parts.scheme == "https" or proxy else False
    return {"verify": verify, "proxy": httpx.Proxy(proxy) if proxy else None}


class _TooLarge(Exception):
    pass


class _TooSlow(Exception):
    pass


def _body(answer: httpx.Response, until: float) -> str:
    """The answer's text, read in pieces so that a hostile server fills neither the memory nor the day."""
    parts, size = [], 0
    for piece in answer.iter_bytes():
        size += len(piece)
        if size > LARGEST_REPLY:
            raise _TooLarge
        if time.monotonic() > until:
            raise _TooSlow
        parts.append(piece)
    return b"".join(parts).decode("utf-8", errors="replace").replace("\x00", "")


def _judged(status: int, headers: httpx.Headers) -> dict[str, Any]:
    """What a status that is no answer means; {} for an answer."""
    if status < 300:
        return {}
    wait = _retry_after(headers)
    if status == 429 or (status == 503 and wait is not None):
        return {"failure": "transport", "outcome": THROTTLED, "again": True, "retry_after": wait}
    if status in RETRIED or status >= 500:
        failure = "timeout" if status in (408, 504) else "transport"
        return {"failure": failure, "outcome": FAILED, "again": True, "retry_after": wait}
    return {"failure": "transport", "outcome": UNREACHABLE if status in SHUT or status < 400 else FAILED}


def _retry_after(headers: httpx.Headers) -> float | None:
    """Seconds that the server asks everybody to wait: a number, or a date by the server's own clock."""
    header = headers.get("Retry-After", "")
    try:
        seconds = float(header)
        return max(0.0, seconds) if seconds < NEVER else None
    except ValueError:
        pass
    moment, there = _moment(header), _moment(headers.get("Date", ""))
    if moment is None:
        return None
    return max(0.0, (moment - (there or datetime.now(UTC))).total_seconds())


def _moment(header: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
