"""Acts that begin together, each with a connection of its own."""

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import connections

T = TypeVar("T")


def at_once(acts: Sequence[Callable[[], T]]) -> list[T]:
    """What each came to, in their order."""
    gate, answers = threading.Barrier(len(acts)), dict[int, T]()

    def act(place: int, one: Callable[[], T]) -> None:
        try:
            gate.wait()
            answers[place] = one()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=act, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answers[place] for place in range(len(acts))]
