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
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import rating_peer
from bench.machine import machine, options, tell, versions
from bench.rating_world import DATASET, TASK, Installation, PageRater, Rater, clients
from bench.wire import Others, Wire, fsync_milliseconds, memory, milliseconds, side_by_side, tree
from tests.rig import postgres

DURABLE = ("max_connections=60",)
CLIENTS = (1, 8)
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


def own(kind: str, folder: Path, responses: int, seconds: float) -> dict[str, Any]:
    """What Teinei needs for the work."""
    with database(kind) as server:
        url = f"postgresql://app@/postgres?host={server.folder}&port={server.port}" if server else ""
        here = Installation(folder, url)
        made = here.made(responses, max(CLIENTS))
        figures: dict[str, Any] = {
            "import_s": made["import_s"],
            "create_task_s": made["create_task_s"],
            "raters": {},
            "pages": {},
        }
        with here.served():
            assert here.process
            for number in CLIENTS:
                for name, kind_of_client in (("raters", Rater), ("pages", PageRater)):
                    figures[name][str(number)] = rated(here, kind_of_client, made, number, seconds)
            figures["memory_mib"] = memory(here.web())
            figures["filtered_list_ms"] = listed(here, made)
        out = here.folder / "ratings.jsonl"
        figures["export_command_s"] = here.command("export_ratings", TASK, "--out", out)["seconds"]
        figures |= here.told("counted")
        figures["export_s"] = here.told("exported")["seconds"]
        return figures


def rated(
    here: Installation, kind: Callable[..., Any], made: dict[str, Any], number: int, seconds: float
) -> dict[str, Any]:
    assert here.process
    at_work = clients(kind, here.url, made, number)
    for client in at_work:
        client()  # what a process does once is not counted
    others = Others(here.process.pid)
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
    with database(kind) as server:
        named = (
            {
                "POSTGRE_HOST": str(server.folder),
                "POSTGRE_PORT": str(server.port),
                "POSTGRE_USER": "app",
                "POSTGRE_NAME": "postgres",
                "POSTGRE_PASSWORD": "none",
            }
            if server
            else None
        )
        with rating_peer.served(folder, venv, named) as there:
            assert there.process
            project, import_s = rating_peer.imported(there, responses)
            tokens = [there.sign_up(f"bench{n}@example.com") for n in range(max(CLIENTS))]
            figures: dict[str, Any] = {"version": there.version(), "import_s": import_s, "raters": {}}
            for number in CLIENTS:
                at_work = [
                    rating_peer.Annotator(there, token, project, n) for n, token in enumerate(tokens[:number])
                ]
                for client in at_work:
                    client()
                others = Others(there.process.pid)
                work = side_by_side(at_work, seconds)
                figures["raters"][str(number)] = work.told() | {"others_used_of_a_processor": others.share()}
            figures["memory_mib"] = memory(tree(there.process.pid))
            figures["filtered_list_ms"] = milliseconds(
                [rating_peer.filtered(there, project) for _ in range(10)]
            )
            seconds_of_export, ratings, over = rating_peer.exported(there, project)
            return figures | {
                "export_s": seconds_of_export,
                "ratings": ratings,
                "responses_over_the_overlap": over,
            }


def ratios(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, float]:
    """How many times faster (smaller) the work is here."""

    def rate(figures: dict[str, Any], number: int) -> float:
        return float(figures["raters"][str(number)]["submits_per_s"])

    return {
        "submits_with_1": round(rate(ours, 1) / rate(theirs, 1), 1),
        "submits_with_8": round(rate(ours, 8) / rate(theirs, 8), 1),
        "export": round(theirs["export_s"] / ours["export_s"], 1),
        "import": round(theirs["import_s"] / ours["import_s"], 1),
        "memory": round(ours["memory_mib"] / theirs["memory_mib"], 2),
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
