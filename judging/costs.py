"""What judging costs: tokens by measured characters, money by the endpoint's prices, and a cap that holds. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

GUESSED_REPLY = 200  # tokens of a judge's reply, where none was measured
MILLION = 1_000_000
WHOLE = frozenset({"JPY", "KRW", "VND"})  # currencies without a smaller unit


@dataclass(frozen=True, kw_only=True)
class Rates:
    """Tokens per character of a request, and tokens of a reply, from `measured` stored answers (0: guessed)."""

    per_character: float = 0.0
    reply: float = GUESSED_REPLY
    measured: int = 0

    def tokens_in(self, messages: Sequence[Mapping[str, str]]) -> float:
        """Tokens of a request; not measured, a token for each character beyond ASCII and for four within it."""
        if self.measured:
            return self.per_character * characters(messages)
        return sum(_guess(one["content"]) for one in messages)


@dataclass(frozen=True, kw_only=True)
class Further:
    """What a call may ask beyond its request: the same as often `again`, and a turn with the reply and what is `told`."""

    again: int = 0
    told: str = ""


def characters(messages: Sequence[Mapping[str, str]]) -> int:
    return sum(len(one["content"]) for one in messages)


def _guess(text: str) -> float:
    beyond = sum(not character.isascii() for character in text)
    return beyond + (len(text) - beyond) / 4


def money(prices: Mapping[str, Any], tokens_in: float, tokens_out: float) -> float | None:
    """In the currency of the prices, which are for a million tokens; None where the endpoint has none."""
    if not prices:
        return None
    total: float = (tokens_in * prices["input"] + tokens_out * prices["output"]) / MILLION
    return total


def priced(amount: float | None, currency: str) -> str:
    """Money in words: with its currency's decimals, and with two significant digits where it is less than the last of
    them. '' where there is none."""
    if amount is None:
        return ""
    decimals = 0 if currency in WHOLE else 2
    if 0 < amount < 10**-decimals:
        decimals = 1 - math.floor(math.log10(amount))
    return f"{amount:,.{decimals}f} {currency}".strip()


@dataclass
class Purse:
    """What a run has spent, what is under way, and what it may spend in all. A call goes if the cap surely holds.

    For a call under way all that it may take is set aside: each request that may follow the first, and for each the
    longest reply, `longest` tokens where the sampling says so.
    """

    prices: Mapping[str, Any]
    most_tokens: int | None = None
    most_money: float | None = None
    rates: Rates = field(default_factory=Rates)
    longest: int | None = None
    further: Further = field(default_factory=Further)
    spent_in: float = 0.0
    spent_out: float = 0.0
    aside_in: float = 0.0
    aside_out: float = 0.0

    @property
    def capped(self) -> bool:
        return self.most_tokens is not None or self.most_money is not None

    @property
    def money(self) -> float | None:
        return money(self.prices, self.spent_in, self.spent_out)

    def cost(self, messages: Sequence[Mapping[str, str]]) -> tuple[float, float]:
        """Tokens to set aside for a call: of its requests, and of their replies."""
        first, reply, told = (
            self.rates.tokens_in(messages),
            self.longest or self.rates.reply,
            self.further.told,
        )
        times = 1 + self.further.again
        if not told:
            return times * first, times * reply
        # The turn in which the judge is told holds the whole talk so far: the request, the reply, and what is told.
        more = first + reply + self.rates.tokens_in([{"content": told}])
        return times * first + more, (times + 1) * reply

    def covers(self, cost: tuple[float, float]) -> bool:
        tokens_in = self.spent_in + self.aside_in + cost[0]
        tokens_out = self.spent_out + self.aside_out + cost[1]
        if self.most_tokens is not None and tokens_in + tokens_out > self.most_tokens:
            return False
        price = money(self.prices, tokens_in, tokens_out)
        return self.most_money is None or price is None or price <= self.most_money

    def set_aside(self, cost: tuple[float, float]) -> None:
        self.aside_in += cost[0]
        self.aside_out += cost[1]

    def settle(self, cost: tuple[float, float], spent_in: float, spent_out: float) -> None:
        """A call came back: what was set aside for it becomes what it took."""
        self.aside_in -= cost[0]
        self.aside_out -= cost[1]
        self.spent_in += spent_in
        self.spent_out += spent_out
