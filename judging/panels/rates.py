"""What the study means for published rates: violation and acceptable by model, and how far each model is well judged."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext as _

from curation import figures
from curation.figures import Figure, Mark, Row, Series
from curation.reading import EMPTY, Block, Cell, Column, Reading, Table, number, text
from judging.panels.spread import spread_of_people
from judging.words import rate_source

SOURCES = ("human_majority", "judge", "combined")


def sources() -> dict[str, Series]:
    return {
        "human_majority": Series(rate_source("human_majority"), "ink-soft", "square"),
        "judge": Series(rate_source("judge"), "ai"),
        "combined": Series(rate_source("combined"), "series-3", "diamond"),
    }


def blocks(reading: Reading) -> list[Block]:
    found = [_rate(reading, "violation"), _rate(reading, "acceptable"), _shares(reading), _agreement(reading)]
    return [block for block in found if block.table.rows]


def _rate(reading: Reading, rate: str) -> Block:
    """Three intervals a row: people's majority, the judge with its unparsed calls as bounds, both combined."""
    names = sorted(reading.result["by_model"], key=lambda name: -(_value(reading, name, rate) or 0.0))
    rows, lines = [], []
    for name in [*names, None]:
        at = (rate,) if name is None else ("by_model", name, rate)
        url = reading.rows(model=name)
        label = _("All models") if name is None else name
        bounds = None if name is None else reading.at("by_model", name, "bounds")
        rows.append(
            Row(label=label, marks=_marks(reading, at, bounds, rate), url=url, why_not=_("not estimable"))
        )
        cells = [reading.cell(*at, source, digits=1, percent=True, url=url) for source in SOURCES]
        unparsed = EMPTY_CELL if name is None else _bounds(reading, name, rate)
        lines.append((text(label, url), *cells, unparsed))
    columns = (
        Column(_("Model")),
        *(Column(rate_source(source), estimate=True) for source in SOURCES),
        Column(_("Judge, unparsed calls at best and at worst")),
    )
    return Block(
        name=rate,
        title=_rate_title(reading, names, rate),
        table=Table(columns, tuple(lines)),
        figure=Figure(
            name=rate,
            kind="dots",
            title=_rate_title(reading, names, rate),
            axis=_("Violation rate (%)") if rate == "violation" else _("Acceptable rate (%)"),
            caption=_("95 % intervals; a thin line: unparsed calls at best and at worst"),
            rows=tuple(rows),
            series=sources(),
            percent=True,
        ),
    )


EMPTY_CELL = Cell(EMPTY)


def _value(reading: Reading, name: str, rate: str) -> float | None:
    leaf = reading.at("by_model", name, rate, "combined")
    return None if leaf is None else leaf["value"]


def _marks(
    reading: Reading, at: tuple[str, ...], bounds: dict[str, Any] | None, rate: str
) -> tuple[Mark, ...]:
    found: list[Mark] = []
    for source in SOURCES:
        given = {}
        if source == "judge" and bounds and bounds["unparsed"]:
            given["bounds"] = (bounds[rate]["low"], bounds[rate]["high"])
        found += reading.mark(
            *at, source, label=rate_source(source), series=source, digits=1, percent=True, **given
        )
    return tuple(found)


def _bounds(reading: Reading, name: str, rate: str) -> Cell:
    """The judge's rate if every unparsed call were the best, and the worst, score."""
    part = reading.at("by_model", name, "bounds")
    if not part:
        return EMPTY_CELL
    low = reading.plain("by_model", name, "bounds", rate, "low", digits=1, percent=True)
    high = reading.plain("by_model", name, "bounds", rate, "high", digits=1, percent=True)
    calls = reading.plain("by_model", name, "bounds", "unparsed", url=reading.rows(model=name, unparsed=1))
    shown = format_html("{} – {} <small>{}</small>", low.html, high.html, _unparsed(calls))
    return Cell(shown, (f"{low.plain[0]}–{high.plain[0]}",))


def _unparsed(calls: Cell) -> str:
    return format_html(_("unparsed calls: {}"), calls.html)


def _rate_title(reading: Reading, names: list[str], rate: str) -> str:
    value = _value(reading, names[0], rate) if names else None
    if value is None:
        return _("Violation rate by model") if rate == "violation" else _("Acceptable rate by model")
    message = (
        _("%(model)s has the highest violation rate, %(value)s")
        if rate == "violation"
        else _("%(model)s has the highest acceptable rate, %(value)s")
    )
    return message % {"model": names[0], "value": number(value, digits=1, percent=True)}


