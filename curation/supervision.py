"""Several programs as one: started in order, restarted when they die, ended together, never left behind.

Plain Python of the standard library, no Django. Each program leads a session of its own, so that its children can be
ended with it. Should the supervisor be killed outright, two things end the rest: on Linux the kernel's parent-death
signal for the leaders, and everywhere a small process (`python supervision.py undertake`) that reads the groups'
numbers from a pipe and ends them all when the pipe closes.
"""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event

TRIES = 5
WITHIN_SECONDS = 60.0
TERM_SECONDS = 6.0  # for the programs that work
LAST_SECONDS = 2.0  # for those they lean on, afterwards; the two together stay below ten
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None  # loaded ahead of the fork, not after it


class GaveUp(Exception):
    """A program kept dying, or never became ready; the message names it."""


@dataclass
class Program:
    """What to run. `before` runs ahead of each start; `ready` is asked until true after the first start.

    `leaned_on`: ended only after all programs that are not.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[], object] | None = None
    ready: Callable[[], bool] | None = None
    ready_seconds: float = 30.0
    leaned_on: bool = False


@dataclass
class Running:
    """A program's present state."""

    program: Program
    process: subprocess.Popen[bytes]
    deaths: deque[float] = field(default_factory=deque)
    start_at: float | None = None


def die_with_parent() -> None:
    """In the child, before exec, Linux only: SIGTERM when the parent thread ends, however it ends."""
    if LIBC:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def free_port(wanted: int = 0, host: str = "127.0.0.1") -> int | None:
    """The wanted port if it can be bound, any free one for 0, None if the wanted one is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wanted))
        except OSError:
            return None
        return int(probe.getsockname()[1])


def reserve_port(port: int, host: str = "127.0.0.1") -> socket.socket:
    """A bound socket that keeps the port for this process and its web server as long as it is open.

    Web servers share a port with whoever else asks to (SO_REUSEPORT): two sites that start at the same moment would
    both find it free, and each would then answer half of the other's requests. `free_port` finds a reserved one taken.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    held.bind((host, port))
    return held


def signal_group(leader: int, number: int) -> None:
    """Signal the leader's whole group; a group that is gone already is no error."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


class Group:
    """The programs that run. Everything happens in the thread that made it (the parent-death signal needs that)."""

    def __init__(self, *, say: Callable[[str], None], term_seconds: float = TERM_SECONDS) -> None:
        self.say = say
        self.term_seconds = term_seconds
        self.members: list[Running] = []
        self.undertaker = self._undertaker()

    def _undertaker(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, "undertake", str(self.term_seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _tell(self, line: str) -> None:
        """Tell the undertaker; where it was killed, a new one learns all groups anew."""
        try:
            assert self.undertaker.stdin is not None
            self.undertaker.stdin.write(f"{line}\n".encode())
            self.undertaker.stdin.flush()
        except OSError:
            self.undertaker.wait()
            self.undertaker = self._undertaker()
            for member in self.members:
                if member.start_at is None:
                    self._tell(f"+{member.process.pid}")

    def _spawn(self, program: Program) -> subprocess.Popen[bytes]:
        if program.before:
            program.before()
        process = subprocess.Popen(
            list(program.argv),
            env={**os.environ, **program.env},
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr.fileno(),
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - the supervisor has no other thread
        )
        self._tell(f"+{process.pid}")
        return process

    def start(self, program: Program) -> None:
        """Start it and wait until it is ready. Raises GaveUp where it dies before that, or takes too long."""
        member = Running(program, self._spawn(program))
        self.members.append(member)
        until = time.monotonic() + program.ready_seconds
        while program.ready and not program.ready():
            self.look_after()
            if time.monotonic() > until:
                raise GaveUp(f"{program.name} was not ready after {program.ready_seconds:.0f} seconds.")
            time.sleep(0.1)

    def look_after(self) -> None:
        """Restart what died. Raises GaveUp at the sixth death within a minute."""
        now = time.monotonic()
        for member in self.members:
            if member.start_at is not None:
                if now >= member.start_at:
                    member.process, member.start_at = self._spawn(member.program), None
            elif ended(member.process.pid):
                self._bury(member, now)

    def _bury(self, member: Running, now: float) -> None:
        code = self._reap(member)
        deaths = member.deaths
        deaths.append(now)
        while deaths and now - deaths[0] > WITHIN_SECONDS:
            deaths.popleft()
        if len(deaths) > TRIES:
            member.start_at = float("inf")
            raise GaveUp(
                f"{member.program.name} ended {len(deaths)} times within a minute, last with code {code}."
            )
        self.say(
            f"{member.program.name} ended with code {code}; starting it again ({len(deaths)} of {TRIES})."
        )
        member.start_at = now + 0.25 * 2 ** (len(deaths) - 1)

    def _reap(self, member: Running) -> int:
        """End what is left of the group while the unreaped leader still holds its number, then reap the leader."""
        signal_group(member.process.pid, signal.SIGKILL)
        code = member.process.wait()
        self._tell(f"-{member.process.pid}")
        return code

    def run(self, over: Event) -> None:
        """Look after the programs until `over` is set (by a signal handler)."""
        while not over.wait(0.25):
            self.look_after()

    def stop(self) -> None:
        """End all, those leaned on last, within ten seconds; what does not listen is killed."""
        for leaned_on, seconds in ((False, self.term_seconds), (True, LAST_SECONDS)):
            going = [m for m in self.members if m.program.leaned_on is leaned_on and m.start_at is None]
            for member in going:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(member.process.pid, signal.SIGTERM)
            until = time.monotonic() + seconds
            while not all(ended(member.process.pid) for member in going) and time.monotonic() < until:
                time.sleep(0.05)
            for member in going:
                self._reap(member)
        self.members.clear()
        if self.undertaker.stdin:
            with contextlib.suppress(OSError):
                self.undertaker.stdin.close()
        self.undertaker.wait()


def ended(pid: int) -> bool:
    """Has our child ended? It stays unreaped, so that its number cannot be another process's yet."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def undertake(term_seconds: float) -> None:
    """Read "+N" and "-N" lines until the pipe closes, then end the groups that remain."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        sign, number_text = line[0], line[1:].strip()
        (groups.add if sign == "+" else groups.discard)(int(number_text))
    if not groups:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        for group in groups:
            signal_group(group, number)
        until = time.monotonic() + (term_seconds if number == signal.SIGTERM else 0)
        while any(map(alive, groups)) and time.monotonic() < until:
            time.sleep(0.1)


def alive(group: int) -> bool:
    """Does the process group still have a member?"""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__" and sys.argv[1:2] == ["undertake"]:
    undertake(float(sys.argv[2]))
