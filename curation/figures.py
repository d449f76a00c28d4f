"""What a figure shows, as plain data: `drawing` makes the server's SVG of it, `judging.charts` the Vega-Lite specification. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

# The band that the paper gives for judge and people (arXiv 2506.02372), for a coefficient that it does not name.
PAPER_BAND = (0.66, 0.74)
BANDED = ("pearson", "spearman", "kendall_tau_b")
ROW = 30  # height of a row, in px
BETWEEN = 15  # of a row's second and third mark

Kind = Literal["dots", "bars", "line", "heat"]


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One value of a row with its interval; bars begin at `start`; points of a line and cells stand at `x`.

    `bounds` are what the value could be at worst, whatever the sample: a thin line.
    """

    value: float
    low: float | None = None
    high: float | None = None
    series: str = ""
    tip: str = ""
    start: float = 0.0
    x: float | str | None = None
    url: str = ""
    faint: bool = False
    bounds: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Row:
    """A label and its marks; `banded` rows lie on the figure's band, `why_not` stands where there is no mark."""

    label: str
    marks: tuple[Mark, ...] = ()
    url: str = ""
    banded: bool = False
    why_not: str = ""


@dataclass(frozen=True)
class Series:
    """How marks of one kind look: a token of tokens.css, a shape, and the words of the legend."""

    label: str
    colour: str
    shape: str = "circle"


@dataclass(frozen=True)
class Guide:
    """A line at a value of the axis, with its words."""

    value: float
    label: str
    dashed: bool = False


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure: its finding as a title, its axis with unit, what stands in the caption, and its marks by row."""

    name: str
    kind: Kind
    title: str
    axis: str
    caption: str = ""
    axis_y: str = ""
    rows: tuple[Row, ...] = ()
    series: dict[str, Series] = field(default_factory=dict)
    domain: tuple[float, float] = (0.0, 1.0)
    domain_y: tuple[float, float] = (0.0, 1.0)
    ticks: tuple[float, ...] = ()
    guides: tuple[Guide, ...] = ()
    band: tuple[float, float, str] | None = None
    percent: bool = False
    diagonal: bool = False
    row: int = ROW

    @property
    def drawn(self) -> bool:
        """Whether there is anything to draw."""
        return any(row.marks for row in self.rows)

    @property
    def abreast(self) -> int:
        """How many marks share the widest row."""
        if self.kind != "dots":
            return 1
        return max((len(row.marks) for row in self.rows), default=1) or 1

    @property
    def row_height(self) -> int:
        return self.row + (self.abreast - 1) * BETWEEN

    @property
    def height(self) -> int:
        """Of the plot without its axis, in px."""
        return 260 if self.kind == "line" else self.row_height * max(1, len(self.rows))


def shade(share: float, fullest: float) -> float:
    """How strongly a cell of a heat map is filled, 0.05 to 1: small shares stay apart from none, and no cell has a
    shade (0.6 to 0.78) on which neither dark nor light words could be read.
    """
    strength = (share / fullest) ** 0.6 if fullest else 0.0
    found = 0.05 + 1.1 * strength if strength < 0.5 else 0.78 + 0.44 * (strength - 0.5)
    return round(found, 3)


LIGHT_WORDS = 0.7  # of a shade, from which words on it are light


def domain_of(figure_rows: tuple[Row, ...], least: float, most: float, step: float) -> tuple[float, float]:
    """A domain in whole steps that holds `least` to `most` and every interval."""
    ends = [least, most]
    for row in figure_rows:
        for mark in row.marks:
            ends += [end for end in (mark.value, mark.low, mark.high) if end is not None]
    low, high = min(ends), max(ends)
    return -_steps_up(-low, step), _steps_up(high, step)


def _steps_up(value: float, step: float) -> float:
    whole = int(value / step)
    return round((whole + (1 if value > whole * step + 1e-9 else 0)) * step, 10)
