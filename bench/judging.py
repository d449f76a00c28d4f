"""How long judge runs take, from the endpoint into the database, beside the pacing of llm-jp-judge's client.

`python -m bench.judging [--small] --json`. The endpoint is a stub in a process of its own; the database is SQLite on disk
with synchronous=FULL, as it is installed. The peer is not installed: its client's pacing is made again after its source
(github.com/llm-jp/llm-jp-judge at 4392b3b, client/remote.py: the n-th call waits n intervals, then runs in asyncio's
default threads) over the same HTTP library, and measured in the same run on a share of the calls, which is scaled.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.machine import machine, options, tell, versions
from bench.stub_endpoint import stub

CALLS, IN_FLIGHT, LATENCY = 336, 64, 0.3
MODELS, REPEATS, MODES = 12, 3, ("ref", "noref")
PEER_INTERVAL, PEER_SHARE = (
    0.5,
    12,
)  # seconds, of its shipped configuration; calls of the paced mode that are made
GOALS = {
    "calls_336_s": 2.5,
    "calls_336_with_faults_s": 4.0,
    "calls_24192_s": 60.0,
    "own_overhead_ms": 2.0,
}
QUESTION = "これは計測のためにつくった{n}番目の質問です。" + "問いの本文がここに続きます。" * 8
ANSWER = "これは計測のためにつくった{n}番目の回答です。" + "回答の本文がここに続きます。" * 20


def start() -> None:
    """A new installation in a temporary folder."""
    os.environ["TEINEI_VAR"] = tempfile.mkdtemp(prefix="bench-judging-")
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    os.environ.pop("DATABASE_URL", None)
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def world(questions: int, models: int) -> tuple[Any, Any]:
    """A dataset with a frozen release and the responses of some models."""
    from annotation.actions.responses import import_responses
    from curation.actions.texts import keep_text
    from curation.formats import ResponseRow
    from curation.log import OPERATOR
    from curation.models import Dataset, Release, ReleaseItem, Taxonomy

    number = Dataset.objects.count()
    taxonomy = Taxonomy.objects.create(name=f"bench{number}", title_ja="計測", title_en="Bench")
    dataset = Dataset.objects.create(slug=f"bench{number}", name=f"bench {number}", taxonomy=taxonomy)
    release = Release.objects.create(dataset=dataset, name="r", root_hash="0" * 64, size=questions)
    ReleaseItem.objects.bulk_create(
        ReleaseItem(
            release=release,
            position=n,
            external_id=f"q{n}",
            question_text=keep_text(QUESTION.format(n=n)),
            answer_text=keep_text(ANSWER.format(n=n)),
            labels=["a", "b", "c"],
            split="test",
            content_hash=f"{n:064x}",
        )
        for n in range(questions)
    )
    rows = [
        ResponseRow(0, f"q{n}", f"model-{m}", f"{m}の" + ANSWER.format(n=n))
        for n in range(questions)
        for m in range(models)
    ]
    import_responses(OPERATOR, dataset, release=release, rows=rows)
    return dataset, release


def judged(dataset: Any, release: Any, url: str, *, modes: tuple[str, ...], repeats: int) -> dict[str, Any]:
    """One whole run: planned, asked, parsed, kept. Seconds by the clock and of the processor, and what came."""
    from curation.actions.endpoints import create_endpoint
    from curation.actions.jobs import run_job
    from curation.log import OPERATOR
    from judging.actions.calling import carry_out
    from judging.actions.judges import create_judge
    from judging.actions.runs import start_run
    from judging.models import Judge
    from judging.queries import verdict_counts

    name = f"e{Judge.objects.count()}"
    spec = {"name": name, "url": url, "model": "stub", "limits": {"in_flight": IN_FLIGHT}}
    create_endpoint(OPERATOR, dataset, spec)
    judge = create_judge(
        OPERATOR, dataset, {"name": name, "endpoint": name, "sampling": {"max_tokens": 1024}}
    )
    began, worked = time.perf_counter(), time.process_time()
    run = start_run(OPERATOR, judge=judge, release=release, modes=modes, repeats=repeats, send=False)
    planned = time.perf_counter() - began
    assert run.job_id is not None
    run_job(run.job_id, carry_out)
    wall, cpu = time.perf_counter() - began, time.process_time() - worked
    run.refresh_from_db()
    counts = verdict_counts(run)
    calls = sum(counts.values())
    return {
        "calls": calls,
        "state": run.state,
        "verdicts": counts,
        "wall_s": round(wall, 2),
        "of_it_planning_s": round(planned, 2),
        "cpu_ms_per_call": round(1000 * cpu / max(1, calls), 2),
        "calls_per_s": round(calls / wall, 1),
    }


def measured(questions: int, models: int, latency: float, runs: int, **faults: float) -> dict[str, Any]:
    """The median of some runs (of two the slower), each over a world of its own, and the seconds of all of them."""
    found = []
    modes, repeats = (MODES, REPEATS) if models > 1 else (("ref",), 1)
    for _n in range(runs):
        dataset, release = world(questions, models)
        with stub(latency, **faults) as endpoint:
            one = judged(dataset, release, endpoint.url, modes=modes, repeats=repeats)
        found.append({**one, **endpoint.counted})
    middle = sorted(found, key=lambda one: one["wall_s"])[runs // 2]
    return {**middle, "wall_s_of_all_runs": [one["wall_s"] for one in found]}


def peer(url: str, calls: int, interval: float) -> float:
    """Seconds that the pacing of llm-jp-judge's client takes for so many calls."""
    import httpx

    text = ANSWER.format(n=0) * 3
    body = {"model": "stub", "messages": [{"role": "user", "content": text}]}

    async def asked(client: httpx.Client, wait: float) -> None:
        await asyncio.sleep(wait)
        await asyncio.to_thread(str, text)  # it builds the messages in a thread, too
        answer = await asyncio.to_thread(client.post, f"{url}/chat/completions", json=body)
        answer.raise_for_status()

    async def all_of_them() -> None:
        with httpx.Client(timeout=60) as client:
            await asyncio.gather(*(asked(client, n * interval) for n in range(calls)))

    began = time.perf_counter()
    asyncio.run(all_of_them())
    return time.perf_counter() - began


