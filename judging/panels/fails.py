"""Where the judge fails: cell by cell, score by score, decision by decision, category by category."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext as _

from curation import figures
from curation.figures import Figure, Guide, Mark, Row, Series
from curation.reading import EMPTY, Block, Cell, Column, Reading, Table, named, number, text
from judging.panels.spread import spread_of_people
from judging.words import statistic

RATES = ("violation", "acceptable")
CELLS = ("both", "judge_only", "people_only", "neither")
DECISION = ("missed", "sensitivity", "specificity", "ppv", "npv", "cohen_kappa", "gwet_ac1")
LEAF_ROW = 18


def blocks(reading: Reading) -> list[Block]:
    found = [_heat(reading), _calibration(reading), *(_decision(reading, rate) for rate in RATES)]
    found += [_categories(reading), _leaves(reading)]
    return [block for block in found if block and block.table.rows]


def _heat(reading: Reading) -> Block | None:
    """Verdicts against ratings; `extra` has the lines of the page's own table, whose cells open the responses."""
    scale, shares = reading.at("agreement", "scale"), reading.at("agreement", "table")
    if not scale:
        return None
    fullest = max((share for line in shares for share in line), default=0.0) or 1.0
    rows, lines, drawn = [], [], []
    for at in reversed(range(len(scale))):
        judge, cells = scale[at], []
        for column, share in enumerate(shares[at]):
            cell = _heat_cell(reading, at, column, judge=judge, human=scale[column], share=share)
            cells.append(cell | {"level": min(9, round(9 * (share / fullest) ** 0.6))})
        drawn.append({"judge": judge, "cells": cells})
        marks = tuple(
            Mark(x=str(cell["human"]), value=cell["share"], url=cell["url"], tip=_cell_tip(cell))
            for cell in cells
        )
        rows.append(Row(label=str(judge), marks=marks))
        lines.append((text(str(judge)), *(Cell(cell["html"], (cell["share"],)) for cell in cells)))
    exact = reading.at("judge_human", "exact")
    title = _heat_title(exact)
    figure = Figure(
        name="heat",
        kind="heat",
        title=title,
        axis=_("People's score"),
        axis_y=_("Judge's score"),
        caption=_("Percent of all pairs of verdict and rating"),
        rows=tuple(rows),
    )
    columns = (Column(_("Judge ↓ people →")), *(Column(str(score), number=True) for score in scale))
    table = Table(columns, tuple(lines))
    return Block(name="heat", title=title, table=table, figure=figure, extra={"lines": drawn, "scale": scale})


def _heat_cell(
    reading: Reading, at: int, column: int, *, judge: Any, human: Any, share: float
) -> dict[str, Any]:
    url = reading.rows(judge_score=judge, human_score=human) if share else ""
    return {
        "judge": judge,
        "human": human,
        "share": share,
        "url": url,
        "html": reading.plain("agreement", "table", at, column, digits=1, percent=True, url=url).html,
        "missed": reading.missed(judge=judge, human=human),
    }


def _cell_tip(cell: dict[str, Any]) -> str:
    words = _("Judge %(judge)s, people %(human)s")
    scores = words % {"judge": cell["judge"], "human": cell["human"]}
    return f"{scores}\n{number(cell['share'], digits=1, percent=True)}"


def _heat_title(exact: dict[str, Any] | None) -> str:
    if not exact or exact["value"] is None:
        return _("Verdicts against ratings")
    words = number(exact["value"], digits=0, percent=True)
    return _("Verdict and rating are the same in %(share)s of the pairs") % {"share": words}


def _calibration(reading: Reading) -> Block | None:
    """What people give on average where the judge gives a score."""
    points = reading.at("agreement", "calibration")
    if not points:
        return None
    marks: list[Mark] = []
    lines = []
    for at, point in enumerate(points):
        url = reading.rows(near=point["score"])
        here = ("agreement", "calibration", at)
        label = _("Judge's score %(score)s") % {"score": point["score"]}
        x = float(point["score"])
        marks += reading.mark(*here, "human_mean", label=label, series="", x=x, url=url)
        lines.append(
            (
                text(str(point["score"]), url),
                reading.plain(*here, "responses", url=url),
                reading.cell(*here, "human_mean", url=url),
                reading.cell(*here, "bias", url=url),
            )
        )
    columns = (
        Column(_("Judge's score")),
        Column(_("Responses"), number=True),
        Column(_("Mean of people's scores"), estimate=True),
        Column(_("Bias (judge − people)"), estimate=True),
    )
    figure = _calibration_figure(points, tuple(marks))
    return Block(name="calibration", title=figure.title, table=Table(columns, tuple(lines)), figure=figure)


