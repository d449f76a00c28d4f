"""A release of 100,000 items with translations: freezing, every export, the difference of two, the search for leaks.

    python -m bench.releases [--small] [--database sqlite|postgres] [--items N] [--skip verify|leaks] --json

Each step is a process of its own in an installation of its own, as its command would be; peaks are getrusage's. Beside
the exports stand plain pandas, pyarrow and json on the same rows, beside the search a peer, all in the same run.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.machine import machine, options, tell, versions
from bench.rating_world import Installation
from bench.ratings import database
from bench.release_exports import measured as exports_measured
from bench.release_leaks import figures as leak_figures
from bench.release_world import DATASET

GOALS = {"freeze_s": 30, "export_s": 10, "export_peak_mb": 500, "diff_s": 3, "exact_s": 10, "near_s": 180}
WAIVED = ("quota", "guideline", "personal_data", "rights", "duplicates", "near_duplicates", "near_leaks")


def main() -> None:
    words = sys.argv[1:]
    if words[:1] == ["freeze"]:
        tell(freeze(words[1]), as_json=True)
        return
    if words[:1] == ["diff"]:
        tell(diff(*words[1:]), as_json=True)
        return
    parser = options("Measure freezing, exporting, comparing and the search for leaks.")
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--skip", action="append", default=[], choices=("verify", "leaks"))
    chosen = parser.parse_args()
    items = 2_000 if chosen.small else chosen.items
    before = machine()
    with tempfile.TemporaryDirectory(prefix="bench-releases-") as folder:
        figures = own(chosen.database, Path(folder), items, skip=chosen.skip)
    if "leaks" not in chosen.skip:
        figures["leaks"] = leak_figures(small=chosen.small)
    figures |= {"goals": GOALS, "machine": [before, machine()]}
    figures["versions"] = versions("django", "pyarrow", "pandas", "rapidfuzz", "datasketch")
    tell(figures, as_json=chosen.json)


def own(kind: str, folder: Path, items: int, *, skip: list[str]) -> dict[str, Any]:
    """Two versions frozen one after the other, their difference, every export of the second, and the gate of leaks."""
    with database(kind) as server:
        url = f"postgresql://app@/postgres?host={server.folder}&port={server.port}" if server else ""
        here = Installation(folder, url)
        here.environment["TEINEI_MEANING"] = "0"  # what embedding costs is measured apart: release_leaks
        (folder / "var").mkdir()
        here.run("manage.py", "migrate", "-v0")
        here.run("-m", "bench.release_world", items)
        first = json.loads(here.run("-m", "bench.releases", "freeze", "b1"))
        here.run("-m", "bench.release_world", "more", items // 100)
        second = json.loads(here.run("-m", "bench.releases", "freeze", "b2"))
        compared = json.loads(here.run("-m", "bench.releases", "diff", "b1", "b2"))
        exports = exports_measured(here, folder, dataset=DATASET, release="b2", verify="verify" not in skip)
        exact: dict[str, Any] = {}
        if "leaks" not in skip:
            here.run("-m", "bench.release_exact", "plant")
            exact = json.loads(here.run("-m", "bench.release_exact", "look"))
    return {
        "database": kind,
        "items": items,
        "freeze": {"first": first, "second": second},
        "diff": compared,
        "exports": exports,
        "exact_leaks": exact,
    }


def freeze(name: str) -> dict[str, Any]:
    """As a manager does it: the gates are asked, and then the release is frozen, which asks them once more. Meaning is
    not compared.

    The first look searches for near-duplicates, among the items and in every test part; the second finds what was
    found kept.
    """
    import django

    django.setup()
    from curation.actions.releases import Choice, Waiver, draw_up
    from curation.actions.releases import freeze as act
    from curation.log import OPERATOR
    from curation.models import Dataset

    dataset = Dataset.objects.get(slug=DATASET)
    choice = Choice(name=name, seed=1, test_per_leaf=20)
    given = [Waiver(gate=gate, reason="made up", person="bench") for gate in WAIVED]
    looked = _told(lambda told: draw_up(OPERATOR, dataset, choice, told=told))
    frozen = _told(lambda told: act(OPERATOR, dataset, choice, waivers=given, told=told))
    release = dataset.releases.get(name=name)
    return {"items": release.size, "version": release.version, "check": looked, "freeze": frozen}


def _told(act: Callable[[Callable[[int, str], None]], Any]) -> dict[str, Any]:
    """Seconds in all, until the first gate is asked, and of each gate."""
    asked: list[tuple[str, float]] = []
    started, worked = time.perf_counter(), time.process_time()
    act(lambda _number, gate: asked.append((gate, time.perf_counter())))
    ended = time.perf_counter()
    after = [at for _gate, at in asked[1:]]
    return {
        "seconds": round(ended - started, 2),
        "cpu_s": round(time.process_time() - worked, 2),
        "until_the_gates_s": round(asked[0][1] - started, 2),
        "gates_s": {gate: round(until - at, 2) for (gate, at), until in zip(asked, after, strict=False)},
        "last_gate_and_the_rest_s": round(ended - asked[-1][1], 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def diff(old: str, new: str) -> dict[str, Any]:
    """The difference as `diff_releases` tells it."""
    import django

    django.setup()
    from curation.models import Release
    from curation.release_diff import diff as act

    releases = [Release.objects.get(dataset__slug=DATASET, name=name) for name in (old, new)]
    started = time.perf_counter()
    found = act(*releases)
    return {
        "seconds": round(time.perf_counter() - started, 2),
        "level": found["level"],
        **{kind: len(found[kind]) for kind in ("added", "removed", "changed")},
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


if __name__ == "__main__":
    main()
