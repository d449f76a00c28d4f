"""What the quality page shows of a task's ratings: blocks of figure and table, read from the result of `quality`."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.models import Assignment
from annotation.quality import UNNAMED
from curation import drawing, figures
from curation.figures import Figure, Guide, Row, Series
from curation.reading import (
    EMPTY,
    Block,
    Cell,
    Column,
    Leaf,
    Reading,
    Table,
    estimate,
    interval,
    named,
    number,
    of_people,
    pointer,
    text,
)
from curation.retold import retold

SEVERE = 0.3  # points; as on the page of a study
SHOWN = ("pearson_pairs", "icc_1", "exact")
SHOWN_NOMINAL = ("exact", "fleiss_kappa")


class AxisReading:
    """One axis of a task's quality: `cell`, `mark` and the like look below it, `rows` knows it."""

    def __init__(self, reading: Reading, axis: str) -> None:
        self.reading, self.axis = reading, axis
        self.result: dict[str, Any] = reading.result["axes"][axis]
        self.ordinal = self.result["kind"] == "ordinal"
        self.alpha = f"krippendorff_alpha_{self.result['kind']}"

    def cell(self, *path: str | int, **given: Any) -> Cell:
        return self.reading.cell("axes", self.axis, *path, **given)

    def plain(self, *path: str | int, **given: Any) -> Cell:
        return self.reading.plain("axes", self.axis, *path, **given)

    def mark(self, *path: str | int, **given: Any) -> tuple[figures.Mark, ...]:
        return self.reading.mark("axes", self.axis, *path, **given)

    def rows(self, **wanted: Any) -> str:
        return self.reading.rows(axis=self.axis, **wanted)


def finding(of: AxisReading) -> dict[str, Any]:
    """The headline: alpha with its interval, and what it rests on."""
    leaf = of.result["human_human"][of.alpha]
    known = leaf["value"] is not None
    return {
        "known": known,
        "value": number(leaf["value"]) if known else "",
        "interval": interval(leaf),
        "n": leaf["n"],
        "questions": leaf["n_clusters"],
        "cell": of.cell("human_human", of.alpha).html,
    }


def agreement(of: AxisReading) -> Block:
    """Everything the human block has, on the whole axis."""
    words, rows, lines = of_people(), [], []
    url = of.rows(shared=1)
    for name in of.result["human_human"]:
        marks = of.mark("human_human", name, label=words[name], series="people")
        rows.append(Row(label=words[name], marks=marks, url=url, why_not=_("not estimable")))
        lines.append((text(words[name]), of.cell("human_human", name, url=url)))
    figure = Figure(
        name="agreement",
        kind="dots",
        title=_("How far raters agree"),
        axis=_("Agreement"),
        caption=_("95 % intervals over questions"),
        rows=tuple(rows),
        series={"people": Series(_("Raters"), "ai")},
        domain=figures.domain_of(tuple(rows), 0.0, 1.0, 0.2),
        guides=(),
    )
    table = Table((Column(_("Statistic")), Column(_("Estimate"), estimate=True)), tuple(lines))
    return Block(name="agreement", title=figure.title, table=table, figure=figure)


def parts(of: AxisReading, kind: str, title: str, head: str) -> Block | None:
    """Alpha of each category, model or arm; the table has more."""
    found: dict[str, Any] = of.result[f"by_{kind}"]
    if not found:
        return None
    words, rows, lines = of_people(), [], []
    columns = (of.alpha, *(SHOWN if of.ordinal else SHOWN_NOMINAL))
    for name in found:
        said = of.reading.named(name) if kind == "category" else _arm(name) if kind == "arm" else name
        url = of.rows(**{kind: name, "shared": 1})
        marks = of.mark(f"by_{kind}", name, of.alpha, label=said, series="people")
        label = said.rsplit(" › ", 1)[-1]
        rows.append(Row(label=label, marks=marks, url=url, why_not=_("not estimable")))
        cells = (of.cell(f"by_{kind}", name, key, url=url) for key in columns)
        lines.append((named(said, url), *cells))
    figure = Figure(
        name=f"by_{kind}",
        kind="dots",
        title=title,
        axis=words[of.alpha],
        caption=_("95 % intervals over questions"),
        rows=tuple(rows),
        series={"people": Series(_("Raters"), "ai")},
        domain=figures.domain_of(tuple(rows), 0.0, 1.0, 0.2),
    )
    heads = (Column(head), *(Column(words[key], estimate=True) for key in columns))
    return Block(name=f"by_{kind}", title=title, table=Table(heads, tuple(lines)), figure=figure)


def _arm(name: str) -> str:
    return _("With the reference answer") if name == "with" else _("Without the reference answer")