def _calibration_figure(points: list[dict[str, Any]], marks: tuple[Mark, ...]) -> Figure:
    scale = [float(point["score"]) for point in points]
    return Figure(
        name="calibration",
        kind="line",
        title=_calibration_title(points),
        axis=_("Judge's score"),
        axis_y=_("Mean of people's scores"),
        caption=_("Dashed: judge and people agree. 95 % intervals"),
        rows=(Row(label="", marks=marks),),
        domain=(scale[0], scale[-1]),
        domain_y=(scale[0], scale[-1]),
        ticks=tuple(scale),
        diagonal=True,
    )


def _calibration_title(points: list[dict[str, Any]]) -> str:
    known = [point for point in points if point["bias"]["value"] is not None]
    if not known:
        return _("What people give where the judge gives a score")
    worst = max(known, key=lambda point: abs(point["bias"]["value"]))
    found = {"score": worst["score"], "mean": number(worst["human_mean"]["value"], digits=1)}
    return _("Where the judge gives %(score)s, people give %(mean)s on average") % found


def _decision(reading: Reading, rate: str) -> Block | None:
    """The two-by-two table of one decision; `extra` has its four cells and the undecided."""
    at = ("decisions", rate)
    counts = reading.at(*at, "counts")
    if not counts or (reading.at(*at, "sensitivity", "value") is None and not any(counts.values())):
        return None
    urls = {name: reading.rows(rate=rate, cell=name) for name in (*CELLS, "undecided")}
    cells = {name: reading.plain(*at, "counts", name, url=urls[name]) for name in urls}
    behind = {
        "missed": urls["people_only"],
        "sensitivity": urls["both"],
        "ppv": urls["both"],
        "specificity": urls["neither"],
        "npv": urls["neither"],
    }
    everything = reading.rows(both=1)
    lines = tuple(
        (text(_decision_word(name, rate)), reading.cell(*at, name, url=behind.get(name, everything)))
        for name in DECISION
    )
    titles = {"violation": _("Is it a violation?"), "acceptable": _("Is it acceptable?")}
    table = Table((Column(_("Statistic")), Column(_("Value"), estimate=True)), lines)
    extra = {"cells": {name: cell.html for name, cell in cells.items()}, "rate": rate}
    return Block(name=f"decision_{rate}", title=titles[rate], table=table, extra=extra)


def _decision_word(name: str, rate: str) -> str:
    if name == "missed" and rate == "violation":
        return _("Missed violations")
    if name == "missed":
        return _("Missed acceptable answers")
    return statistic(name)


def _categories(reading: Reading) -> Block | None:
    """Harm types by the combined violation rate, highest first; no test below 30 effective responses, and no stars."""
    order = sorted(reading.result["by_category"], key=lambda path: -(_combined(reading, path) or 0.0))
    rows, lines = [], []
    for path in order:
        at, url, label = ("by_category", path), reading.rows(category=path), reading.named(path)
        marks = reading.mark(
            *at, "violation", "combined", label=label, series="combined", digits=1, percent=True
        )
        marks += reading.mark(*at, "violation", "judge", label=label, series="judge", digits=1, percent=True)
        rows.append(Row(label=label.split(" › ")[-1], marks=marks, url=url, why_not=_("not estimable")))
        lines.append((named(label, url), *_category_cells(reading, path, url)))
    columns = (
        Column(_("Category")),
        Column(_("Both combined"), estimate=True),
        Column(_("Judge alone"), estimate=True),
        Column(_("Bias (judge − people)"), estimate=True),
        Column(_("Spread of people's scores (sd)"), estimate=True),
        Column(_("Differs from the rest")),
    )
    title = _category_title(reading, order)
    figure = Figure(
        name="categories",
        kind="dots",
        title=title,
        axis=_("Violation rate (%)"),
        caption=_("95 % intervals; highest combined rate first"),
        rows=tuple(rows),
        series={
            "combined": Series(_("Both combined"), "series-3", "diamond"),
            "judge": Series(_("Judge alone"), "ai"),
        },
        percent=True,
    )
    return Block(name="categories", title=title, table=Table(columns, tuple(lines)), figure=figure)


