"""Who exchanges with the partner right now: one at a time, under a hold that runs out with whoever held it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.models import Exchange, RatingTask
from curation.errors import Conflict

# Longer than a request may take: what a killed process had under way over there is done when the next one looks.
HOLD = timedelta(seconds=75)


class Busy(Conflict):
    """Somebody else exchanges for the task at this moment."""


@dataclass
class Hold:
    """The right to exchange. `beat` keeps it; Busy where it ran out and another took it."""

    exchange: Exchange
    holder: str

    def beat(self) -> None:
        mine = Exchange.objects.filter(pk=self.exchange.pk, holder=self.holder)
        if not mine.update(held_until=timezone.now() + HOLD):
            raise _busy()


def exchange_of(task: RatingTask, url: str) -> Exchange:
    """The task's exchange with the server, begun if there is none."""
    found, _new = Exchange.objects.get_or_create(
        task=task, url=url, defaults={"token": secrets.token_hex(16)}
    )
    return found


@contextmanager
def held(exchange: Exchange, *, pause: Callable[[float], None] | None = None) -> Iterator[Hold]:
    """Hold the exchange. Raises Busy where another holds it; with `pause`, after waiting as long as a hold lasts.

    A killed holder loses it after 75 seconds.
    """
    holder = secrets.token_hex(8)
    left = HOLD.total_seconds() + 5 if pause is not None else 0
    while not _take(exchange, holder):
        if pause is None or left <= 0:
            raise _busy()
        pause(1.0)
        left -= 1
    try:
        yield Hold(exchange, holder)
    finally:
        Exchange.objects.filter(pk=exchange.pk, holder=holder).update(holder="", held_until=None)


def _take(exchange: Exchange, holder: str) -> bool:
    now = timezone.now()
    free = Q(holder="") | Q(held_until__lte=now)
    return bool(Exchange.objects.filter(free, pk=exchange.pk).update(holder=holder, held_until=now + HOLD))


def _busy() -> Busy:
    return Busy(_("This task is being exchanged with Label Studio already. Look again in a minute."))
