"""What the study's page shows, from a study's result and the rows behind it."""

from __future__ import annotations

from typing import Any

from curation.queries import named_steps
from curation.stats import StudyData
from curation.stats.data import Score
from judging import figures, tables
from judging.models import Mode, Study
from judging.views.choose import Chosen
from judging.words import block, failure_name, rate_source, statistic

ROWS = "judging:study_responses"
SOURCES = ("human_majority", "judge", "combined")
STRIP = ("pearson", "spearman", "kendall_tau_b", "quadratic_weighted_kappa", "gwet_ac2")
NOMINAL_STRIP = ("cohen_kappa", "accuracy", "macro_f1")
PEOPLE = ("pearson_pairs", "spearman_pairs", "ceiling")
NOISE = (
    "krippendorff_alpha_ordinal",
    "krippendorff_alpha_nominal",
    "icc_1",
    "ceiling",
    "exact",
    "fleiss_kappa",
)
MISSED_SHOWN = 6
BLOCKS = ("judge_human", "human_human", "judge_judge", "system_level")


def context(what: Chosen, study: Study, data: StudyData) -> dict[str, Any]:
    """Everything the template draws; figures as geometry, tables as rows."""
    result, rows = study.result, tables.rows_of(data)
    found, share = tables.missed(data, rows)
    return {
        "result": result,
        "study": study,
        "sentence": sentence(result, what.mode),
        "strip": strip(result, banded=what.mode == Mode.REF),
        "estimates": estimates(what, result),
        "models": rates(what, result["by_model"], "model"),
        "categories": _named(what, rates(what, result["by_category"], "category")),
        "whole": {"violation": result["violation"], "acceptable": result["acceptable"]},
        "heat": heat(what, data, rows),
        "missed": found[:MISSED_SHOWN],
        "missed_n": len(found),
        "missed_share": share.as_dict(),
        "missed_url": what.url(ROWS, missed=1),
        "noise": noise(what, result),
        "bias": result["judge_human"].get("bias"),
        "alt_test": alternative(result),
        "excluded": excluded(what, result),
        "no_probabilities": all(row.inclusion_probability is None for row in data.responses),
    }


def sentence(result: dict[str, Any], mode: str) -> dict[str, Any]:
    """The headline: the judge's Spearman (or kappa), people among themselves, and how it stands to the paper's band."""
    against, people = result["judge_human"], result["human_human"]
    ordinal = "spearman" in against
    main = against["spearman" if ordinal else "cohen_kappa"]
    found: dict[str, Any] = {
        "ordinal": ordinal,
        "main": main,
        "people": people["spearman_pairs" if ordinal else "krippendorff_alpha_nominal"],
        "band": "",
    }
    for name, leaf in (("", main), ("people_", found["people"])):
        if leaf["value"] is not None:
            found[f"{name}value"] = f"{leaf['value']:.2f}"
            found[f"{name}interval"] = (
                f"[{leaf['low']:.2f}, {leaf['high']:.2f}]" if leaf["low"] is not None else ""
            )
    if ordinal and mode == Mode.REF and main["value"] is not None and main["low"] is not None:
        low, high = figures.PAPER_BAND
        found["band"] = "below" if main["high"] < low else "above" if main["low"] > high else "overlaps"
    return found


def strip(result: dict[str, Any], *, banded: bool) -> dict[str, Any]:
    against, people = result["judge_human"], result["human_human"]
    names = STRIP if "pearson" in against else NOMINAL_STRIP
    lines = [
        {
            "label": statistic(name),
            "estimate": against[name],
            "kind": "judge",
            "banded": name in figures.BANDED,
        }
        for name in names
    ]
    others = PEOPLE if "ceiling" in people else ("krippendorff_alpha_nominal", "exact")
    lines += [{"label": statistic(name), "estimate": people[name], "kind": "people"} for name in others]
    return figures.strip(lines, band=banded)


def estimates(what: Chosen, result: dict[str, Any]) -> list[dict[str, Any]]:
    """The table beside the strip: blocks of (name, estimate)."""
    behind = {"judge_human": what.url(ROWS, both=1), "judge_judge": what.url(ROWS, flipped=1)}
    return [
        {
            "title": block(key),
            "url": behind.get(key, ""),
            "rows": [{"label": statistic(name), "estimate": leaf} for name, leaf in result[key].items()],
        }
        for key in BLOCKS
    ]