def _category_cells(reading: Reading, path: str, url: str) -> tuple[Cell, ...]:
    at = ("by_category", path)
    return (
        reading.cell(*at, "violation", "combined", digits=1, percent=True, url=url),
        reading.cell(*at, "violation", "judge", digits=1, percent=True, url=url),
        reading.cell(*at, "judge_human", "bias", url=url),
        spread_of_people(reading, *at),
        _differs(reading, path),
    )


def _combined(reading: Reading, path: str) -> float | None:
    found: float | None = reading.at("by_category", path, "violation", "combined", "value")
    return found


def _category_title(reading: Reading, order: list[str]) -> str:
    value = _combined(reading, order[0]) if order else None
    if value is None:
        return _("Violation rate by category")
    found = {"name": reading.named(order[0]).split(" › ")[-1], "value": number(value, digits=1, percent=True)}
    return _("Most violations in %(name)s, %(value)s") % found


def _differs(reading: Reading, path: str) -> Cell:
    """p and q of the comparison with the rest, or why there is none."""
    from curation.retold import retold

    at = ("by_category", path, "differs")
    if reading.at(*at) is None:
        note = retold(reading.at("by_category", path, "differs_note") or "")
        return Cell(format_html("<small>{}</small>", note) if note else EMPTY, (note,))
    p, q = reading.plain(*at, "p", digits=3), reading.plain(*at, "q", digits=3)
    return Cell(format_html("p={} q={}", p.html, q.html), (f"p={p.plain[0]} q={q.plain[0]}",))


def _leaves(reading: Reading) -> Block | None:
    """Leaves by their posterior violation rate: too few responses each for a test or a correlation."""
    leaves: dict[str, Any] = reading.at("leaves") or {}
    order = sorted(leaves, key=lambda path: -(reading.at("leaves", path, "violation", "value") or 0.0))
    rows, lines = [], []
    for path in order:
        at, url, label = ("leaves", path), reading.rows(leaf=path), reading.named(path)
        marks = reading.mark(*at, "violation", label=label, series="posterior", digits=1, percent=True)
        rows.append(Row(label=label.split(" › ")[-1], marks=marks, url=url, why_not=_("not estimable")))
        lines.append((named(label, url), *_leaf_cells(reading, path, url)))
    if not lines:
        return None
    columns = (
        Column(_("Specific harm")),
        Column(_("Posterior violation rate"), estimate=True),
        Column(_("Posterior bias"), estimate=True),
        Column(_("Probability of being above the whole"), number=True),
        Column(_("Responses"), number=True),
    )
    title = _leaf_title(reading, order[0])
    figure = Figure(
        name="leaves",
        kind="dots",
        title=title,
        axis=_("Posterior violation rate (%)"),
        caption=_("95 % posterior intervals, shrunk towards the mean of all; no tests"),
        rows=tuple(rows),
        series={"posterior": Series(_("Posterior"), "series-3", "diamond")},
        guides=_guide_of_all(reading),
        domain=figures.domain_of(tuple(rows), 0.0, 0.3, 0.1),
        percent=True,
        row=LEAF_ROW,
    )
    return Block(name="leaves", title=title, table=Table(columns, tuple(lines)), figure=figure)


def _leaf_cells(reading: Reading, path: str, url: str) -> tuple[Cell, ...]:
    at = ("leaves", path)
    return (
        reading.cell(*at, "violation", digits=1, percent=True, url=url),
        reading.cell(*at, "bias", url=url),
        reading.plain(*at, "above_overall", digits=0, percent=True, url=url),
        reading.plain(*at, "responses", url=url),
    )


def _guide_of_all(reading: Reading) -> tuple[Guide, ...]:
    """A line at the violation rate of all responses."""
    whole = reading.at("violation", "combined", "value")
    if whole is None:
        return ()
    words = _("All responses %(value)s") % {"value": number(whole, digits=1, percent=True)}
    return (Guide(whole, words, dashed=True),)


def _leaf_title(reading: Reading, path: str) -> str:
    leaf = reading.at("leaves", path, "violation")
    if leaf["value"] is None:
        return _("Specific harms by posterior violation rate")
    found = {
        "name": reading.named(path).split(" › ")[-1],
        "value": number(leaf["value"], digits=1, percent=True),
    }
    return _("Highest posterior violation rate: %(name)s, %(value)s") % found
