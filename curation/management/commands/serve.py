"""Teinei on one machine with one command: database, broker, workers and web server as one group."""

import contextlib
import fcntl
import http.client
import json
import os
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from threading import Event
from typing import IO, Any

from celery import current_app
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string

from curation.embedded import embedded_broker, write_private
from curation.supervision import GaveUp, Group, Program, free_port, reserve_port
from curation.worker import return_unacked

USUAL_PORT = 8000
APPS = ("curation", "annotation", "judging", "finetune")
WORKERS = (("work", "The worker", 2), ("training", "The trainer", 1))


class Command(BaseCommand):
    help = (
        "Serve Teinei on this machine until Ctrl-C: prepares what is missing, and starts all that it needs."
    )
    requires_system_checks = ()  # migrate checks, once

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true", help="Load the demo where the database is empty.")
        parser.add_argument(
            "--port", type=int, help=f"Default: {USUAL_PORT}, or a free one where it is taken."
        )
        parser.add_argument(
            "--host", default="127.0.0.1", help="Address to listen on (default: %(default)s)."
        )
        parser.add_argument("--web-processes", type=int, default=2, help="Default: %(default)s.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object once Teinei answers.")

    def handle(self, **options: Any) -> None:
        """Exit codes: 0 ended by a signal, 1 a program could not be kept alive, 2 nothing was started."""
        with only_one(settings.TEINEI_VAR) as note:
            port = self.chosen_port(options["port"], options["host"])
            url = f"http://127.0.0.1:{port}/"
            note.write(url)
            note.flush()
            os.environ.setdefault("TEINEI_URL", url.rstrip("/"))
            if options["demo"]:
                os.environ["TEINEI_DEMO"] = "1"
                settings.TEINEI_DEMO = True
            with reserve_port(port, options["host"]):
                self.serve(url, port, options)

    def chosen_port(self, wanted: int | None, host: str) -> int:
        port = free_port(wanted or USUAL_PORT, host)
        if port is None and wanted:
            raise CommandError(f"Port {wanted} is taken; name another, or leave --port out.", returncode=2)
        return port or free_port(0, host) or USUAL_PORT

    def serve(self, url: str, port: int, options: dict[str, Any]) -> None:
        over = Event()
        group = Group(say=self.say)
        with ended_by_signals(over):
            try:
                self.start_broker(group)
                self.prepare(demo=options["demo"])
                # The web server has the processors to itself until it answers; work can wait that long.
                group.start(web_server(port, options))
                self.announce(url, as_json=options["json"])
                for queue, name, size in WORKERS:
                    group.start(worker(queue, name, size))
                group.run(over)
            except Interrupted:
                pass
            except GaveUp as error:
                raise CommandError(f"{error} Everything was stopped.", returncode=1) from None
            finally:
                over.set()
                group.stop()
                self.say("Stopped.")

    def start_broker(self, group: Group) -> None:
        if os.environ.get("REDIS_URL") or os.environ.get("REDIS_URL_FILE"):
            return
        broker = embedded_broker(settings.TEINEI_VAR)
        group.start(broker.program)
        # Children read the environment, other commands in this folder the file, this process its settings.
        os.environ["REDIS_URL"] = broker.url
        write_private(settings.TEINEI_VAR / "broker-url", broker.url)
        settings.REDIS_URL = settings.CELERY_BROKER_URL = broker.url
        current_app.conf.broker_url = broker.url

    def prepare(self, *, demo: bool) -> None:
        self.say("Preparing the database.")
        call_command("migrate", interactive=False, verbosity=0)
        # By name: config imports this app, not the other way round.
        import_string("config.messages.compile_stale")()
        if static_is_stale():
            self.say("Collecting static files.")
            call_command("collectstatic", interactive=False, verbosity=0)
        if demo and not get_user_model().objects.exists():
            if "load_demo" in get_commands():
                self.say("Loading the demo.")
                call_command("load_demo", stdout=self.stderr)
            else:
                self.say("There is no demo to load.")

    def announce(self, url: str, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({"url": url, "pid": os.getpid()}))
        else:
            self.stdout.write(f"Teinei answers at {url}")
        self.stdout.flush()

    def say(self, sentence: str) -> None:
        self.stderr.write(sentence, self.style.NOTICE)
        self.stderr.flush()


class Interrupted(Exception):
    """A signal asked for the end."""


@contextlib.contextmanager
def only_one(var: Path) -> Iterator[IO[str]]:
    """Hold the lock of the folder; the kernel frees it however this process ends."""
    with (var / "serve.lock").open("a+", encoding="utf-8") as note:
        try:
            fcntl.flock(note, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            note.seek(0)
            where = note.read().strip() or "another port"
            raise CommandError(f"Teinei is already served from {var}, at {where}", returncode=2) from None
        note.seek(0)
        note.truncate()
        yield note


@contextlib.contextmanager
def ended_by_signals(over: Event) -> Iterator[None]:
    """The first signal interrupts whatever goes on; later ones are ignored, as the end is under way."""

    def end(number: int, frame: object) -> None:
        if not over.is_set():
            over.set()
            raise Interrupted

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def worker(queue: str, name: str, size: int) -> Program:
    """A Celery worker of one queue. SIGTERM gives running tasks three seconds, then puts them back."""
    return Program(
        name=name,
        argv=[
            # Root is usual in a container, and what a task can do is no less there as another user.
            *(sys.executable, "-W", "ignore:You're running the worker with superuser privileges"),
            *("-m", "celery", "--quiet", "-A", "config", "worker", "--loglevel", "WARNING"),
            *("--queues", queue, "--hostname", f"{queue}@%h", "--concurrency", str(size)),
            *("--without-gossip", "--without-mingle"),
        ],
        env={"REMAP_SIGTERM": "SIGQUIT", "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")},
        before=lambda: return_unacked(queue),
    )


def web_server(port: int, options: dict[str, Any]) -> Program:
    """granian; ready when the health page answers."""
    return Program(
        name="The web server",
        argv=[
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "config.wsgi:application"),
            *("--host", options["host"], "--port", str(port), "--workers", str(options["web_processes"])),
            *("--blocking-threads", "4", "--respawn-failed-workers", "--workers-kill-timeout", "3"),
            *("--log-level", "warning", "--no-access-log", "--no-ws"),
        ],
        ready=lambda: health_answers(port),
        ready_seconds=60,
    )


def health_answers(port: int) -> bool:
    """Does the health page say that people can work?"""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def static_is_stale() -> bool:
    """Is any static file of ours, or the set of installed packages, newer than what was collected?"""
    if settings.DEBUG:
        return False
    collected = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if not collected.exists():
        return True
    folders = [*settings.STATICFILES_DIRS, *(Path(settings.BASE_DIR, app, "static") for app in APPS)]
    newest = max(
        (path.stat().st_mtime for folder in folders for path in Path(folder).rglob("*")), default=0.0
    )
    spec = find_spec("django")
    installed = Path(spec.origin).parent.parent.stat().st_mtime if spec and spec.origin else 0.0
    return max(newest, installed) > collected.stat().st_mtime