def against_the_rest(of: AxisReading) -> Block:
    """Each rater against the others who rated the same responses."""
    first = "severity" if of.ordinal else "same_as_rest"
    rows, lines = [], []
    for name in of.result["raters"]:
        url = of.rows(rater=name, shared=1)
        value = of.result["raters"][name][first]["value"]
        severe = of.ordinal and value is not None and abs(value) > SEVERE
        series = "severe" if severe else "rater"
        marks = of.mark("raters", name, first, label=name, series=series, percent=not of.ordinal)
        rows.append(Row(label=name, marks=marks, url=url, why_not=_("not estimable")))
        cells = [of.cell("raters", name, "same_as_rest", percent=True, digits=0, url=url)]
        if of.ordinal:
            cells = [
                of.cell("raters", name, "severity", url=url),
                of.cell("raters", name, "with_the_rest", url=url),
                *cells,
            ]
        lines.append((text(name, url), *cells, of.plain("raters", name, "ratings", url=of.rows(rater=name))))
    columns = [Column(_("Rater"))]
    if of.ordinal:
        columns += [
            Column(_("Own score minus the others'"), estimate=True),
            Column(_("Pearson r with the others"), estimate=True),
        ]
    columns += [Column(_("Same point as the others"), estimate=True), Column(_("Ratings"), number=True)]
    figure = _rest_figure(of, tuple(rows))
    return Block(name="raters", title=figure.title, table=Table(tuple(columns), tuple(lines)), figure=figure)


