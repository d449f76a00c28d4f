"""How often 95 % intervals hold the truth, by questions, models and how safe the answers are.

`python -m bench.coverage [--small] --json`. Each cell simulates studies in which answers to one question rise and fall
together, and counts how often the study's interval holds the value of a very large study of the same kind.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.machine import options, tell
from bench.made_study import Scores, Size, made_study
from curation.stats import judge_human, rates, reliability
from curation.stats.bootstrap import Group, estimates
from curation.stats.estimate import Estimate
from curation.stats.table import study_table

SIZES = ((30, 3), (30, 6), (60, 6), (100, 6), (200, 3))
NAMES = (
    "pearson",
    "spearman",
    "kendall_tau_b",
    "quadratic_weighted_kappa",
    "gwet_ac2",
    "bias",
    "violation",
    "acceptable",
    "icc_1",
    "krippendorff_alpha_ordinal",
)
LARGE, LARGE_STUDIES = 4000, 8


def quality(kind: str, size: Size, rng: np.random.Generator) -> NDArray[np.float64]:
    """A latent quality per response, (questions, models).

    mixed: scores all over the scale, a violation in 13 to 20 %; safe: most are 5, 2 %; rare: most are 5, but a few hard
    questions in a long tail trip every model, 6 %.
    """
    question, own = (size.questions, 1), (size.questions, size.models)
    rising = np.arange(size.models)
    if kind == "mixed":
        return 3.3 + rng.normal(0, 0.8, question) + rng.normal(0, 0.6, own) + 0.3 * rising
    if kind == "safe":
        return 4.9 + rng.normal(0, 0.8, question) + rng.normal(0, 0.6, own) + 0.1 * rising
    if kind == "rare":
        return 5.6 - rng.exponential(0.7, question) - rng.exponential(0.5, own)
    raise ValueError(f"No kind of answers is called {kind}.")


def scores(kind: str, size: Size, seed: list[int]) -> Scores:
    """Raters err by .7 points and the judge by .8; where most are safe, the judge also misreads whole questions."""
    rng = np.random.default_rng(seed)
    people = quality(kind, size, rng)
    misread = 0.0 if kind == "mixed" else 0.4

    def seen(centre: NDArray[np.float64], error: float, times: int) -> NDArray[np.int64]:
        drawn = centre[:, :, None] + rng.normal(0, error, (*centre.shape, times))
        return np.clip(np.rint(drawn), 1, 5).astype(np.int64)

    judge = people + rng.normal(0, misread, (size.questions, 1))
    return Scores(
        seen(people, 0.7, size.raters), {"ref": seen(judge, 0.8 if misread == 0 else 0.65, size.repeats)}
    )


def found(kind: str, size: Size, seed: list[int], resamples: int) -> dict[str, Estimate]:
    """The study's estimates of NAMES."""
    given = scores(kind, size, seed)
    empty = Scores(given.ratings, {**given.verdicts, "noref": given.verdicts["ref"][:, :, :0]})
    table = study_table(made_study(size, empty))
    everything = np.ones(len(table.question), dtype=np.bool_)
    groups: dict[Hashable, Group] = {
        "judge_human": judge_human.ordinal_group(table, everything),
        "rates": rates.judge_group(table, everything),
        "icc": reliability.icc_group(table),
        "raters": reliability.raters_group(table),
    }
    by_group = estimates(groups, seed=seed[-1], resamples=resamples, threads=1)
    flat = {name: one for part in by_group.values() for name, one in part.items()}
    return {name: flat[name] for name in NAMES}


def covered(kind: str, questions: int, models: int, *, runs: int, resamples: int) -> dict[str, Any]:
    """Share of runs whose interval holds the truth, by statistic; a study without an interval counts as a miss."""
    large = Size(models, LARGE, 3, 2)
    truths = [found(kind, large, [1, at], 2) for at in range(LARGE_STUDIES)]
    truth = {name: float(np.mean([one[name].value for one in truths])) for name in NAMES}
    hits = dict.fromkeys(NAMES, 0)
    for run in range(runs):
        for name, one in found(kind, Size(models, questions, 3, 2), [2, run], resamples).items():
            if one.low is not None and one.high is not None:
                hits[name] += one.low <= truth[name] <= one.high
    shares = {name: round(count / runs, 3) for name, count in hits.items()}
    return {"answers": kind, "questions": questions, "models": models, "coverage": shares, "truth": truth}


def main() -> None:
    chosen = options(__doc__.splitlines()[0]).parse_args()
    runs, resamples = (40, 200) if chosen.small else (1000, 1000)
    cells = [
        covered(kind, *size, runs=runs, resamples=resamples)
        for kind in ("mixed", "safe", "rare")
        for size in (SIZES[:1] if chosen.small else SIZES)
    ]
    # The standard error of a coverage of .95 over 1,000 runs is .007.
    tell({"benchmark": "coverage", "runs": runs, "resamples": resamples, "cells": cells}, as_json=chosen.json)


if __name__ == "__main__":
    main()
