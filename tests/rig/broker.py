"""A real broker and a real Celery worker, for the few tests that eager tasks cannot stand in for."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kombu.pools
import pytest
from celery import current_app
from django.conf import settings as django_settings

from curation import worker as presence
from curation.embedded import Broker, embedded_broker
from curation.supervision import die_with_parent, signal_group
from tests.rig.databases import database_url

ROOT = Path(__file__).resolve().parent.parent.parent


def wait_until(condition: Callable[[], Any], *, seconds: float = 60.0) -> Any:
    """The first true answer; fails the test when none came in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if answer := condition():
            return answer
        time.sleep(0.05)
    pytest.fail(f"This did not come true within {seconds:.0f} seconds.")


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """The embedded broker, on a port of its own; it ends with this process."""
    broker = embedded_broker(tmp_path_factory.mktemp("broker"), persistent=False)
    process = subprocess.Popen(list(broker.program.argv), start_new_session=True, preexec_fn=die_with_parent)
    assert broker.program.ready
    wait_until(broker.program.ready)
    yield broker
    process.terminate()
    process.wait(5)


class Worker:
    """A Celery worker as a program of its own; `log` holds what it said."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.environment, self.log = environment, log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *, queues: str = "work,training", concurrency: int = 1) -> None:
        """Start it, and wait until it says that it listens."""
        command = [
            *(sys.executable, "-m", "celery", "--quiet", "-A", "config", "worker", "--loglevel", "INFO"),
            *("--queues", queues, "--concurrency", str(concurrency), "--without-gossip", "--without-mingle"),
            *("--include", "tests.rig.tasks"),
        ]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                env=self.environment,
                cwd=ROOT,
                start_new_session=True,
                preexec_fn=die_with_parent,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        wait_until(lambda: self.ended() or presence.worker_listening(), seconds=30)
        assert not self.ended(), self.log.read_text(errors="replace")[-3000:]

    def ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def kill(self) -> None:
        """SIGKILL for it and its children: what a power cut or the memory killer leaves."""
        if self.process:
            signal_group(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def stop(self) -> None:
        """SIGTERM, as the supervisor sends it; then what is left is killed, with what it had taken still its own.

        A worker gives its task back after three seconds, but the last steps take a busy machine much longer.
        """
        if self.process and not self.ended():
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                pass
        self.kill()


def worker_environment(broker: Broker) -> dict[str, str]:
    """The real settings, on the test's database and broker."""
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database_url(),
        "REDIS_URL": broker.url,
        "TEINEI_VAR": str(django_settings.TEINEI_VAR),
        "TEINEI_SECRET_KEY": django_settings.SECRET_KEY,
        "TEINEI_FIELD_KEY": django_settings.TEINEI_FIELD_KEY,
        "REMAP_SIGTERM": "SIGQUIT",
        "OMP_NUM_THREADS": "1",
    }


@pytest.fixture
def broker(valkey: Broker, settings: Any) -> Iterator[Broker]:
    """An empty broker that this process sends its tasks to, instead of running them eagerly."""
    # Read first: Celery takes its configuration from the settings when it is first asked.
    before = {name: current_app.conf[name] for name in ("task_always_eager", "broker_url")}
    settings.REDIS_URL = valkey.url
    settings.CELERY_TASK_ALWAYS_EAGER = False
    presence.broker().flushall()
    presence._answers.clear()
    current_app.conf.update(task_always_eager=False, broker_url=valkey.url)
    forget_pools()
    yield valkey
    forget_pools()
    current_app.conf.update(before)
    presence._answers.clear()


def forget_pools() -> None:
    """Celery keeps connections to the broker it first spoke to."""
    kombu.pools.reset()
    current_app._pool = None
    current_app.amqp._producer_pool = None


@pytest.fixture
def worker(broker: Broker, transactional_db: None, tmp_path: Path) -> Iterator[Worker]:
    """A worker that listens on all queues; tests may kill() and start() it."""
    running = Worker(worker_environment(broker), tmp_path / "worker.log")
    running.start()
    yield running
    running.stop()