def _rest_figure(of: AxisReading, rows: tuple[Row, ...]) -> Figure:
    if not of.ordinal:
        return Figure(
            name="raters",
            kind="dots",
            title=_("Each rater against the rest"),
            axis=_("Same point as the others, %"),
            caption=_("Mean over shared responses, 95 % intervals over questions"),
            rows=rows,
            series={"rater": Series(_("Rater"), "ink-soft")},
            percent=True,
        )
    return Figure(
        name="raters",
        kind="dots",
        title=_("Each rater against the rest"),
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


def over_time(of: AxisReading) -> tuple[list[tuple[str, SafeString]], Block]:
    """(rater, small figure, whose texts `drawing` escapes) of each rater with an estimate in any stretch, and the table of all stretches."""
    key = "severity" if of.ordinal else "same_as_rest"
    moving: dict[str, list[dict[str, Any]]] = of.result["over_time"]
    most = _farthest(moving, key)
    longest = max((len(part) for part in moving.values()), default=1)
    pictures, lines = [], []
    for rater, part in moving.items():
        found: list[figures.Mark] = []
        for at, one in enumerate(part):
            path = ("over_time", rater, at)
            url = of.rows(rater=rater, stretch=at + 1)
            label = f"{rater} {one['first'][:10]}"
            found += of.mark(*path, key, label=label, series="rater", percent=not of.ordinal, x=float(at + 1))
            cells = [of.cell(*path, "same_as_rest", percent=True, digits=0, url=url)]
            if of.ordinal:
                cells.insert(0, of.cell(*path, "severity", url=url))
            seconds = of.plain(*path, "median_seconds", digits=1)
            name = text(f"{rater}, {at + 1}", url)
            lines.append(
                (name, text(one["first"][:10]), *cells, seconds, of.plain(*path, "ratings", url=url))
            )
        if found:
            pictures.append((rater, _small(rater, tuple(found), longest, most, ordinal=of.ordinal)))
    columns = [Column(_("Rater, stretch")), Column(_("From"))]
    if of.ordinal:
        columns.append(Column(_("Own score minus the others'"), estimate=True))
    columns += [
        Column(_("Same point as the others"), estimate=True),
        Column(_("Median seconds"), number=True),
        Column(_("Ratings"), number=True),
    ]
    title = ngettext("Every %(n)d rating", "Every %(n)d ratings", of.result["stretch"]) % {
        "n": of.result["stretch"]
    }
    return pictures, Block(name="over_time", title=title, table=Table(tuple(columns), tuple(lines)))


def _farthest(moving: dict[str, list[dict[str, Any]]], key: str) -> float:
    """How far from zero the pictures reach, all alike: 1 at least."""
    parts = [one[key] for part in moving.values() for one in part]
    ends = [abs(one[end]) for one in parts for end in ("low", "high", "value") if one[end] is not None]
    return max([1.0, *ends])


def _small(
    rater: str, marks: tuple[figures.Mark, ...], longest: int, most: float, *, ordinal: bool
) -> SafeString:
    figure = Figure(
        name="over_time",
        kind="line",
        title=_("%(rater)s over time") % {"rater": rater},
        axis="",
        rows=(Row(label=rater, marks=marks),),
        series={"rater": Series(rater, "ai")},
        domain=(1.0, float(max(2, longest))),
        domain_y=(-most, most) if ordinal else (0.0, 1.0),
        guides=(Guide(0.0, ""),) if ordinal else (),
    )
    return drawing.small(figure)


def matrix(of: AxisReading) -> dict[str, Any]:
    """Who disagrees with whom: a row and a column for each rater; a cell has the share that differs and its address.

    `why_not` says, once for each reason, why some cells have no share.
    """
    pairs = of.result["pairs"]
    raters = sorted({name for pair in pairs for name in (pair["a"], pair["b"])})
    found = {(pair["a"], pair["b"]): (at, pair) for at, pair in enumerate(pairs)}
    lines = []
    for row in raters:
        cells: list[dict[str, Any] | None] = []
        for column in raters:
            hit = found.get((row, column)) or found.get((column, row))
            cells.append(_disagreement(of, row, column, *hit) if hit else None)
        lines.append({"rater": row, "cells": cells})
    missing = {pair["differ_share"]["note"] for pair in pairs if pair["differ_share"]["value"] is None}
    return {"raters": raters, "lines": lines, "why_not": [retold(note) for note in sorted(missing)]}


def _disagreement(of: AxisReading, row: str, column: str, at: int, pair: dict[str, Any]) -> dict[str, Any]:
    """The cell of two raters. Below the diagonal the difference is turned round, so that it is no longer the result's."""
    share, difference = pair["differ_share"], pair["mean_difference"]
    path = ("axes", of.axis, "pairs", at)
    known = share["value"] is not None
    shown = SafeString("")
    if known and difference is not None and row == pair["a"]:
        shown = estimate(difference, pointer((*path, "mean_difference")))
    elif known and difference is not None:
        shown = estimate(turned(difference), "")
    return {
        "url": of.rows(rater=row, other=column, differ=1),
        "share": estimate(share, pointer((*path, "differ_share")), digits=0, percent=True)
        if known
        else EMPTY,
        "shade": min(10, round(20 * share["value"])) if known else 0,
        "differ": of.plain("pairs", at, "differ").html,
        "shared": of.plain("pairs", at, "shared").html,
        "difference": shown,
    }


def turned(leaf: Leaf) -> Leaf:
    """The estimate of b less a from that of a less b."""
    low, high = leaf["low"], leaf["high"]
    ends = {"low": None, "high": None} if low is None else {"low": -high, "high": -low}
    return leaf | {"value": -leaf["value"]} | ends


def people(reading: Reading) -> Block:
    """Silent checks, pace, undecided and skipped, a line for each rater."""
    result = reading.result
    names = sorted({*result["cannot_decide"], *result["gold"], *result["pace"]["raters"], *result["skips"]})
    lines = [_person(reading, name) for name in names]
    columns = (
        Column(_("Rater")),
        Column(_("Silent checks right"), estimate=True),
        Column(_("Median seconds"), number=True),
        Column(_("Below the floor"), estimate=True),
        Column(_("Far quicker"), number=True),
        Column(_("Far slower"), number=True),
        Column(_("Cannot decide"), number=True),
        Column(_("Skipped"), number=True),
    )
    return Block(name="people", title=_("Checks, pace, undecided"), table=Table(columns, tuple(lines)))


def _person(reading: Reading, name: str) -> tuple[Cell, ...]:
    def counted(*path: str, **wanted: Any) -> Cell:
        """A number, linked where there is anything behind it."""
        return reading.plain(*path, url=reading.rows(rater=name, **wanted) if reading.at(*path) else "")

    pace = ("pace", "raters", name)
    return (
        text(name, reading.rows(rater=name)),
        reading.cell("gold", name, "accuracy", percent=True, digits=0, url=reading.rows(rater=name, gold=1)),
        reading.plain(*pace, "median_seconds", digits=1),
        reading.cell(
            *pace, "below_floor_share", percent=True, digits=0, url=reading.rows(rater=name, below_floor=1)
        ),
        counted(*pace, "quick", quick=1),
        counted(*pace, "slow", slow=1),
        counted("cannot_decide", name, undecided=1),
        _skipped(reading, name),
    )


def _skipped(reading: Reading, name: str) -> Cell:
    codes: dict[str, int] = reading.at("skips", name) or {}
    if not codes:
        return Cell(EMPTY, (0,))
    words = ", ".join(f"{skip_word(code)} {n}" for code, n in codes.items())
    total = sum(codes.values())
    url = reading.rows(rater=name, skipped=1)
    return Cell(format_html('<a href="{}">{}</a> <small>{}</small>', url, total, words), (total,))


def skip_word(code: str) -> str:
    known = code in Assignment.SkipReason.values
    return str(Assignment.SkipReason(code).label) if known else _("no reason") if code == UNNAMED else code
