"""Programs as one group: restarted, ended together, never left behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from curation.supervision import GaveUp, Group, Program, alive, free_port, reserve_port

SLEEPER = [sys.executable, "-S", "-c", "import time; time.sleep(600)"]
# Ignores SIGTERM and has a child that does, as a hung pool would.
STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if len(sys.argv) == 1:
    subprocess.Popen([sys.executable, "-S", __file__, "child"])
time.sleep(600)
"""
SUPERVISOR = """
import sys, threading
from curation.supervision import Group, Program
group = Group(say=print, term_seconds=1)
group.start(Program("stubborn", [sys.executable, "-S", sys.argv[1]]))
group.start(Program("sleeper", [sys.executable, "-S", "-c", "import time; time.sleep(600)"]))
print(group.undertaker.pid, *[member.process.pid for member in group.members], flush=True)
group.run(threading.Event())
"""


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def group(said: list[str]) -> Iterator[Group]:
    made = Group(say=said.append)
    yield made
    made.stop()


def wait_for(condition: object, seconds: float = 10.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "not in time"
        time.sleep(0.05)


def test_program_that_dies_is_started_again_and_said_so(group: Group, said: list[str]) -> None:
    group.start(Program("The sleeper", SLEEPER))
    first = group.members[0].process.pid
    os.kill(first, signal.SIGKILL)
    wait_for(
        lambda: (
            group.look_after()
            or (group.members[0].start_at is None and group.members[0].process.pid != first)
        )
    )
    assert said == ["The sleeper ended with code -9; starting it again (1 of 5)."]
    assert alive(group.members[0].process.pid)


def test_program_that_keeps_dying_is_given_up(
    group: Group, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("curation.supervision.TRIES", 2)
    group.start(Program("The failing one", [sys.executable, "-S", "-c", "raise SystemExit(7)"]))
    with pytest.raises(GaveUp, match="The failing one ended 3 times within a minute, last with code 7"):
        wait_for(group.look_after)
    assert len(said) == 2


def test_program_that_is_never_ready_is_given_up(group: Group) -> None:
    with pytest.raises(GaveUp, match=r"The mute was not ready after 0 seconds\."):
        group.start(Program("The mute", SLEEPER, ready=lambda: False, ready_seconds=0.2))


def test_stop_ends_a_stubborn_program_with_its_children(tmp_path: Path) -> None:
    script = tmp_path / "stubborn.py"
    script.write_text(STUBBORN, encoding="utf-8")
    made = Group(say=print, term_seconds=1)
    made.start(Program("stubborn", [sys.executable, "-S", str(script)]))
    leader = made.members[0].process.pid
    time.sleep(0.5)
    began = time.monotonic()
    made.stop()
    assert time.monotonic() - began < 3
    wait_for(lambda: not alive(leader), 2)


def test_supervisor_killed_outright_leaves_nothing_behind(tmp_path: Path) -> None:
    script = tmp_path / "stubborn.py"
    script.write_text(STUBBORN, encoding="utf-8")
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(script)], stdout=subprocess.PIPE, cwd=root
    ) as supervisor:
        assert supervisor.stdout
        undertaker, *leaders = map(int, supervisor.stdout.readline().split())
        time.sleep(0.5)
        supervisor.kill()
        supervisor.wait()
    wait_for(lambda: not any(map(alive, [undertaker, *leaders])))


def test_taken_port_is_not_free() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        assert free_port(holder.getsockname()[1]) is None
    assert free_port()


def test_reserved_port_is_taken_for_all_but_its_web_server() -> None:
    port = free_port()
    assert port
    with reserve_port(port), socket.socket() as server:
        assert free_port(port) is None
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        server.bind(("127.0.0.1", port))
        server.listen()
        with socket.create_connection(("127.0.0.1", port), timeout=2):
            pass
    assert free_port(port) == port
