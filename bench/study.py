"""How long a whole study takes, in what memory, beside scipy's bootstrap; and its page, once it is kept.

`python -m bench.study [--small] --json`. The peer, `scipy.stats.bootstrap` with BCa, is measured in the same run on the
same responses: one statistic at a time, vectorised, at the fastest of several batch sizes. It resamples responses, since
it knows no clusters; the engine resamples questions.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.stats

from bench.machine import in_a_fresh_process, machine, options, resident, tell, timed, versions
from bench.made_study import Scores, Size, alone, made_scores, made_study
from curation.stats import StudyData, study
from curation.stats.bootstrap import Array, Group, estimates
from curation.stats.correlation import pearson_from_moments
from curation.stats.features import Units, means
from curation.stats.judge_human import ordinal_group
from curation.stats.table import StudyTable, study_table

RESAMPLES = 10_000
FULL = Size()
GOALS = {"both_modes_wall_s": 2.0, "memory_mb": 300, "page_ms": 100, "times_faster_than_scipy": 20}
BATCHES = (25, 100, 400)
Statistic = Callable[..., Any]


def both_modes(size: Size) -> list[StudyData]:
    scores: Scores = made_scores(size)
    return [made_study(size, scores, mode) for mode in ("ref", "noref")]


def whole_studies(size: Size, runs: int) -> dict[str, Any]:
    """Both modes as they are kept, one after the other; and one mode alone."""
    modes = both_modes(size)
    pair = timed(lambda: [study(data, resamples=RESAMPLES) for data in modes], runs=runs)
    one = timed(lambda: study(alone(modes[0]), resamples=RESAMPLES), runs=runs)
    return {
        "both_modes": pair.as_dict(),
        "one_mode": one.as_dict(),
        "estimates": 2 * _estimates_in(study(modes[0], resamples=100)),
    }


def _estimates_in(block: Any) -> int:
    """How many numbers with an interval a result holds."""
    if not isinstance(block, dict):
        return sum(map(_estimates_in, block)) if isinstance(block, list) else 0
    return int(block.get("low") is not None and "n_clusters" in block) + sum(
        map(_estimates_in, block.values())
    )


def memory(size: Size) -> dict[str, float]:
    """The peak of this process above its imports while both modes are computed; to be called in a fresh process."""
    before = resident()
    for data in both_modes(size):
        study(data, resamples=RESAMPLES)
    return {"imports_mb": round(before, 1), "above_imports_mb": round(resident(peak=True) - before, 1)}


def pearson(x: Array, y: Array, axis: int = -1) -> Any:
    """r along an axis, as fast as numpy computes it."""
    dx, dy = x - x.mean(axis=axis, keepdims=True), y - y.mean(axis=axis, keepdims=True)
    return (dx * dy).sum(axis=axis) / np.sqrt((dx * dx).sum(axis=axis) * (dy * dy).sum(axis=axis))


def spearman(x: Array, y: Array, axis: int = -1) -> Any:
    return pearson(scipy.stats.rankdata(x, axis=axis), scipy.stats.rankdata(y, axis=axis), axis)


def bias(x: Array, y: Array, axis: int = -1) -> Any:
    return (x - y).mean(axis=axis)


def kendall_tau_b(x: Array, y: Array) -> Any:
    """scipy has no tau-b of many resamples at once."""
    return scipy.stats.kendalltau(x, y).statistic


PEERS: dict[str, Statistic] = {
    "pearson": pearson,
    "spearman": spearman,
    "kendall_tau_b": kendall_tau_b,
    "bias": bias,
}


def scipy_bca(statistic: Statistic, sample: tuple[Array, Array], batch: int, resamples: int) -> Any:
    return scipy.stats.bootstrap(
        sample,
        statistic,
        paired=True,
        vectorized=statistic is not kendall_tau_b,
        method="BCa",
        n_resamples=resamples,
        batch=batch,
        rng=np.random.default_rng(0),
    ).confidence_interval


def peer(table: StudyTable, names: tuple[str, ...]) -> dict[str, Any]:
    """scipy's interval of each statistic over the responses, at the batch size that a short trial finds fastest."""
    sample = means(table.verdicts, table.values), means(table.ratings, table.values)
    found = {}
    for name in names:
        interval = functools.partial(scipy_bca, PEERS[name], sample)
        trials = {
            batch: timed(functools.partial(interval, batch, 500), runs=1, warm=0).wall[0] for batch in BATCHES
        }
        best = min(trials, key=trials.__getitem__)
        measured = timed(functools.partial(interval, best, RESAMPLES), runs=1, warm=0)
        found[name] = {**measured.as_dict(), "batch": best}
    return found


def ours(table: StudyTable, runs: int) -> dict[str, Any]:
    """Clustered BCa intervals with draws of their own: of Pearson's r alone, and of all nine of `judge_human`."""
    units = Units(table, table.compared)
    x, y = means(table.verdicts, table.values) - 3, means(table.ratings, table.values) - 3
    alone_ = Group(
        ("pearson",),
        units.n,
        units.n_clusters,
        sums=units.sums([np.ones(units.n), x, y, x * x, y * y, x * y]),
        evaluate=lambda tables, sums: pearson_from_moments(*sums)[None, :],
    )
    found = {}
    for name, group in (("pearson_alone", alone_), ("nine_statistics", ordinal_group(table, table.compared))):
        run = functools.partial(estimates, {name: group}, seed=0, resamples=RESAMPLES)
        found[name] = timed(run, runs=runs).as_dict()
    return found


def beside_scipy(size: Size, *, small: bool, runs: int) -> dict[str, Any]:
    """Both on the same responses, by the clock and by CPU time. A statistic among nine counts as a ninth of them."""
    table = study_table(made_study(size, made_scores(size)))
    theirs, own = peer(table, ("pearson", "bias") if small else tuple(PEERS)), ours(table, runs)

    def faster(by: str) -> dict[str, float]:
        alone_, nine = (own[name][by]["median"] for name in ("pearson_alone", "nine_statistics"))
        among_nine = {name: round(one[by]["median"] / (nine / 9)) for name, one in theirs.items()}
        return {"pearson_alone": round(theirs["pearson"][by]["median"] / alone_, 1), **among_nine}

    return {"scipy": theirs, "ours": own, "times_faster": faster("wall_s"), "times_less_cpu": faster("cpu_s")}


def main() -> None:
    parser = options(__doc__.splitlines()[0])
    parser.add_argument(
        "--only", choices=["memory", "page"], help="one part alone, for this benchmark's own use"
    )
    chosen = parser.parse_args()
    runs = 3 if chosen.small else 7
    if chosen.only == "memory":
        tell(memory(FULL), as_json=True)
        return
    if chosen.only == "page":
        from bench.study_page import page_times

        tell(page_times(FULL, runs=20), as_json=True)
        return
    started = machine()
    whole = whole_studies(FULL, runs)
    figures = {
        "benchmark": "study",
        "small": chosen.small,
        "machine": started,
        "versions": versions("numpy", "scipy", "Django"),
        "size": {**FULL.__dict__, "modes": 2, "responses": FULL.responses, "resamples": RESAMPLES},
        "goals": GOALS,
        "study": whole,
        "memory": in_a_fresh_process("bench.study", "--only", "memory"),
        "peer": beside_scipy(FULL, small=chosen.small, runs=runs),
        "page": in_a_fresh_process("bench.study", "--only", "page"),
        "load_at_the_end": machine()["load"],
    }
    tell(figures, as_json=chosen.json)


if __name__ == "__main__":
    main()
