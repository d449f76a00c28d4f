"""Why judge and people differ: noise on both sides, the reference, bias, severe raters, and whether it could replace one."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext as _

from curation import figures
from curation.figures import Figure, Guide, Mark, Row, Series
from curation.reading import Block, Cell, Column, Reading, Table, number, text
from judging.words import statistic

STEPS = ("observed", "corrected_for_judge", "latent")
RELIABILITY = (
    "judge_reliability_one",
    "judge_reliability_mean",
    "human_reliability_one",
    "human_reliability_mean",
)
SEVERE = 0.3  # points of the scale from which a rater is marked (shared by page and report)
COLUMNS = ("pearson", "spearman", "kendall_tau_b", "quadratic_weighted_kappa", "exact", "bias", "mae")


def blocks(reading: Reading) -> list[Block]:
    found = [_noise(reading), _modes(reading), _bias(reading), _raters(reading), _alternative(reading)]
    return [block for block in found if block and block.table.rows]


def value_columns(first: str) -> tuple[Column, ...]:
    return (Column(first), Column(_("Value"), estimate=True))


def noise_word(name: str) -> str:
    return {
        "observed": _("Observed Pearson r"),
        "corrected_for_judge": _("… without the judge's own noise"),
        "corrected_for_raters": _("… without the raters' noise"),
        "latent": _("… without either: latent r"),
        "judge_reliability_one": _("Reliability of one verdict"),
        "judge_reliability_mean": _("Reliability of the mean verdict"),
        "human_reliability_one": _("Reliability of one rating"),
        "human_reliability_mean": _("Reliability of the mean rating"),
    }[name]


def _noise(reading: Reading) -> Block | None:
    """From the observed correlation to the one without noise, step by step."""
    if not reading.at("noise"):
        return None
    url = reading.rows(both=1)
    names = (*STEPS[:2], "corrected_for_raters", STEPS[2], *RELIABILITY)
    lines = tuple((text(noise_word(name)), reading.cell("noise", name, url=url)) for name in names)
    rows = _noise_rows(reading, url)
    title = _noise_title(reading)
    figure = Figure(
        name="noise",
        kind="bars",
        title=title,
        axis="Pearson r",
        caption=_("Each step begins where the one above ends; lines: 95 % intervals"),
        rows=rows,
        series={
            "whole": Series(_("Pearson r"), "ai"),
            "step": Series(_("Share of the noise"), "series-3"),
        },
        domain=figures.domain_of(rows, 0.0, 1.0, 0.25),
    )
    return Block(name="noise", title=title, table=Table(value_columns(_("Step")), lines), figure=figure)


def _noise_rows(reading: Reading, url: str) -> tuple[Row, ...]:
    """Observed, what the judge's noise takes, what the raters' noise takes, latent."""
    labels = (_("Observed"), _("+ noise of the judge"), _("+ noise of the raters"), _("Latent"))
    values = [reading.at("noise", name, "value") for name in STEPS]
    found = []
    for at, name in enumerate(("observed", "judge", "raters", "latent")):
        if name in ("observed", "latent"):
            marks = reading.mark("noise", name, label=labels[at], series="whole")
        elif values[at - 1] is None or values[at] is None:
            marks = ()
        else:
            tip = f"{labels[at]}\n{number(values[at - 1])} → {number(values[at])}"
            marks = (Mark(start=values[at - 1], value=values[at], series="step", tip=tip),)
        found.append(Row(label=labels[at], marks=marks, url=url, why_not=_("not estimable")))
    return tuple(found)


def _noise_title(reading: Reading) -> str:
    observed, latent = reading.at("noise", "observed"), reading.at("noise", "latent")
    if observed["value"] is None or latent["value"] is None:
        return _("How much of the difference is noise")
    found = {"observed": number(observed["value"]), "latent": number(latent["value"])}
    return _("Observed r is %(observed)s; without noise on either side it would be %(latent)s") % found


def _modes(reading: Reading) -> Block | None:
    """With minus without the reference, on the responses that have both."""
    other = reading.at("other_mode")
    if not other:
        return None
    moved = reading.rows(moved=1)
    rows, lines = [], []
    for name in other["differences"]:
        at, label = ("other_mode", "differences", name), _difference_word(name)
        marks = reading.mark(*at, label=label, series="difference")
        rows.append(Row(label=label, marks=marks, url=moved, why_not=_("not estimable")))
        lines.append((text(label), reading.cell(*at, url=reading.rows(both=1))))
    title = _modes_title(reading)
    figure = Figure(
        name="modes",
        kind="dots",
        title=title,
        axis=_("With minus without reference"),
        caption=_("Paired differences on the responses judged in both modes, 95 % intervals"),
        rows=tuple(rows),
        series={"difference": Series(_("With minus without reference"), "ai")},
        domain=figures.domain_of(tuple(rows), -0.1, 0.1, 0.1),
        guides=(Guide(0.0, _("No difference")),),
    )
    extra = {
        "responses": reading.plain("other_mode", "responses").html,
        "moved": reading.plain("other_mode", "moved", url=moved).html,
    }
    table = Table(value_columns(_("Difference")), tuple(lines))
    return Block(name="modes", title=title, table=table, figure=figure, extra=extra)


def _difference_word(name: str) -> str:
    rates = {"violation": _("Violation rate of the judge"), "acceptable": _("Acceptable rate of the judge")}
    return rates.get(name) or statistic(name)


def _modes_title(reading: Reading) -> str:
    leaf = reading.at("other_mode", "differences", "spearman")
    if not leaf or leaf["value"] is None or leaf["low"] is None:
        return _("With and without the reference")
    if leaf["low"] > 0:
        return _("With the reference the judge agrees more with people")
    if leaf["high"] < 0:
        return _("With the reference the judge agrees less with people")
    return _("The reference makes no difference that this sample can show")


def _bias(reading: Reading) -> Block | None:
    """How much kinder than people the judge is, on the whole and to each model."""
    if reading.at("judge_human", "bias") is None:
        return None
    names = [None, *reading.result["by_model"]]
    rows, lines = [], []
    for name in names:
        at = ("judge_human",) if name is None else ("by_model", name, "judge_human")
        label, url = name or _("All models"), reading.rows(model=name, both=1)
        marks = reading.mark(*at, "bias", label=label, series="bias")
        rows.append(Row(label=label, marks=marks, url=url, why_not=_("not estimable")))
        lines.append(
            (text(label, url), reading.cell(*at, "bias", url=url), reading.cell(*at, "mae", url=url))
        )
    columns = (
        Column(_("Model")),
        Column(statistic("bias"), estimate=True),
        Column(statistic("mae"), estimate=True),
    )
    title = _bias_title(reading.at("judge_human", "bias"))
    figure = Figure(
        name="bias",
        kind="dots",
        title=title,
        axis=_("Bias in points of the scale (judge − people)"),
        caption=_("Right of zero: kinder than people. 95 % intervals"),
        rows=tuple(rows),
        series={"bias": Series(statistic("bias"), "ai")},
        domain=figures.domain_of(tuple(rows), -0.5, 0.5, 0.25),
        guides=(Guide(0.0, _("No bias")),),
    )
    return Block(name="bias", title=title, table=Table(columns, tuple(lines)), figure=figure)


def _bias_title(leaf: dict[str, Any]) -> str:
    if leaf["value"] is None or leaf["low"] is None:
        return _("Is the judge kinder or stricter than people?")
    points = {"points": number(abs(leaf["value"]))}
    if leaf["low"] > 0:
        return _("The judge is kinder than people by %(points)s points") % points
    if leaf["high"] < 0:
        return _("The judge is stricter than people by %(points)s points") % points
    return _("The judge is neither clearly kinder nor stricter than people")


def _raters(reading: Reading) -> Block | None:
    """Severity of each rater against the others who rated the same responses."""
    raters: dict[str, Any] = reading.at("raters") or {}
    rows, lines, worst = [], [], ("", 0.0)
    for name in raters:
        at, url = ("raters", name), reading.rows(rater=name)
        value = reading.at(*at, "severity", "value")
        severe = value is not None and abs(value) > SEVERE
        if value is not None and abs(value) > abs(worst[1]):
            worst = (name, value)
        marks = reading.mark(*at, "severity", label=name, series="severe" if severe else "rater")
        rows.append(Row(label=name, marks=marks, url=url, why_not=_("not estimable")))
        own = reading.plain(*at, "ratings", url=url)
        cells = (reading.cell(*at, "severity", url=url), reading.cell(*at, "with_the_rest", url=url))
        lines.append((_rater_name(name, url, severe=severe), *cells, own))
    if not lines:
        return None
    columns = (
        Column(_("Rater")),
        Column(_("Own score minus the others'"), estimate=True),
        Column(_("Pearson r with the others"), estimate=True),
        Column(_("Ratings"), number=True),
    )
    figure = _raters_figure(tuple(rows), _raters_title(*worst))
    return Block(name="raters", title=figure.title, table=Table(columns, tuple(lines)), figure=figure)


def _raters_figure(rows: tuple[Row, ...], title: str) -> Figure:
    return Figure(
        name="raters",
        kind="dots",
        title=title,
        axis=_("Own score minus the others', in points"),
        caption=_("Left of zero: stricter than the others. Dashed: 0.3 points. 95 % intervals"),
        rows=rows,
        series={
            "rater": Series(_("Rater"), "ink-soft"),
            "severe": Series(_("More than 0.3 points from the others"), "bad", "square"),
        },
        domain=figures.domain_of(rows, -0.5, 0.5, 0.25),
        guides=(
            Guide(0.0, _("Like the others")),
            Guide(-SEVERE, "−0.3", dashed=True),
            Guide(SEVERE, "+0.3", dashed=True),
        ),
    )


def _rater_name(name: str, url: str, *, severe: bool) -> Cell:
    named = text(name, url)
    if not severe:
        return named
    return Cell(
        format_html('{} <span class="badge badge--warn">{}</span>', named.html, _("over 0.3")), named.plain
    )


def _raters_title(name: str, value: float) -> str:
    if abs(value) <= SEVERE:
        return _("No rater departs from the others by more than 0.3 points")
    found = {"rater": name, "points": number(abs(value))}
    if value < 0:
        return _("%(rater)s is stricter than the others by %(points)s points") % found
    return _("%(rater)s is kinder than the others by %(points)s points") % found


def _alternative(reading: Reading) -> Block:
    """The alternative annotator test; `extra` has its state and what that means."""
    test = reading.result["alt_test"]
    lines = tuple(
        (text(statistic(name)), reading.cell("alt_test", name, url=reading.rows(both=1)))
        for name in ("winning_rate", "advantage_probability")
    )
    told = {
        "pass": ("pass", _("The judge may stand in for a rater")),
        "fail": ("block", _("The judge may not stand in for a rater")),
        "under_powered": ("warn", _("Too small a sample to say whether the judge may stand in for a rater")),
    }
    state, title = told[test["verdict"]]
    lines += ((text("ε"), reading.plain("alt_test", "epsilon", digits=2)),)
    extra = {"state": state, "verdict": test["verdict"]}
    return Block(name="alt_test", title=title, table=Table(value_columns(_("Statistic")), lines), extra=extra)
