"""What every benchmark says of the machine, and how it measures: repeated runs, wall and CPU time, peak memory."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

KILOBYTE, MEGABYTE = 1024, 1024**2


def machine() -> dict[str, Any]:
    """Processors, load (of the last minute; other programs' work included) and what limits threads."""
    return {
        "platform": platform.platform(),
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "omp_num_threads": os.environ.get("OMP_NUM_THREADS"),
    }


def versions(*packages: str) -> dict[str, str]:
    return {name: version(name) for name in packages}


@dataclass(frozen=True)
class Timing:
    """Seconds of some runs of one thing: by the clock, and of all processors together."""

    wall: tuple[float, ...]
    cpu: tuple[float, ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "runs": len(self.wall),
            "wall_s": {"min": round(min(self.wall), 4), "median": round(statistics.median(self.wall), 4)},
            "cpu_s": {"min": round(min(self.cpu), 4), "median": round(statistics.median(self.cpu), 4)},
        }


def timed(act: Callable[[], Any], *, runs: int, warm: int = 1) -> Timing:
    """Run `warm` times unmeasured, then `runs` times measured."""
    for _ in range(warm):
        act()
    wall, cpu = [], []
    for _ in range(runs):
        started, worked = time.perf_counter(), time.process_time()
        act()
        wall.append(time.perf_counter() - started)
        cpu.append(time.process_time() - worked)
    return Timing(tuple(wall), tuple(cpu))


def resident(*, peak: bool = False) -> float:
    """Memory of this process now, or the most it ever had, in MB (from /proc, so on Linux alone)."""
    name = "VmHWM:" if peak else "VmRSS:"
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * KILOBYTE / MEGABYTE
    raise LookupError(name)


def in_a_fresh_process(module: str, *arguments: str) -> Any:
    """What `python -m MODULE ARGUMENTS` prints as JSON: for what another measurement would disturb."""
    done = subprocess.run([sys.executable, "-m", module, *arguments], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def options(what: str) -> argparse.ArgumentParser:
    """--small and --json, which every benchmark has."""
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--small", action="store_true", help="ends within two minutes")
    parser.add_argument("--json", action="store_true", help="one JSON object, and nothing else, on stdout")
    return parser


def tell(figures: dict[str, Any], *, as_json: bool) -> None:
    """On one line for programs, indented for people."""
    print(json.dumps(figures, ensure_ascii=False, indent=None if as_json else 2))