def rates(what: Chosen, parts: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """A row for each model or category: both rates from three sources, and the judge's three shares."""
    found = []
    for name, part in parts.items():
        row: dict[str, Any] = {
            "name": name,
            "url": what.url(ROWS, **{key: name}),
            "shares": figures.shares(part["violation"]["judge"], part["acceptable"]["judge"]),
            "judge_human": part["judge_human"],
            "agreement": part["judge_human"].get("spearman") or part["judge_human"].get("cohen_kappa"),
            "bias": part["judge_human"].get("bias"),
        }
        for rate in ("violation", "acceptable"):
            row[rate] = [_source(source, part[rate][source]) for source in SOURCES]
        row["posterior"] = row["violation"][2]
        found.append(row)
    if key == "category":
        found.sort(key=lambda row: -(row["posterior"]["estimate"]["value"] or 0.0))
    return found


def _named(what: Chosen, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of categories with the display names of their steps; the study itself keeps the exact labels."""
    paths = ["\t".join(row["name"].split(" > ")) for row in rows]
    for row, steps in zip(rows, named_steps(what.task.dataset, paths), strict=True):
        row["steps"] = steps
    return rows


def _source(name: str, leaf: dict[str, Any]) -> dict[str, Any]:
    percent = {
        **leaf,
        **{k: None if leaf[k] is None else 100 * leaf[k] for k in ("value", "low", "high")},
    }
    return {
        "name": name,
        "label": rate_source(name),
        "estimate": leaf,
        "percent": percent,
        "bar": figures.interval(leaf),
    }


def heat(what: Chosen, data: StudyData, rows: list[tables.ResponseRow]) -> dict[str, Any]:
    """The table of verdicts against ratings, each cell with the address of its responses."""
    found = tables.agreement(data, rows)
    cut = data.rubric.violation_at_most

    def number(score: Score) -> float:
        return float(score)

    for line in found["lines"]:
        for cell in line["cells"]:
            cell["percent"] = 100 * cell["share"]
            cell["url"] = what.url(ROWS, judge_score=cell["judge"], human_score=cell["human"])
            cell["same"] = cell["judge"] == cell["human"]
            cell["missed"] = (
                cut is not None
                and data.rubric.kind == "ordinal"
                and number(cell["human"]) <= cut < number(cell["judge"])
            )
    return found


def noise(what: Chosen, result: dict[str, Any]) -> list[dict[str, Any]]:
    """Why the two may differ: people among themselves, the judge with itself, and the ceiling both set."""
    people, judge = result["human_human"], result["judge_judge"]
    rows = [
        {"who": "people", "label": statistic(name), "estimate": people[name]}
        for name in NOISE
        if name in people
    ]
    rows += [
        {
            "who": "judge",
            "label": statistic(name),
            "estimate": leaf,
            "url": what.url(ROWS, flipped=1) if name == "flip_rate" else "",
        }
        for name, leaf in judge.items()
    ]
    return rows


def alternative(result: dict[str, Any]) -> dict[str, Any]:
    test = result["alt_test"]
    state = {"pass": "pass", "fail": "block", "under_powered": "warn"}[test["verdict"]]
    return {**test, "state": state}


def excluded(what: Chosen, result: dict[str, Any]) -> list[dict[str, Any]]:
    """Every name with its counts; those that happened link to their responses."""
    return [
        {
            "name": name,
            "label": failure_name(name),
            **counts,
            "url": what.url(ROWS, failure=name)
            if counts["responses"] and name not in ("no_majority", "unmatched")
            else "",
        }
        for name, counts in result["excluded"].items()
    ]


def table(result: dict[str, Any]) -> list[list[Any]]:
    """Every estimate of the study as rows of a file: part, name, statistic, source and the five numbers."""
    found: list[list[Any]] = []

    def walk(path: list[str], part: Any) -> None:
        if isinstance(part, dict) and "n_clusters" in part:
            numbers = [part[key] for key in ("value", "low", "high", "n", "n_clusters")]
            found.append([*path[:1], " / ".join(path[1:-1]), path[-1], *numbers, part.get("note", "")])
        elif isinstance(part, dict):
            for key, inner in part.items():
                walk([*path, key], inner)

    for key in (*BLOCKS, "violation", "acceptable", "alt_test", "by_model", "by_category"):
        walk([key], result[key])
    return found
