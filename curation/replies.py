"""What a model's answer says: its text, or the name of the failure that it is. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

OK = "ok"


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
    model wrote, also where it was cut off. Tokens are None where the server does not count them. `dropped`: the client
    was stopped, or the endpoint is down, before the call had its chance; it does not count against the call.
    """

    status: str
    text: str = ""
    finish_reason: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    tries: tuple[Try, ...] = field(default_factory=tuple)
    dropped: bool = False

    @property
    def ok(self) -> bool:
        return self.status == OK

    @property
    def answered(self) -> bool:
        """The endpoint itself has answered, whatever it said."""
        return self.http_status == 200 and not self.error

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


def reply_of(raw: str) -> Reply:
    """What a stored body of an answered request says, read again."""
    attempt = Try(number=1, http_status=200, raw=raw, error="", milliseconds=0)
    return read(attempt, "", (attempt,))


def read(attempt: Try, failure: str, tries: tuple[Try, ...]) -> Reply:
    """What an answer says; `failure` is the name of what went wrong on the way, '' where nothing did."""
    try:
        given: Any = json.loads(attempt.raw) if attempt.raw else {}
    except (ValueError, RecursionError):
        given = None
    if failure:
        filtered = failure == "transport" and _filtered(given)
        return Reply(status="provider_filtered" if filtered else failure, tries=tries)
    try:
        choice = given["choices"][0]
        message = choice.get("message") or {}
        text, refusal = message.get("content"), message.get("refusal")
        reason = str(choice.get("finish_reason") or "")
    except (KeyError, IndexError, TypeError, AttributeError):
        return Reply(status="off_format", tries=tries)
    usage = given.get("usage") if isinstance(given, dict) else None
    usage = usage if isinstance(usage, dict) else {}
    return Reply(
        status=_status(text, refusal, reason),
        text=_sound(text if isinstance(text, str) else str(refusal or "")),
        finish_reason=_sound(reason)[:40],
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
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 31 else None


def _sound(text: str) -> str:
    """Without what no database keeps: NUL, and halves of a character that JSON can spell."""
    return text.replace("\x00", "").encode("utf-8", errors="replace").decode()
