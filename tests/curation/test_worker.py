"""Presence of a worker, and tasks that survive one."""

import json
import time
from pathlib import Path

import pytest
from celery import current_app

from curation import worker as presence
from curation.embedded import Broker
from tests.rig.broker import Worker, wait_until


def test_worker_is_missed_within_five_seconds_after_it_was_killed(worker: Worker) -> None:
    assert presence.worker_listening()
    assert presence.worker_listening("training")
    worker.kill()
    began = time.monotonic()
    wait_until(lambda: not presence.worker_listening(), seconds=6)
    assert time.monotonic() - began < 5


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split() if path.exists() else []


def test_task_of_a_killed_worker_is_begun_again_by_the_next(worker: Worker, tmp_path: Path) -> None:
    current_app.send_task("tests.note", [str(tmp_path / "a"), 2])
    wait_until(lambda: lines(tmp_path / "a") == ["begin"])
    worker.kill()
    assert presence.return_unacked("work") == 1
    worker.start()
    wait_until(lambda: lines(tmp_path / "a") == ["begin", "begin", "end"])


def test_task_that_outlasts_a_shutdown_goes_back_to_the_queue(worker: Worker, tmp_path: Path) -> None:
    current_app.send_task("tests.note", [str(tmp_path / "a"), 60])
    wait_until(lambda: lines(tmp_path / "a") == ["begin"])
    worker.stop()
    # Periodic tasks that came due while the worker stopped wait there, too.
    waiting = [json.loads(message)["headers"]["task"] for message in presence.broker().lrange("work", 0, -1)]
    assert waiting.count("tests.note") == 1
    assert presence.broker().hlen("unacked") == 0


def test_nobody_listens_on_a_broker_without_workers(broker: Broker) -> None:
    assert presence.broker_answers()
    assert not presence.worker_listening()


def test_eager_tasks_need_no_worker() -> None:
    assert presence.worker_listening()


def test_messages_of_a_killed_worker_return_to_its_queue_only(broker: Broker) -> None:
    connection = presence.broker()
    connection.hset("unacked", mapping={"a": '[{}, "work", "work"]', "b": '[{}, "training", "training"]'})
    connection.zadd("unacked_index", {"a": 1e12, "b": 1e12})
    assert presence.return_unacked("work") == 1
    assert connection.zscore("unacked_index", "a") == 0
    assert connection.zscore("unacked_index", "b") == 1e12


def test_periodic_task_is_sent_once_a_turn(broker: Broker) -> None:
    periodic = {"curation.nothing": 60}
    assert presence.enqueue_due(current_app, periodic) == ["curation.nothing"]
    assert presence.enqueue_due(current_app, periodic) == []
    assert presence.broker().llen("work") == 1


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0"])
def test_broker_that_does_not_answer_is_no_error(url: str, settings: object) -> None:
    settings.REDIS_URL = url
    settings.CELERY_TASK_ALWAYS_EAGER = False
    presence._answers.clear()
    assert not presence.broker_answers()
    assert not presence.worker_listening()
    presence._answers.clear()
