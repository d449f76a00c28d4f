"""The one outbound model client: OpenAI-compatible chat completions over httpx. Pure: no Django, no models.

A model's failure is an answer, never an exception: a Reply carries a status word of the project's failure names.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

OK = "ok"
RETRIED = frozenset({408, 409, 429})  # and every 5xx
LARGEST_REPLY = 8 << 20  # bytes
LONGEST_WAIT = 60.0  # seconds, whatever Retry-After asks for
CONNECT_SECONDS = 10.0

Message = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Try:
    """One request and what came back, as it came. `error` names what went wrong on the way, '' where nothing did."""

    number: int
    http_status: int | None
    raw: str
    error: str
    milliseconds: int


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a call ended in.

    status: "ok", or one of refused, provider_filtered, truncated, off_format, transport, timeout. `text` is what the
    model wrote, also where it was cut off. Tokens are None where the server does not count them.
    """

    status: str
    text: str = ""
    finish_reason: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    tries: tuple[Try, ...] = field(default_factory=tuple)

    @property
    def ok(self) -> bool:
        return self.status == OK

    @property
    def raw(self) -> str:
        """The body of the last answer."""
        return self.tries[-1].raw if self.tries else ""

    @property
    def error(self) -> str:
        return self.tries[-1].error if self.tries else ""

    @property
    def http_status(self) -> int | None:
        return self.tries[-1].http_status if self.tries else None


class Client:
    """Talks to one endpoint; may be shared by threads. Close it, or use it with `with`.

    `settings` (temperature, max_tokens, seed ...) go into every request. `timeout` in seconds bounds the silence of
    the server, `tries` the number of requests for one call. Redirects are not followed: the key stays with its host.
    """

    def __init__(
        self,
        *,
        url: str,
        model: str,
        key: str = "",
        settings: dict[str, Any] | None = None,
        timeout: float = 120.0,
        tries: int = 5,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = f"{url.rstrip('/')}/chat/completions"
        self.model = model
        self.settings = dict(settings or {})
        self.tries = max(1, tries)
        self.pause = pause
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.http = httpx.Client(
            headers=headers,
            timeout=httpx.Timeout(timeout, connect=min(CONNECT_SECONDS, timeout)),
            follow_redirects=False,
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        self.http.close()

    def body(self, messages: Sequence[Message], **overrides: Any) -> dict[str, Any]:
        """The request as it is sent."""
        return {**self.settings, **overrides, "model": self.model, "messages": list(messages)}

    def chat(self, messages: Sequence[Message], **overrides: Any) -> Reply:
        """Ask once, trying again where trying again may help. Never raises for the model, the server or the net.

        Tried again: no connection, a time-out, 408, 409, 429 and 5xx, after what Retry-After says, else 1, 2, 4 ...
        seconds with some chance in it so that parallel callers part.
        """
        request = self.body(messages, **overrides)
        tries: list[Try] = []
        while True:
            attempt, wait, failure = self._try(request, len(tries) + 1)
            tries.append(attempt)
            if wait is None or len(tries) == self.tries:
                return _read(attempt, failure, tuple(tries))
            self.pause(min(wait, LONGEST_WAIT))

    def _try(self, request: dict[str, Any], number: int) -> tuple[Try, float | None, str]:
        """One request; seconds to wait before another would make sense, None where none would; the failure's name."""
        started = time.monotonic()
        status, raw, error, failure, wait = None, "", "", "", None
        backoff = 2.0 ** (number - 1) * random.uniform(0.75, 1.25)
        try:
            with self.http.stream("POST", self.url, json=request) as answer:
                status = answer.status_code
                raw = _body(answer)
                if status in RETRIED or status >= 500:
                    wait = _retry_after(answer.headers.get("Retry-After"), backoff)
                    failure = "timeout" if status in (408, 504) else "transport"
                elif status >= 300:
                    failure = "transport"
                error = f"HTTP {status}" if failure else ""
        except httpx.TimeoutException as fault:
            failure, wait, error = "timeout", backoff, type(fault).__name__
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as fault:
            failure, wait, error = "transport", backoff, type(fault).__name__
        except _TooLarge:
            failure, error = "off_format", "the answer is larger than 8 MiB"
        spent = round((time.monotonic() - started) * 1000)
        attempt = Try(number=number, http_status=status, raw=raw, error=error, milliseconds=spent)
        return attempt, wait, failure


class _TooLarge(Exception):
    pass


def _body(answer: httpx.Response) -> str:
    """The answer's text, read in pieces so that a hostile server cannot fill the memory."""
    parts, size = [], 0
    for piece in answer.iter_bytes():
        size += len(piece)
        if size > LARGEST_REPLY:
            raise _TooLarge
        parts.append(piece)
    return b"".join(parts).decode("utf-8", errors="replace").replace("\x00", "")


def _retry_after(header: str | None, backoff: float) -> float:
    if not header:
        return backoff
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, TypeError):
        return backoff
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _read(attempt: Try, failure: str, tries: tuple[Try, ...]) -> Reply:
    try:
        given = json.loads(attempt.raw) if attempt.raw else {}
    except (ValueError, RecursionError):
        given = None
    if failure:
        filtered = failure == "transport" and _filtered(given)
        return Reply(status="provider_filtered" if filtered else failure, tries=tries)
    try:
        choice = given["choices"][0]  # type: ignore[index]
        message = choice.get("message") or {}
        text, refusal = message.get("content"), message.get("refusal")
        reason = str(choice.get("finish_reason") or "")
    except (KeyError, IndexError, TypeError, AttributeError):
        return Reply(status="off_format", tries=tries)
    usage = given.get("usage") if isinstance(given, dict) else None
    usage = usage if isinstance(usage, dict) else {}
    return Reply(
        status=_status(text, refusal, reason),
        text=text if isinstance(text, str) else str(refusal or ""),
        finish_reason=reason[:40],
        tokens_in=_count(usage.get("prompt_tokens")),
        tokens_out=_count(usage.get("completion_tokens")),
        tries=tries,
    )


def _status(text: object, refusal: object, reason: str) -> str:
    if reason == "content_filter":
        return "provider_filtered"
    if refusal:
        return "refused"
    if reason == "length":
        return "truncated"
    return OK if isinstance(text, str) else "off_format"


def _filtered(given: object) -> bool:
    """Azure answers 400 with this code where its filter refused the prompt."""
    error = given.get("error") if isinstance(given, dict) else None
    return isinstance(error, dict) and "content_filter" in (error.get("code"), error.get("type"))


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
