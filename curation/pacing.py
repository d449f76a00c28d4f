"""How fast an endpoint is asked: calls under way, calls and tokens a minute, pauses, and when it counts as down. Pure.

Calls under way follow additive increase and multiplicative decrease, the decrease by the share of calls in a round that
were told to wait, as DCTCP does with marked packets (Alizadeh et al., SIGCOMM 2010): a lone 429 among many costs
little, a server that refuses every second call is asked a quarter less at a time. Pauses double where calls keep
failing; while few of the latest do and others are answered meanwhile, a failure is that call's bad luck: asking it again
soon adds no more than that few to the load (a retry budget: Google, Site Reliability Engineering, 2016, chapter 21).
"""

from __future__ import annotations

import math
import random
import time
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

ANSWERED, THROTTLED, FAILED, UNREACHABLE = "answered", "throttled", "failed", "unreachable"
MINUTE = 60.0
FEW = (
    1 / 8
)  # share of refused calls in a round that does not end the first growth, of failed ones that is bad luck
LATEST = 64  # calls that the share of failed ones is taken over
NEVER = math.inf
LONGEST_BACKOFF = 30.0  # seconds
LONGEST_PROBE = 10.0  # seconds between two calls to an endpoint in doubt


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one endpoint allows, and how much patience it is given. None: no limit.

    timeout: seconds of silence within one request; seconds_per_call: all tries of a call and the pauses between them;
    backoff: seconds, the upper bound of the first pause; longest_wait: a Retry-After beyond it pauses the whole run.
    """

    in_flight: int = 16
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    tries: int = 8
    timeout: float = 120.0
    seconds_per_call: float = 600.0
    backoff: float = 0.5
    longest_wait: float = 300.0
    failures_in_a_row: int = 8
    down_after: float = 90.0


def back_off(number: int, base: float, *, draw: Callable[[float, float], float] = random.uniform) -> float:
    """Seconds before another try after the `number`-th: full jitter, anywhere from 0 to base * 2^(number - 1)."""
    return draw(0.0, min(LONGEST_BACKOFF, base * 2.0 ** min(number - 1, 30)))


@dataclass(eq=False)
class Place:
    """A call under way: when it was sent and the tokens it is taken to cost, put right when its answer tells."""

    sent: float
    tokens: int


@dataclass
class Pacer:
    """The state of one endpoint. Not safe for threads by itself: whoever shares it holds a lock."""

    limits: Limits
    now: Callable[[], float] = time.monotonic
    draw: Callable[[float, float], float] = random.uniform
    under_way: int = 0
    closed_until: float = -NEVER
    down: str = ""  # what the endpoint said last before it was given up; '' while it is not

    _recent: deque[Place] = field(default_factory=deque)
    _tokens: int = 0
    _seen: int = 0
    _refused: int = 0
    _starting: bool = True
    _failing: set[Hashable] = field(default_factory=set)
    _throttled: int = 0
    _latest: deque[bool] = field(default_factory=lambda: deque(maxlen=LATEST))  # True: failed
    _in_a_row: int = 0
    _down_at: float = NEVER
    _probe: float = 0.0

    def __post_init__(self) -> None:
        self.most = max(1, self.limits.in_flight)
        self.allowed = self._round = float((self.most + 1) // 2)

    @property
    def in_doubt(self) -> bool:
        """So many failed in a row that the endpoint itself may be down: it is asked one call at a time."""
        return len(self._failing) >= self.limits.failures_in_a_row

    @property
    def free(self) -> int:
        """How many calls more may be under way now."""
        return (1 if self.in_doubt else int(self.allowed)) - self.under_way

    def delay(self, tokens: int = 0) -> float:
        """Seconds until a call of so many tokens may go: 0 now, NEVER while one under way must end first."""
        if self.free <= 0:
            return NEVER
        now = self.now()
        return max(0.0, self.closed_until - now, self._full_until(now, tokens) - now)

    def _full_until(self, now: float, tokens: int) -> float:
        """When the last minute's calls leave room. A call larger than a minute's tokens goes when it is alone."""
        while self._recent and self._recent[0].sent + MINUTE <= now:
            self._tokens -= self._recent.popleft().tokens
        calls, most = self.limits.requests_per_minute, self.limits.tokens_per_minute
        until = -NEVER
        if calls and len(self._recent) >= calls:
            until = self._recent[len(self._recent) - calls].sent + MINUTE
        if most and self._tokens + tokens > most:
            over = self._tokens + tokens - most
            for place in self._recent:
                over -= place.tokens
                until = max(until, place.sent + MINUTE)
                if over <= 0:
                    break
        return until

    def remember(self, sent: float, tokens: int) -> None:
        """A call that somebody else sent: it counts towards this minute. The earliest first, before any of one's own."""
        self._recent.append(Place(sent, tokens))
        self._tokens += tokens

    def hold(self, seconds: float) -> None:
        """The endpoint asked, some time ago, to be left alone for so many seconds more."""
        self.closed_until = max(self.closed_until, self.now() + seconds)
        if seconds > self.limits.longest_wait:
            self.down = f"Retry-After {seconds:.0f} s"

    def begin(self, tokens: int = 0) -> Place:
        """A call goes now."""
        place = Place(self.now(), tokens)
        self.under_way += 1
        if self.limits.requests_per_minute or self.limits.tokens_per_minute:
            self._recent.append(place)
            self._tokens += tokens
        return place

    def end(
        self,
        place: Place,
        outcome: str,
        *,
        call: Hashable = None,
        said: str = "",
        retry_after: float | None = None,
        tokens: int | None = None,
    ) -> None:
        """A call came back. `said` is what the server or the net said where it was no answer."""
        now = self.now()
        self.under_way -= 1
        if tokens is not None and place.sent > now - MINUTE and self.limits.tokens_per_minute:
            self._tokens += tokens - place.tokens
            place.tokens = tokens
        if retry_after is not None:
            self.closed_until = max(self.closed_until, now + retry_after)
        self._adapt(outcome)
        self._latest.append(outcome != ANSWERED)
        self._in_a_row = 0 if outcome == ANSWERED else self._in_a_row + 1
        if outcome == ANSWERED:
            self._failing.clear()
            self._throttled, self._down_at, self._probe = 0, NEVER, 0.0
            return
        if outcome == THROTTLED:
            self._throttled += 1
        else:
            # One call that fails for ever is one failure; an endpoint that cannot be reached fails each time.
            self._failing.add(object() if outcome == UNREACHABLE else call)
        self._doubt(now, said, retry_after or 0.0)

    def pause(self, tries: int) -> float:
        """Seconds before a call that has just failed for the `tries`-th time is sent again, by `back_off`.

        Where few of the latest calls failed, the bound doubles by the failures since the endpoint last answered anybody,
        if they are fewer than the call's own.
        """
        few = sum(self._latest) <= FEW * len(self._latest)
        number = min(tries, max(1, self._in_a_row)) if few else tries
        return back_off(number, self.limits.backoff, draw=self.draw)

    def _adapt(self, outcome: str) -> None:
        """Twice as many a round until many are refused; then one more after a round in which none was."""
        self._seen += 1
        self._refused += outcome == THROTTLED
        if self._starting and outcome == ANSWERED:
            self.allowed += 1
        if self._seen >= self._round:
            share = self._refused / self._seen
            self._starting = self._starting and share <= FEW and self.allowed < self.most
            self.allowed *= 1 - share / 2
            self.allowed += not share and not self._starting
            self._seen = self._refused = 0
        self.allowed = min(max(1.0, self.allowed), float(self.most))
        if self._seen == 0:
            self._round = self.allowed

    def _doubt(self, now: float, said: str, wait: float) -> None:
        """Nothing but failures: ask more slowly, and give the endpoint up after `down_after` seconds of them."""
        if self._down_at == NEVER:
            self._down_at = now + self.limits.down_after
        self._down_at += wait  # a pause that was asked for is not held against it
        if wait > self.limits.longest_wait:
            self.down = f"Retry-After {wait:.0f} s"
        if self.in_doubt:
            self._probe = min(LONGEST_PROBE, max(self._probe * 2, self.limits.backoff))
            self.closed_until = max(self.closed_until, now + self._probe)
        many = len(self._failing) + self._throttled >= self.limits.failures_in_a_row
        if many and now >= self._down_at:
            self.down = said or "no answer"
