"""Is a worker listening? The worker says so every two seconds; silence of three seconds means no.

The sign is a key in the broker that expires by itself, so a worker killed outright leaves no lie behind. Pages ask
through `worker_listening`, which answers from memory for a second so that a page never waits for the broker twice.
"""

import json
import logging
import os
import threading
import time
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, ClassVar

import redis
from celery import Celery, bootsteps
from django.conf import settings

BEAT_SECONDS = 2.0
STALE_SECONDS = 3.0
ASK_AGAIN_SECONDS = 1.0

log = logging.getLogger(__name__)
_answers: dict[str, tuple[float, bool]] = {}


@lru_cache(maxsize=4)
def _connection(url: str, pid: int) -> redis.Redis:
    """One pool per process; `pid` keeps a forked child from writing on its parent's socket."""
    return redis.Redis.from_url(url, socket_connect_timeout=0.5, socket_timeout=1.0, retry=None)


def broker() -> redis.Redis:
    """The broker, for short commands; raises redis.RedisError where nothing answers."""
    return _connection(settings.REDIS_URL, os.getpid())


def broker_answers() -> bool:
    """Does the broker answer a ping within half a second?"""
    try:
        return bool(broker().ping())
    except (redis.RedisError, OSError):
        return False


def _sign(queue: str) -> str:
    return f"teinei:listening:{queue}"


def worker_listening(queue: str = "work") -> bool:
    """Is a worker listening on the queue ("work", or "training" for fine-tuning)?

    False within five seconds after the last worker died: three of expiry, one of memory. True where tasks run eagerly.
    """
    if getattr(settings, "CELERY_TASK_ALWAYS_EAGER", False):
        return True
    asked, answer = _answers.get(queue, (0.0, False))
    if time.monotonic() - asked < ASK_AGAIN_SECONDS and asked:
        return answer
    try:
        answer = bool(broker().exists(_sign(queue)))
    except (redis.RedisError, OSError):
        answer = False
    _answers[queue] = (time.monotonic(), answer)
    return answer


def say_listening(queues: Iterable[str]) -> None:
    """Renew the sign of each queue for three seconds."""
    for queue in queues:
        broker().set(_sign(queue), os.getpid(), px=int(STALE_SECONDS * 1000))


def enqueue_due(app: Celery, periodic: dict[str, int]) -> list[str]:
    """Send the periodic tasks that are due and return their names.

    The broker's SET NX lets one worker of any number win each turn; a turn ends by expiry, so a winner that dies
    costs one turn at most.
    """
    due = [
        name
        for name, seconds in periodic.items()
        if broker().set(f"teinei:turn:{name}", os.getpid(), nx=True, px=int(seconds * 1000))
    ]
    for name in due:
        app.send_task(name, expires=periodic[name])
    return due


class Presence(bootsteps.StartStopStep):
    """Runs in the worker's main process from the moment it consumes until it stops consuming."""

    requires: ClassVar = {"celery.worker.consumer.tasks:Tasks"}

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        self.over = threading.Event()
        super().__init__(parent, **kwargs)

    def start(self, parent: Any) -> None:
        self.over = threading.Event()
        threading.Thread(
            target=self.repeat,
            args=(parent.app, self.over),
            name="presence",
            daemon=True,
        ).start()

    def stop(self, parent: Any) -> None:
        self.over.set()

    def repeat(self, app: Celery, over: threading.Event) -> None:
        queues = list(app.amqp.queues.consume_from)
        while not over.is_set():
            try:
                say_listening(queues)
                if "work" in queues:
                    enqueue_due(app, settings.TEINEI_PERIODIC)
            except (redis.RedisError, OSError) as error:
                log.warning("The broker does not answer: %s", error)
            over.wait(BEAT_SECONDS)


def return_unacked(queue: str) -> int:
    """Give the queue back the messages that a killed worker had taken; returns how many.

    Only for whoever knows that no worker of the queue is alive (the supervisor, before it starts one). kombu keeps
    taken messages in the hash `unacked` and their times in the sorted set `unacked_index`; a time of zero makes the
    next sweep, within a second, treat the message as timed out.
    """
    connection = broker()
    taken: Any = connection.hgetall("unacked")
    tags = [tag for tag, packed in taken.items() if json.loads(packed)[2] == queue]
    for tag in tags:
        connection.zadd("unacked_index", {tag: 0}, xx=True)
    return len(tags)
