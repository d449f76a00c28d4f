"""Rating side by side with Label Studio: the same work on the same machine in one run, on SQLite and on PostgreSQL.

`python -m bench.ratings [--small] [--peer-venv DIR] [--no-peer] [--database sqlite|postgres] --json`. Teinei runs as `serve` runs it;
a submit counts when its answer came, which is after commit and fsync (SQLite: synchronous=FULL; PostgreSQL: as installed).
The clients run on the same processors. A round is the next response and the submit: with us one request, over there two.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

from bench import rating_peer
from bench.machine import machine, options, tell, versions
from bench.rating_world import DATASET, TASK, Installation, PageRater, Rater
from bench.wire import Others, Wire, fsync_milliseconds, memory, milliseconds, side_by_side, tree
from tests.rig import postgres

DURABLE = ("max_connections=60",)
CLIENTS = (1, 8)
WARM = 5  # rounds of each rater that are not counted: what processes do once
GOALS = {
    "submits_per_s_with_8": 100,
    "p95_ms_with_8": 120,
    "p50_ms_with_1": 20,
    "export_s": 1.0,
    "memory_ratio": 0.5,
}


@contextmanager
def database(kind: str) -> Iterator[postgres.Postgres | None]:
    if kind == "sqlite":
        yield None
        return
    server = postgres.start(options=DURABLE)
    try:
        yield server
    finally:
        server.stop()


def levels(responses: int) -> list[int]:
    """How much a rater has done before: nothing, 1,000 and 4,000 of 10,000 responses."""
    return [0, responses // 10, responses * 2 // 5]


def own(kind: str, folder: Path, responses: int, seconds: float) -> dict[str, Any]:
    """What Teinei needs for the work."""
    with database(kind) as server:
        url = f"postgresql://app@/postgres?host={server.folder}&port={server.port}" if server else ""
        here, done = Installation(folder, url), levels(responses)
        kinds: dict[str, Callable[..., Any]] = {"raters": Rater, "pages": PageRater}
        made = here.made(responses, len(done) + len(kinds) * sum(CLIENTS), done)
        rested = iter(
            enumerate(made["sessions"])
        )  # everybody works once: nobody runs out of what is new to them
        figures: dict[str, Any] = {name: made[name] for name in ("start_s", "import_s", "create_task_s")}
        with here.served():
            assert here.process

            def crew(which: Callable[..., Any], number: int) -> list[Any]:
                return [which(here.url, key, made["task"], n) for n, key in islice(rested, number)]

            seasoned = crew(Rater, len(done))
            figures["round_p50_ms_by_responses_done"] = independent(seasoned, done)
            answered = sum(client.count for client in seasoned) + sum(done)
            for name, which in kinds.items():
                figures[name] = {}
                for number in CLIENTS:
                    at_work = crew(which, number)
                    figures[name][str(number)] = worked(here.process.pid, at_work, seconds)
                    answered += sum(client.count for client in at_work)
            figures["memory_mib"] = memory(here.web())
            figures["filtered_list_ms"] = listed(here, made)
        out = here.folder / "ratings.jsonl"
        figures["export_command_s"] = here.command("export_ratings", TASK, "--out", out)["seconds"]
        exported = here.told("exported")
        figures |= {"export_s": exported["seconds"], "exported_ratings": exported["lines"]}
        return figures | here.told("counted") | {"answered": answered}


def independent(at_work: list[Any], done: list[int], *, rounds: int = 60) -> dict[str, float]:
    """The p50 of a rater's round by how much they had done before, in turns, so that the machine is the same for all."""
    taken: dict[int, list[float]] = {number: [] for number in done}
    for turn in range(rounds):
        for number, client in zip(done, at_work, strict=True):
            started = time.perf_counter()
            with suppress(StopIteration):
                client()
                if turn >= WARM:
                    taken[number].append(time.perf_counter() - started)
    return {str(number): milliseconds(rows)["p50"] for number, rows in taken.items() if rows}


def worked(pid: int, at_work: list[Any], seconds: float) -> dict[str, Any]:
    """What the clients did side by side, and what programs beside the server of that process used meanwhile."""
    for client in at_work:
        with suppress(StopIteration):
            client()  # what a process does once is not counted
    others = Others(pid)
    work = side_by_side(at_work, seconds)
    return work.told() | {"others_used_of_a_processor": others.share()}