def _shares(reading: Reading) -> Block:
    """The judge's three shares of each model: they sum to 100 %."""
    series = {
        "violation": Series(_("Violation"), "rate-1"),
        "neither": Series(_("Neither"), "rate-3"),
        "acceptable": Series(_("Acceptable"), "rate-4"),
    }
    rows, lines = [], []
    for name in reading.result["by_model"]:
        url = reading.rows(model=name)
        if reading.at("by_model", name, "shares") is None:
            continue
        marks, start = [], 0.0
        for share, one in series.items():
            leaf = reading.at("by_model", name, "shares", share)
            if leaf["value"] is None:
                continue
            end = start + leaf["value"]
            tip = f"{name}\n{one.label} {number(leaf['value'], digits=1, percent=True)} n={leaf['n']}"
            marks.append(Mark(start=start, value=end, series=share, tip=tip, url=url))
            start = end
        rows.append(Row(label=name, marks=tuple(marks), url=url, why_not=_("not estimable")))
        at = ("by_model", name, "shares")
        cells = (reading.cell(*at, share, digits=1, percent=True, url=url) for share in series)
        lines.append((text(name, url), *cells))
    title = _("The judge's three shares of each model")
    columns = (Column(_("Model")), *(Column(one.label, estimate=True) for one in series.values()))
    figure = Figure(
        name="shares",
        kind="bars",
        title=title,
        axis=_("Share of verdicts (%)"),
        caption=_("The three shares sum to 100 %"),
        rows=tuple(rows),
        series=series,
        percent=True,
    )
    return Block(name="shares", title=title, table=Table(columns, tuple(lines)), figure=figure)


def _agreement(reading: Reading) -> Block:
    """Pearson by model, marked where people's scores are too much alike for a correlation to say much."""
    rows, lines, values = [], [], []
    by_model = reading.result["by_model"]
    main = "pearson" if reading.at("judge_human", "pearson") is not None else "cohen_kappa"
    for name in by_model:
        at, url = ("by_model", name), reading.rows(model=name, both=1)
        restricted = bool(reading.at(*at, "spread", "restricted"))
        marks = reading.mark(*at, "judge_human", main, label=name, series="judge", faint=restricted)
        values += [mark.value for mark in marks]
        marks += reading.mark(
            *at,
            "spread",
            "corrected_pearson",
            label=_("Corrected for the range"),
            series="corrected",
            faint=True,
        )
        label = f"{name} ◂" if restricted else name
        rows.append(Row(label=label, marks=marks, url=url, why_not=_("not estimable")))
        lines.append((text(name, url), *_agreement_cells(reading, name, main, url)))
    lines.append(_pooled(reading, main))
    title = _agreement_title(values)
    figure = Figure(
        name="agreement",
        kind="dots",
        title=title,
        axis="Pearson r" if main == "pearson" else "Cohen κ",
        caption=_("◂ range-restricted: people's scores vary little here, so a correlation is low by itself"),
        rows=tuple(rows),
        series={
            "judge": Series(_("Judge and people"), "ai"),
            "corrected": Series(_("Corrected for the range"), "ink-faint", "diamond"),
        },
        domain=figures.domain_of(tuple(rows), 0.0, 1.0, 0.25),
    )
    table = Table(_agreement_columns(main), tuple(lines))
    return Block(name="agreement", title=title, table=table, figure=figure)


def _agreement_columns(main: str) -> tuple[Column, ...]:
    if main != "pearson":
        return (Column(_("Model")), Column("Cohen κ", estimate=True))
    return (
        Column(_("Model")),
        Column("Pearson r", estimate=True),
        Column(_("Weighted κ (quadratic)"), estimate=True),
        Column(_("Bias (judge − people)"), estimate=True),
        Column(_("Spread of people's scores (sd)"), estimate=True),
        Column(_("Corrected for the range"), estimate=True),
    )


def _agreement_cells(reading: Reading, name: str, main: str, url: str) -> list[Cell]:
    at = ("by_model", name)
    cells = [reading.cell(*at, "judge_human", main, url=url)]
    if main == "pearson":
        cells += [
            reading.cell(*at, "judge_human", "quadratic_weighted_kappa", url=url),
            reading.cell(*at, "judge_human", "bias", url=url),
            spread_of_people(reading, *at),
            reading.cell(*at, "spread", "corrected_pearson", url=url),
        ]
    return cells


def _agreement_title(values: list[float]) -> str:
    if not values:
        return _("Agreement by model")
    found = {"low": number(min(values)), "high": number(max(values))}
    return _("Agreement by model runs from %(low)s to %(high)s") % found


def _pooled(reading: Reading, main: str) -> tuple[Cell, ...]:
    """All models: what the models' spreads are measured against."""
    url, first = reading.rows(both=1), next(iter(reading.result["by_model"]), "")
    cells = [reading.cell("judge_human", main, url=url)]
    if main == "pearson":
        cells += [reading.cell("judge_human", name, url=url) for name in ("quadratic_weighted_kappa", "bias")]
        cells += [reading.cell("by_model", first, "spread", "pooled_sd", url=url), EMPTY_CELL]
    return (text(_("All models"), url), *cells)