def peers(small: bool) -> dict[str, Any]:
    unpaced_calls = CALLS // 4 if small else CALLS
    with stub(LATENCY) as endpoint:
        paced = peer(endpoint.url, PEER_SHARE, PEER_INTERVAL)
        unpaced = peer(endpoint.url, unpaced_calls, 0.0)
    # The first call goes at once: of n calls the clock sees n - 1 intervals and the last answer.
    scaled = (paced - LATENCY) / (PEER_SHARE - 1) * (CALLS - 1) + LATENCY
    return {
        "what": "pacing of llm-jp-judge's client, made again after its source, without its start-up",
        "interval_s": PEER_INTERVAL,
        "paced": {"calls_made": PEER_SHARE, "wall_s": round(paced, 2), "scaled_to_336_s": round(scaled, 1)},
        "unpaced": {
            "calls_made": unpaced_calls,
            "wall_s": round(unpaced, 2),
            "scaled_to_336_s": round(unpaced * CALLS / unpaced_calls, 1),
            "threads": min(32, (os.cpu_count() or 1) + 4),
        },
        "reference": "the tool itself on another day: 171.0 s paced, 20.5 s unpaced, start-up of 3 s included",
    }


def main() -> None:
    given = options(__doc__ or "").parse_args()
    start()
    runs = 2 if given.small else 5
    measured(40, 1, 0.0, 1)  # what is only slow once
    plain = measured(CALLS, 1, LATENCY, runs)
    faults = measured(CALLS, 1, LATENCY, runs, busy=0.05, broken=0.02, unparsable=0.02)
    # A tenth of the questions where it must be quick: said in the figures.
    many = measured(CALLS // 10 if given.small else CALLS, MODELS, 0.0, 1)
    beside = peers(given.small)
    figures = {
        "bench": "judging",
        "small": given.small,
        "goals": GOALS,
        "floor_s": round(-(-CALLS // IN_FLIGHT) * LATENCY, 2),
        "sizes": {"calls": CALLS, "in_flight": IN_FLIGHT, "latency_s": LATENCY, "many": many["calls"]},
        "calls_336": plain,
        "calls_336_with_faults": faults,
        "calls_24192": many,
        "own_overhead_ms": many["cpu_ms_per_call"],
        "peer": beside,
        "times_faster_than_peer": {
            "paced": round(beside["paced"]["scaled_to_336_s"] / plain["wall_s"], 1),
            "unpaced": round(beside["unpaced"]["scaled_to_336_s"] / plain["wall_s"], 1),
        },
        "machine": machine(),
        "versions": versions("Django", "httpx"),
        "database": "SQLite on disk, WAL, synchronous=FULL",
        "folder": Path(os.environ["TEINEI_VAR"]).parent.name,
    }
    tell(figures, as_json=given.json)


if __name__ == "__main__":
    main()