def listed(here: Installation, made: dict[str, Any]) -> dict[str, float]:
    """Pages of the task's list as its lead sees them, by the API."""
    wire = Wire(here.url, {"Cookie": f"sessionid={made['lead']}"})
    taken = []
    for _turn in range(10):
        started = time.perf_counter()
        wire.json("GET", f"/api/d/{DATASET}/tasks/{made['task']}/")
        taken.append(time.perf_counter() - started)
    return milliseconds(taken)


def peer(kind: str, folder: Path, venv: str, responses: int, seconds: float) -> dict[str, Any]:
    """What Label Studio needs for it."""
    with (
        database(kind) as server,
        rating_peer.served(folder, venv, _named(server) if server else None) as there,
    ):
        assert there.process
        project, import_s = rating_peer.imported(there, responses)
        tokens = [there.sign_up(f"bench{n}@example.com") for n in range(sum(CLIENTS))]
        rested = iter(enumerate(tokens))
        figures: dict[str, Any] = {"version": there.version(), "import_s": import_s, "raters": {}}
        answered = 0
        for number in CLIENTS:
            at_work = [rating_peer.Annotator(there, token, project, n) for n, token in islice(rested, number)]
            figures["raters"][str(number)] = worked(there.process.pid, at_work, seconds)
            answered += sum(client.count for client in at_work)
        figures["memory_mib"] = memory(tree(there.process.pid))
        figures["filtered_list_ms"] = milliseconds([rating_peer.filtered(there, project) for _ in range(10)])
        export_s, ratings, over = rating_peer.exported(there, project)
        counted = {"ratings": ratings, "responses_over_the_overlap": over, "answered": answered}
        return figures | {"export_s": export_s, "exported_ratings": ratings} | counted


def _named(server: postgres.Postgres) -> dict[str, str]:
    """The server as Label Studio's environment names one."""
    return {
        "POSTGRE_HOST": str(server.folder),
        "POSTGRE_PORT": str(server.port),
        "POSTGRE_USER": "app",
        "POSTGRE_NAME": "postgres",
        "POSTGRE_PASSWORD": "none",
    }


def ratios(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, float | None]:
    """How many times faster (for memory: smaller is less than 1) the work is here; None where a side has no figure."""

    def rate(figures: dict[str, Any], number: int) -> float:
        return float(figures["raters"][str(number)]["submits_per_s"] or 0)

    def times(more: float, less: float) -> float | None:
        return round(more / less, 2) if less else None

    return {
        **{f"submits_with_{number}": times(rate(ours, number), rate(theirs, number)) for number in CLIENTS},
        "export": times(theirs["export_s"], ours["export_s"]),
        "import": times(theirs["import_s"], max(0.0, ours["import_s"] - ours["start_s"])),
        "list": times(theirs["filtered_list_ms"]["p50"], ours["filtered_list_ms"]["p50"]),
        "memory": times(ours["memory_mib"], theirs["memory_mib"]),
    }


def arguments() -> argparse.Namespace:
    parser = options("How fast people rate, beside Label Studio.")
    parser.add_argument(
        "--peer-venv", default="", help="a virtual environment with Label Studio in it; made where left out"
    )
    parser.add_argument("--no-peer", action="store_true", help="leave Label Studio out")
    parser.add_argument("--database", choices=("sqlite", "postgres"), help="one of the two alone")
    parser.add_argument("--responses", type=int, help="default: 10,000, or 1,000 with --small")
    parser.add_argument(
        "--seconds", type=float, help="of each round of work; default: 60, or 10 with --small"
    )
    return parser.parse_args()


def main() -> None:
    given = arguments()
    responses = given.responses or (1_000 if given.small else 10_000)
    seconds = given.seconds or (10.0 if given.small else 60.0)
    figures: dict[str, Any] = {
        "machine": machine(),
        "versions": versions("django", "granian"),
        "responses": responses,
        "seconds": seconds,
        "goals": GOALS,
    }
    with tempfile.TemporaryDirectory(prefix="bench-ratings-") as name:
        figures["fsync_ms"] = fsync_milliseconds(Path(name))
        for kind in (given.database,) if given.database else ("sqlite", "postgres"):
            for side in ("own", "peer"):
                (Path(name) / f"{kind}-{side}").mkdir()
            found = {"teinei": own(kind, Path(name) / f"{kind}-own", responses, seconds)}
            if not given.no_peer:
                where = Path(name) / f"{kind}-peer"
                found["label_studio"] = peer(kind, where, given.peer_venv, responses, seconds)
                found["ratios"] = ratios(found["teinei"], found["label_studio"])
            figures[kind] = found
    tell(figures, as_json=given.json)


if __name__ == "__main__":
    main()
