"""What a study finds: the judge against people, statistic by statistic, beside the ceiling that people's noise sets."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from curation import figures
from curation.figures import Figure, Guide, Row, Series
from curation.reading import Block, Column, Leaf, Reading, Table, interval, number, text
from curation.stats.estimate import ENOUGH_QUESTIONS
from judging.models import Mode
from judging.words import statistic

STRIP = ("pearson", "spearman", "kendall_tau_b", "quadratic_weighted_kappa", "gwet_ac2")
NOMINAL_STRIP = ("cohen_kappa", "accuracy", "macro_f1")
PEOPLE = ("pearson_pairs", "spearman_pairs", "krippendorff_alpha_ordinal")
NOMINAL_PEOPLE = ("krippendorff_alpha_nominal", "exact", "fleiss_kappa")
BLOCKS = ("judge_human", "human_human", "judge_judge", "system_level")


def ordinal(reading: Reading) -> bool:
    return reading.at("judge_human", "pearson") is not None


def sentence(reading: Reading) -> dict[str, Any]:
    """The headline: the judge's Spearman (or kappa), people among themselves, and how it stands to the paper's band."""
    scaled = ordinal(reading)
    main = reading.at("judge_human", "spearman" if scaled else "cohen_kappa")
    people = reading.at("human_human", "spearman_pairs" if scaled else "krippendorff_alpha_nominal")
    found: dict[str, Any] = {"ordinal": scaled, "main": main, "people": people}
    for name, leaf in (("", main), ("people_", people)):
        if leaf["value"] is not None:
            found[f"{name}value"], found[f"{name}interval"] = number(leaf["value"]), interval(leaf)
    found["band"] = band(main) if scaled and reading.at("mode") == Mode.REF else ""
    found["counts"] = {name: reading.plain("counts", name).html for name in reading.result["counts"]}
    found["effective_n"] = reading.at("counts", "effective_responses")
    found["few_questions"] = ENOUGH_QUESTIONS if reading.at("few_questions") else None
    ceiling = reading.at("human_human", "ceiling")
    if ceiling and ceiling["value"]:
        found["ceiling"] = number(ceiling["value"])
    return found


def band(leaf: Leaf) -> str:
    """Where an interval lies against the paper's band: below, overlaps or above; "" without an interval."""
    if leaf["value"] is None or leaf["low"] is None:
        return ""
    low, high = figures.PAPER_BAND
    return "below" if leaf["high"] < low else "above" if leaf["low"] > high else "overlaps"


def blocks(reading: Reading) -> list[Block]:
    return [_strip(reading), *(_all(reading, key) for key in BLOCKS)]


def _strip(reading: Reading) -> Block:
    scaled, ref = ordinal(reading), reading.at("mode") == Mode.REF
    names = [("judge_human", name) for name in (STRIP if scaled else NOMINAL_STRIP)]
    names += [("human_human", name) for name in (PEOPLE if scaled else NOMINAL_PEOPLE)]
    rows, lines = [], []
    for part, name in names:
        label, judge = statistic(name), part == "judge_human"
        url = reading.rows(both=1) if judge else reading.rows(rated=1)
        marks = reading.mark(part, name, label=label, series="judge" if judge else "people")
        banded = judge and ref and name in figures.BANDED
        rows.append(Row(label=label, marks=marks, url=url, banded=banded, why_not=_("not estimable")))
        lines.append((text(label), reading.cell(part, name, url=url)))
    if scaled:
        lines.append(
            (text(statistic("ceiling")), reading.cell("human_human", "ceiling", url=reading.rows(rated=1)))
        )
    return Block(
        name="verdict",
        title=_title(reading, ref=ref and scaled),
        table=Table((Column(_("Statistic")), Column(_("Value"), estimate=True)), tuple(lines)),
        figure=_strip_figure(reading, tuple(rows), ref=ref and scaled),
    )


def _strip_figure(reading: Reading, rows: tuple[Row, ...], *, ref: bool) -> Figure:
    ceiling = reading.at("human_human", "ceiling")
    guides: tuple[Guide, ...] = ()
    if ceiling and ceiling["value"] is not None:
        words = _("Human ceiling %(value)s") % {"value": number(ceiling["value"])}
        guides = (Guide(ceiling["value"], words),)
    low, high = figures.PAPER_BAND
    return Figure(
        name="verdict",
        kind="dots",
        title=_title(reading, ref=ref),
        axis=_("Agreement, 1 is perfect"),
        caption=_counts(reading),
        rows=rows,
        series={
            "judge": Series(_("Judge and people"), "ai"),
            "people": Series(_("People among themselves"), "ink-soft", "square"),
        },
        domain=figures.domain_of(rows, 0.0, 1.0, 0.25),
        guides=guides,
        band=(low, high, _("The paper's 0.66–0.74; coefficient not established")) if ref else None,
    )


def _title(reading: Reading, *, ref: bool) -> str:
    main = reading.at("judge_human", "pearson") if ref else None
    told = {
        "below": _("Pearson r lies below the paper's band"),
        "overlaps": _("Pearson r overlaps the paper's band"),
        "above": _("Pearson r lies above the paper's band"),
        "": _("The verdict, statistic by statistic"),
    }
    return told[band(main) if main else ""]


def _counts(reading: Reading) -> str:
    leaf = next(iter(reading.result["judge_human"].values()))
    return _("n = %(n)s responses to %(questions)s questions, 95 %% intervals") % {
        "n": leaf["n"],
        "questions": leaf["n_clusters"],
    }


def _all(reading: Reading, key: str) -> Block:
    """Every estimate of one block, at three digits."""
    titles = {
        "judge_human": _("Judge and people"),
        "human_human": _("People among themselves"),
        "judge_judge": _("The judge with itself"),
        "system_level": _("Models as a whole"),
    }
    behind = {
        "judge_human": reading.rows(both=1),
        "human_human": reading.rows(rated=1),
        "judge_judge": reading.rows(flipped=1),
        "system_level": reading.rows(both=1),
    }
    lines = tuple(
        (text(statistic(name)), reading.cell(key, name, digits=3, url=behind[key]))
        for name in reading.result[key]
    )
    return Block(
        name=key,
        title=titles[key],
        table=Table((Column(_("Statistic")), Column(_("Value"), estimate=True)), lines),
    )
