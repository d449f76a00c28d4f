"""What raters say of each other, in any part of a study: the block `human_human`, and each rater against the rest."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from curation.stats import raters, reliability
from curation.stats.bootstrap import Group, estimates
from curation.stats.data import StudyData
from curation.stats.estimate import Estimate, about_part, not_estimable
from curation.stats.features import Units
from curation.stats.reliability import MIN_SHARED
from curation.stats.table import Array, Bools, StudyTable, study_table

Found = Mapping[Any, dict[str, Estimate]]
NOBODY = "No response here is shared with another rater."


def groups(table: StudyTable) -> dict[Hashable, Group]:
    """The groups that `block` is read from."""
    found: dict[Hashable, Group] = {"raters": reliability.raters_group(table)}
    if table.rubric.kind == "ordinal":
        found |= {"pairs": reliability.pairs_group(table), "icc": reliability.icc_group(table)}
    return found


def block(table: StudyTable, found: Found) -> dict[str, Estimate]:
    """In the order of the JSON shape; a nominal rubric has no correlations and no ICC."""
    by_raters = found["raters"]
    alpha = reliability.alpha_name(table)
    if table.rubric.kind == "nominal":
        return {name: by_raters[name] for name in (alpha, "exact", "fleiss_kappa")}
    icc, ceiling = found["icc"]["icc_1"], found["icc"]["ceiling"]
    if icc.value is not None and icc.value <= 0:
        why = "Not estimable: the raters' reliability (icc_1) is not above zero."
        ceiling = not_estimable(why, n=ceiling.n, n_clusters=ceiling.n_clusters)
    ordered = {alpha: by_raters[alpha], **found["pairs"], "icc_1": icc, "ceiling": ceiling}
    return ordered | {"exact": by_raters["exact"], "fleiss_kappa": by_raters["fleiss_kappa"]}


def _shared(table: StudyTable) -> Bools:
    """Which responses each rater shares with somebody, (R, raters)."""
    found: Bools = (table.scores_by_rater >= 0) & (table.ratings.sum(axis=1) >= 2)[:, None]
    return found


def same_as_rest_group(table: StudyTable, chosen: Sequence[int]) -> Group:
    """Per chosen rater the share of the others' ratings of a response that are their own point, a mean over responses.

    It is `exact` with one rater left out: a mean over pairs, each pair with this rater in it. Any kind of scale.
    """
    shared, columns = _shared(table), np.array(chosen, dtype=np.int64)
    names = tuple(table.raters[at] for at in columns)
    units = Units(table, np.any(shared, axis=1))
    if units.n == 0:
        return Group(names, 0, 0, why_not=NOBODY)
    counts = table.ratings[units.rows]
    present = shared[np.ix_(units.rows, columns)].astype(np.float64)
    point = np.maximum(table.scores_by_rater[np.ix_(units.rows, columns)], 0)
    own = np.take_along_axis(counts, point, axis=1) - 1
    share = own / (counts.sum(axis=1, keepdims=True) - 1) * present
    many = len(names)

    def evaluate(tables: Array, sums: Array) -> Array:
        return sums[many:] / sums[:many]

    return Group(
        names,
        units.n,
        units.n_clusters,
        sums=units.sums([present, share]),
        evaluate=evaluate,
        reasons=dict.fromkeys(names, NOBODY),
        shares=frozenset(names),
        trials={table.raters[at]: _sizes(table, at)[1] for at in columns},
    )


def _sizes(table: StudyTable, at: int) -> tuple[int, int]:
    """(responses, questions) that a rater shares with somebody."""
    here = _shared(table)[:, at]
    return int(here.sum()), len(np.unique(table.question[here]))


def same_as_rest(
    data: StudyData, rater: str, *, seed: int = 0, resamples: int = 10_000
) -> dict[str, Any] | None:
    """The `same_as_rest` of one rater as `people` gives it; None where the rater has no score in the study."""
    table = study_table(data)
    if rater not in table.raters:
        return None
    at = table.raters.index(rater)
    found = estimates({"same": same_as_rest_group(table, [at])}, seed=seed, resamples=resamples)
    return _same(table, at, found["same"]).as_dict()


def _same(table: StudyTable, at: int, found: Mapping[str, Estimate]) -> Estimate:
    n, clusters = _sizes(table, at)
    if 0 < n < MIN_SHARED:
        return not_estimable(raters.TOO_FEW, n=n, n_clusters=clusters)
    one = found.get(table.raters[at]) or not_estimable(NOBODY)
    return about_part(one, n=n, n_clusters=clusters, empty=NOBODY)


def _stretch_group(table: StudyTable, at: int, chosen: Bools) -> Group:
    """The same two numbers of one rater over some of their responses: `severity` (ordinal) and `same_as_rest`."""
    mine, counts = table.scores_by_rater[:, at], table.ratings
    units = Units(table, chosen & (mine >= 0) & (counts.sum(axis=1) >= 2))
    ordinal = table.rubric.kind == "ordinal"
    names = ("severity", "same_as_rest") if ordinal else ("same_as_rest",)
    if units.n < MIN_SHARED:
        return Group(names, units.n, units.n_clusters, why_not=raters.TOO_FEW)
    rows, own = counts[units.rows], mine[units.rows]
    others = rows.sum(axis=1) - 1
    same = (rows[np.arange(units.n), own] - 1) / others
    columns = [np.ones(units.n), same]
    if ordinal:
        columns.insert(1, table.values[own] - (rows @ table.values - table.values[own]) / others)

    def evaluate(tables: Array, sums: Array) -> Array:
        return sums[1:] / sums[0]

    sums = units.sums(columns)
    shares = frozenset({"same_as_rest"})
    return Group(names, units.n, units.n_clusters, sums=sums, evaluate=evaluate, shares=shares)


def over_time(
    data: StudyData,
    stretches: Mapping[str, Sequence[Sequence[Hashable]]],
    *,
    seed: int = 0,
    resamples: int = 10_000,
) -> dict[str, list[dict[str, Any]]]:
    """Each rater against the rest, stretch by stretch.

    stretches: by rater lists of the responses they rated, one list for each stretch of their work. -> by rater one object
    of estimates for each stretch, with the keys of `raters` but `with_the_rest`.
    """
    table = study_table(data)
    row = {response: at for at, response in enumerate(table.ids)}
    wanted: dict[Hashable, Group] = {}
    for at, rater in enumerate(table.raters):
        for number, responses in enumerate(stretches.get(rater, [])):
            chosen = np.zeros(len(row), dtype=np.bool_)
            chosen[[row[response] for response in responses if response in row]] = True
            wanted[rater, number] = _stretch_group(table, at, chosen)
    found = estimates(wanted, seed=seed, resamples=resamples)
    done: dict[str, list[dict[str, Any]]] = {}
    for rater in table.raters:
        numbers = range(len(stretches.get(rater, [])))
        done[rater] = [
            {name: one.as_dict() for name, one in found[rater, number].items()} for number in numbers
        ]
    return done


def people(
    parts: Mapping[Hashable, StudyData],
    *,
    singly: Collection[Hashable] = (),
    seed: int = 0,
    resamples: int = 10_000,
) -> dict[Hashable, dict[str, Any]]:
    """Of each part of a study (any subset of its rows): `human_human`, the block of that name; of those `singly` too `raters`.

    The engine, the resampling of questions and the order of the keys are the study's: a part with all its ratings gives
    the study's own numbers, bit for bit. All parts are resampled together. Raises ValueError as `study_table`.
    """
    tables = {name: study_table(data) for name, data in parts.items()}
    wanted: dict[Hashable, Group] = {}
    for name, table in tables.items():
        wanted |= {(name, key): group for key, group in groups(table).items()}
        if name in singly:
            wanted[name, "same"] = same_as_rest_group(table, range(len(table.raters)))
        if name in singly and table.rubric.kind == "ordinal":
            wanted[name, "each"] = raters.raters_group(table)
    found = estimates(wanted, seed=seed, resamples=resamples)
    done: dict[Hashable, dict[str, Any]] = {}
    for name, table in tables.items():
        here = {key[1]: value for key, value in found.items() if isinstance(key, tuple) and key[0] == name}
        done[name] = {"human_human": {key: one.as_dict() for key, one in block(table, here).items()}}
        if name in singly:
            done[name]["raters"] = _raters(table, here)
    return done


def _raters(table: StudyTable, found: Found) -> dict[str, Any]:
    """`severity` and `with_the_rest` (ordinal scales), `same_as_rest`, and `ratings`, by rater."""
    ordinal = raters.block(table, found["each"]) if "each" in found else {}
    done: dict[str, Any] = {}
    for at, name in enumerate(table.raters):
        same = _same(table, at, found["same"])
        rest = ordinal.get(name) or {"ratings": int((table.scores_by_rater[:, at] >= 0).sum())}
        done[name] = {**rest, "same_as_rest": same.as_dict()}
    return done
