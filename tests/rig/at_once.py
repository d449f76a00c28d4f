"""Requests that begin together, each with a connection of its own."""

import threading
from collections.abc import Callable

from django.db import connections


def at_once(acts: list[Callable[[], int]]) -> list[int]:
    """What each answered."""
    gate, answers = threading.Barrier(len(acts)), []

    def act(one: Callable[[], int]) -> None:
        try:
            gate.wait()
            answers.append(one())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=act, args=(one,)) for one in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
