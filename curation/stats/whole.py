"""A whole study: every number about one judge, one mode and one task's ratings, each with its interval and its n."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from curation.stats import (
    alt_test,
    calibration,
    decisions,
    differs,
    health,
    human,
    judge_human,
    leaves,
    modes,
    noise,
    rate_next,
    raters,
    rates,
    reliability,
    shares,
    spread,
)
from curation.stats.bootstrap import Group, estimates
from curation.stats.correlation import independent_responses
from curation.stats.data import StudyData, StudyOptions, Target
from curation.stats.estimate import ENOUGH_QUESTIONS, Estimate, not_estimable
from curation.stats.table import FAILURES, Bools, StudyTable, study_table

Found = dict[Hashable, dict[str, Estimate]]
WHOLE = ("all", "")


def study(
    data: StudyData,
    *,
    seed: int = 0,
    resamples: int = 10_000,
    majority: tuple[int, int | None] = (2, None),
    alt_test_epsilon: float = 0.2,
    target: Target = "test_set",
) -> dict[str, Any]:
    """All statistics of `study --json` but the caller's own fields (task, judge, mode, seed, resamples, code_version).

    majority, alt_test_epsilon and target are the StudyOptions (at_least, of), epsilon and target. The order of the rows
    changes nothing. Raises ValueError where the rows contradict each other (study_table).
    """
    table = study_table(data)
    rule = rates.MajorityRule(*majority)
    parts = _parts(table)
    groups = _groups(table, parts, alt_test_epsilon) | _further_groups(table, parts, rule)
    groups |= modes.groups(table, data.other_mode) if data.other_mode else {}
    found = estimates(groups, seed=seed, resamples=resamples)
    blocks = _blocks(table, parts, found, rule, seed, target)
    against_people = _noted(table, found[("judge_human", WHOLE)])
    return {
        "options": StudyOptions(alt_test_epsilon, *majority, target).as_dict(),
        "counts": _counts(table, against_people.get("pearson")),
        "few_questions": _few_questions(table),
        "excluded": _excluded(table, rule),
        **_agreement(table, found, against_people),
        "violation": blocks[WHOLE]["violation"],
        "acceptable": blocks[WHOLE]["acceptable"],
        "alt_test": alt_test.block(found["alt_test"], groups["alt_test"], table, alt_test_epsilon),
        "agreement": calibration.block(table, found.get("calibration")),
        "decisions": decisions.block(table, found["decisions"], rule),
        "other_mode": _other_mode(table, found, data.other_mode),
        "raters": raters.block(table, found["each_rater"]) if table.rubric.kind == "ordinal" else {},
        "by_model": {name: blocks[("model", name)] for name in table.models},
        "by_category": {path: blocks[("category", path)] for path in table.categories},
        "leaves": leaves.block(table, rule),
        "health": health.block(table, found["health"]),
        "rate_next": rate_next.block(table, rule, target),
    }


def _agreement(
    table: StudyTable, found: Found, against_people: dict[str, Estimate]
) -> dict[str, dict[str, Any]]:
    """Judge and people, people among themselves, the judge with itself; of models, and how much of it is noise."""
    ordinal = table.rubric.kind == "ordinal"
    return {
        "judge_human": _leaves(against_people),
        "human_human": _leaves(human.block(table, found)),
        "judge_judge": _leaves(found["judge_judge"]),
        "system_level": _leaves(found["system_level"]),
        "noise": _leaves(noise.block(found["noise"], against_people)) if ordinal else {},
    }


def _blocks(
    table: StudyTable,
    parts: dict[tuple[str, str], Bools],
    found: Found,
    rule: rates.MajorityRule,
    seed: int,
    target: Target,
) -> dict[tuple[str, str], dict[str, Any]]:
    """What the study says of itself as a whole, of each model and of each category."""
    blocks = {key: _block(table, key, chosen, found, rule, seed, target) for key, chosen in parts.items()}
    _add_by_model(table, blocks, found)
    for key, one in _spreads(table, parts, found).items():
        blocks[key]["spread"] = one
    for path, one in differs.blocks(table, rule).items():
        blocks["category", path] |= one
    return blocks


def _parts(table: StudyTable) -> dict[tuple[str, str], Bools]:
    """The whole study, each model and each harm type, as masks over the responses."""
    found: dict[tuple[str, str], Bools] = {WHOLE: np.ones(len(table.question), dtype=np.bool_)}
    found |= {("model", name): table.model == at for at, name in enumerate(table.models)}
    found |= {("category", path): table.category == at for at, path in enumerate(table.categories)}
    return found


def _groups(table: StudyTable, parts: dict[tuple[str, str], Bools], epsilon: float) -> dict[Hashable, Group]:
    ordinal = table.rubric.kind == "ordinal"
    against_humans = judge_human.ordinal_group if ordinal else judge_human.nominal_group
    groups: dict[Hashable, Group] = {}
    for key, chosen in parts.items():
        groups["judge_human", key] = against_humans(table, chosen)
        groups["rates", key] = rates.judge_group(table, chosen)
    groups |= human.groups(table)
    groups["judge_judge"] = reliability.repeats_group(table)
    groups["system_level"] = judge_human.system_group(table)
    groups["alt_test"] = alt_test.alt_test_group(table, epsilon)
    return groups


def _further_groups(
    table: StudyTable, parts: dict[tuple[str, str], Bools], rule: rates.MajorityRule
) -> dict[Hashable, Group]:
    """What is asked of the study as a whole: single decisions, scores, raters, calls, and how parts are spread."""
    groups: dict[Hashable, Group] = {"decisions": decisions.decisions_group(table, rule)}
    groups["health"] = health.flips_group(table)
    for name in table.models:
        groups["neither", name] = shares.neither_group(table, parts["model", name])
    if table.rubric.kind == "ordinal":
        groups["calibration"] = calibration.calibration_group(table)
        groups["noise"] = noise.noise_group(table)
        groups["each_rater"] = raters.raters_group(table)
        groups["spread"] = spread.spread_group(table, _smaller(parts))
    return groups


def _smaller(parts: dict[tuple[str, str], Bools]) -> dict[tuple[str, str], Bools]:
    return {key: chosen for key, chosen in parts.items() if key != WHOLE}


def _spreads(
    table: StudyTable, parts: dict[tuple[str, str], Bools], found: Found
) -> dict[tuple[str, str], dict[str, Any]]:
    """The spread of every model and category; nothing where scores are words."""
    if table.rubric.kind == "nominal":
        return {key: {} for key in _smaller(parts)}
    return spread.blocks(table, _smaller(parts), found["spread"])


def _add_by_model(table: StudyTable, blocks: dict[tuple[str, str], dict[str, Any]], found: Found) -> None:
    """The judge's three shares of each model, and what calls without a score could make of them."""
    for at, name in enumerate(table.models):
        neither = found["neither", name][shares.NEITHER]
        blocks["model", name] |= {
            "shares": shares.shares(found["rates", ("model", name)], neither),
            "bounds": shares.bounds(table, table.model == at),
        }


