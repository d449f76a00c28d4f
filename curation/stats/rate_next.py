"""What more ratings would buy, and where they are worth most: by judge score, as the combined rate is made.

Source of the shares: Neyman (1934), On the two different aspects of the representative method.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import ndtri

from curation.stats import rates
from curation.stats.data import Target
from curation.stats.features import shares
from curation.stats.rates import MajorityRule, Strata
from curation.stats.table import Array, Bools, StudyTable

STEPS = (30, 60, 120)
# This part of every budget stays a uniform sample, which keeps the judge auditable whatever it is good at.
UNIFORM = 0.5


@dataclass(frozen=True)
class Outlook:
    """The judged responses by judge score, (K,) each: counts for the posterior, its mean, and how many are unrated."""

    strata: Strata
    mean: Array
    unrated: Array

    def neyman(self) -> Array:
        """Each score's share of what is drawn for its sake: unrated responses times the sd of the yes or no, (K,)."""
        wanted = self.unrated * np.sqrt(self.mean * (1 - self.mean))
        found: Array = wanted / wanted.sum() if wanted.sum() > 0 else wanted
        return found


def rate_of_interest(table: StudyTable) -> str | None:
    """The rate that ratings are drawn for: violations, else acceptable answers; None where the rubric has neither."""
    return next((rate for rate in rates.RATES if rates.inside(table, rate) is not None), None)


def outlook(table: StudyTable, rate: str, rule: MajorityRule) -> Outlook:
    """Where the study stands; the chance per score is the posterior mean that `combined` uses."""
    everything = np.ones(len(table.question), dtype=np.bool_)
    strata = rates.strata(table, everything, rate, rule)
    prior = rates.PRIOR_STRENGTH * rates.base_prior(len(table.values), rate)
    mean = (strata.effective_positive + prior) / (strata.effective + rates.PRIOR_STRENGTH)
    return Outlook(strata, mean, _by_score(table, table.judged & ~table.rated))


def _by_score(table: StudyTable, chosen: Bools) -> Array:
    at = rates.judge_stratum(table)[chosen]
    return np.bincount(at, minlength=len(table.values)).astype(np.float64)


def expected(table: StudyTable, mean: Array) -> Array:
    """The chance that people would say yes to each response, from the scores of the judge's repeats, (R,).

    Repeats that differ pull it towards the middle, where a rating tells most. Unjudged responses get the mean of all.
    """
    found = np.full(len(table.question), 0.0)
    judged = table.judged
    found[judged] = shares(table.verdicts[judged]) @ mean
    found[~judged] = found[judged].mean() if judged.any() else 0.5
    return found


def half_width(now: Outlook, target: Target) -> float:
    """Half of the 95 % interval of the combined rate, by the posterior's variance."""
    s = now.strata
    strength = s.effective + rates.PRIOR_STRENGTH
    variance = now.mean * (1 - now.mean) / (strength + 1)
    unseen = np.maximum(s.size - s.labelled, 0.0)
    if target == "test_set":
        # The unseen part's share of yes: uncertain chance, and a draw of that many.
        drawn = unseen**2 * variance + unseen * now.mean * (1 - now.mean) * strength / (strength + 1)
        total = drawn.sum() / (s.labelled + unseen).sum() ** 2
    else:
        alpha = s.size + 0.2
        pi, size = alpha / alpha.sum(), alpha.sum()
        squared = pi * (pi * size + 1) / (size + 1)
        between = ((now.mean**2 * pi).sum() - (now.mean * pi).sum() ** 2) / (size + 1)
        total = (squared * variance).sum() + between
    return float(ndtri(0.975) * np.sqrt(total))


def after(now: Outlook, more: int) -> Outlook:
    """The outlook with more majorities, half of them spread evenly over the unrated, half by Neyman's shares."""
    left = now.unrated.sum()
    added = UNIFORM * more * now.unrated / left
    added = added + within(now.unrated - added, (1 - UNIFORM) * more, now.neyman())
    s = now.strata
    grown = replace(
        s,
        labelled=s.labelled + added,
        positive=s.positive + added * now.mean,
        effective=s.effective + added,
        effective_positive=s.effective_positive + added * now.mean,
    )
    return Outlook(grown, now.mean, now.unrated - added)


def within(room: Array, count: float, share: Array) -> Array:
    """`count` divided by the shares, no part getting more than its room; what it cannot take goes to the others."""
    given = np.zeros(len(room))
    for _ in range(len(room) + 1):
        open_ = room - given > 1e-12
        weight = np.where(open_, np.where(share.sum() > 0, share, room), 0.0)
        weight = weight if weight.sum() > 0 else np.where(open_, room - given, 0.0)
        left = count - given.sum()
        if left <= 1e-9 or weight.sum() <= 0:
            break
        given = np.minimum(room, given + left * weight / weight.sum())
    return given


def block(table: StudyTable, rule: MajorityRule, target: Target) -> dict[str, Any]:
    """The `rate_next` block (plain numbers); `more` counts responses that get a majority."""
    rate = rate_of_interest(table)
    if rate is None or not table.judged.any():
        return {"half_width": None, "strata": [], "plan": []}
    now = outlook(table, rate, rule)
    everything, rated = _by_score(table, table.judged), _by_score(table, table.compared)
    strata = [
        {"score": score, "responses": int(n), "rated": int(r), "share": float(share)}
        for score, n, r, share in zip(table.rubric.scale, everything, rated, now.neyman(), strict=True)
    ]
    if not now.strata.labelled.any():
        return {"half_width": None, "strata": strata, "plan": []}
    left = int(now.unrated.sum())
    steps = sorted({min(step, left) for step in STEPS} - {0})
    plan = [{"more": step, "half_width": half_width(after(now, step), target)} for step in steps]
    return {"half_width": half_width(now, target), "strata": strata, "plan": plan}