def _other_mode(table: StudyTable, found: Found, mode: str) -> dict[str, Any] | None:
    if not mode:
        return None
    against = _noted(table, found["other_mode", "judge_human"])
    return modes.block(table, against | found["other_mode", "rates"], mode)


def _block(
    table: StudyTable,
    key: tuple[str, str],
    chosen: Bools,
    found: Found,
    rule: rates.MajorityRule,
    seed: int,
    target: Target,
) -> dict[str, Any]:
    """The blocks judge_human, violation and acceptable of one part."""
    block: dict[str, Any] = {"judge_human": _leaves(found["judge_human", key])}
    for rate in rates.RATES:
        by_judge = found["rates", key].get(rate) or not_estimable(rates.no_cut(rate))
        both = rates.combined(table, chosen, rate, rule, seed=seed, label="/".join(key), target=target)
        block[rate] = {
            "human_majority": rates.human_majority(table, chosen, rate, rule).as_dict(),
            "judge": by_judge.as_dict(),
            "combined": both.as_dict(),
        }
    return block


def _noted(table: StudyTable, found: dict[str, Estimate]) -> dict[str, Estimate]:
    """Says that responses without an inclusion probability stand for themselves alone."""
    missing, rated = table.without_probability, int(np.count_nonzero(table.rated))
    if not missing:
        return found
    if missing == rated:
        sentence = "No inclusion probabilities are recorded: taken as a full sample."
    else:
        sentence = (
            f"{missing} of {rated} rated responses have no inclusion probability and count with weight 1."
        )
    return {name: one.with_note(sentence) for name, one in found.items()}


def _leaves(found: dict[str, Estimate]) -> dict[str, Any]:
    return {name: one.as_dict() for name, one in found.items()}


def _counts(table: StudyTable, pearson: Estimate | None) -> dict[str, int | None]:
    """Questions and responses of the study; ratings and verdicts that are scores (the others are under excluded).

    effective_responses: how many independent responses would give Pearson's interval its width; None without one.
    """
    return {
        "items": len(np.unique(table.question)),
        "responses": len(table.question),
        "ratings": int(table.ratings.sum()),
        "raters": len(table.raters),
        "verdicts": int(table.verdicts.sum()),
        "judge_repeats": table.judge_repeats,
        "effective_responses": independent_responses(pearson.low, pearson.high) if pearson else None,
    }


def _few_questions(table: StudyTable) -> bool:
    """Whether the comparison rests on so few questions that intervals may be too narrow."""
    compared = table.question[table.compared]
    return 0 < len(np.unique(compared)) < ENOUGH_QUESTIONS


def _excluded(table: StudyTable, rule: rates.MajorityRule) -> dict[str, dict[str, int]]:
    """Calls (or ratings) and responses per failure name; no_majority is derived here, the rest was counted on reading."""
    names = [*FAILURES, *sorted(set(table.failures) - set(FAILURES))]
    found = {
        name: {"calls": table.failures[name], "responses": len(table.failed_responses.get(name, ()))}
        for name in names
    }
    if table.rubric.kind == "nominal":
        undecided, repeats = judge_human.nominal_undecided(table)
        calls = table.ratings[undecided].sum() + table.verdicts[repeats].sum()
        undecided = undecided | repeats
    else:
        undecided = np.zeros(len(table.question), dtype=np.bool_)
        for rate in rates.RATES:
            if rates.inside(table, rate) is not None:
                undecided |= table.rated & ~rates.majority(table, rate, rule)[0]
        calls = table.ratings[undecided].sum()
    found["no_majority"] = {"calls": int(calls), "responses": int(np.count_nonzero(undecided))}
    return found
