"""The server's SVG of a figure: what stands on the page before a script runs, and in the report. Pure.

Colours are classes and CSS variables, so that the page's theme (or the report's own style) decides them. Every text
of a figure is escaped where it is written, so that what is drawn is safe in a page.
"""

from __future__ import annotations

from html import escape

from django.utils.safestring import SafeString

from curation.figures import LIGHT_WORDS, Figure, Mark, Row, shade

WIDTH = 640
LEFT, RIGHT, TOP = 196.0, 622.0, 18.0
LETTERS = 26  # of a label that fits left of the plot


def svg(figure: Figure) -> SafeString:
    """The figure as an `<svg>` element; its title is its name for those who do not see it."""
    draw = _line if figure.kind == "line" else _rows
    return _chart(figure, WIDTH, round(TOP + figure.height + 44), "".join(draw(figure)))


def _chart(figure: Figure, width: int, height: int, inner: str) -> SafeString:
    box, title = f"0 0 {width} {height}", escape(figure.title)
    return SafeString(f'<svg class="chart" viewBox="{box}" role="img" aria-label="{title}">{inner}</svg>')


# What a drawing looks like by itself, outside a page: the light colours of tokens.css and the shapes of figures.css.
STYLE = (
    "svg{--ai:#3b4a8f;--series-1:#0072b2;--series-2:#d55e00;--series-3:#009e73;background:#fff}"
    "text{font:400 13px sans-serif;fill:#5b564d}.chart__tick,.chart__axis{font-size:12px}"
    ".chart__grid{stroke:#ddd8cd}.chart__guide,.chart__whisker{stroke:#5b564d;stroke-width:1.5}"
)


def standing(figure: Figure) -> str:
    """The figure as a file of its own."""
    drawn = svg(figure)
    opening, rest = drawn.split(">", 1)
    named = opening.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    return f"{named}><style>{STYLE}</style>{rest}\n"


SMALL_WIDTH, SMALL_HEIGHT, SMALL_EDGE = 240, 88, 10.0


def small(figure: Figure) -> SafeString:
    """A line figure as one of many beside each other: its points with intervals and guides, no words but tips."""

    def x(value: float) -> float:
        return _place(value, figure.domain, SMALL_EDGE, SMALL_WIDTH - SMALL_EDGE)

    def y(value: float) -> float:
        return _place(value, figure.domain_y, SMALL_HEIGHT - SMALL_EDGE, SMALL_EDGE)

    inner = ""
    for guide in figure.guides:
        dashed = " chart__guide--dashed" if guide.dashed else ""
        inner += f'<line class="chart__guide{dashed}" x1="0" x2="{SMALL_WIDTH}" y1="{y(guide.value):g}" y2="{y(guide.value):g}"/>'
    marks = [mark for row in figure.rows for mark in row.marks if isinstance(mark.x, int | float)]
    path = " ".join(f"{x(float(mark.x or 0)):g},{y(mark.value):g}" for mark in marks)
    inner += f'<polyline class="chart__line" points="{path}"/>'
    for mark in marks:
        at = x(float(mark.x or 0))
        if mark.low is not None and mark.high is not None:
            inner += f'<line class="chart__whisker" x1="{at:g}" x2="{at:g}" y1="{y(mark.low):g}" y2="{y(mark.high):g}"/>'
        dot = f'<circle cx="{at:g}" cy="{y(mark.value):g}" r="3.5" fill="{_colour(figure, mark)}"/>'
        inner += f"<g>{_tip(mark)}{dot}</g>"
    return _chart(figure, SMALL_WIDTH, SMALL_HEIGHT, inner)


def _place(value: float, domain: tuple[float, float], first: float, last: float) -> float:
    low, high = domain
    inside = max(low, min(high, value))
    return round(first + (inside - low) / ((high - low) or 1.0) * (last - first), 1)


def ticks(domain: tuple[float, float]) -> list[float]:
    """Four to eight round numbers over the domain."""
    span = domain[1] - domain[0]
    step = next(
        (s for s in (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1, 2, 5, 10, 20, 50) if span / s <= 6), span
    )
    first = int(domain[0] / step) - 1
    found = [round((first + n) * step, 10) for n in range(12)]
    return [value for value in found if domain[0] - 1e-9 <= value <= domain[1] + 1e-9]


def said(value: float, *, percent: bool) -> str:
    """A number of an axis."""
    return f"{100 * value:g}" if percent else f"{value:g}"


def _text(x: float, y: float, words: str, *, kind: str = "", anchor: str = "start") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(words)}</text>'


def _rows(figure: Figure) -> list[str]:
    """Dots and bars: labels on the left, one axis below."""
    bottom = TOP + figure.height
    found = _axis(figure, bottom)
    if figure.band:
        found += _band(figure)
    if figure.kind == "heat":
        return found + _cells(figure)
    for guide in figure.guides:
        x = _place(guide.value, figure.domain, LEFT, RIGHT)
        dashed = " chart__guide--dashed" if guide.dashed else ""
        found.append(
            f'<line class="chart__guide{dashed}" x1="{x:g}" x2="{x:g}" y1="{TOP - 4:g}" y2="{bottom:g}"/>'
        )
    for at, row in enumerate(figure.rows):
        middle = TOP + (at + 0.5) * figure.row_height
        found.append(_label(row, middle))
        first = middle - (len(row.marks) - 1) * 0.5 * 15
        draw = _bar if figure.kind == "bars" else _dot
        found += [
            draw(figure, mark, middle if figure.kind == "bars" else first + 15 * n)
            for n, mark in enumerate(row.marks)
        ]
        if not row.marks and row.why_not:
            found.append(_text(LEFT, middle + 4.5, row.why_not, kind="chart__none"))
    return found


def _label(row: Row, y: float) -> str:
    short = row.label if len(row.label) <= LETTERS else f"{row.label[: LETTERS - 1]}…"
    return _text(LEFT - 12, y + 4.5, short, anchor="end")


def _axis(figure: Figure, bottom: float) -> list[str]:
    found = []
    if figure.kind != "heat":
        for tick in figure.ticks or ticks(figure.domain):
            x = _place(tick, figure.domain, LEFT, RIGHT)
            found.append(
                f'<line class="chart__grid" x1="{x:g}" x2="{x:g}" y1="{TOP - 4:g}" y2="{bottom:g}"/>'
            )
            found.append(
                _text(x, bottom + 16, said(tick, percent=figure.percent), kind="chart__tick", anchor="middle")
            )
    found.append(_text((LEFT + RIGHT) / 2, bottom + 36, figure.axis, kind="chart__axis", anchor="middle"))
    return found


def _band(figure: Figure) -> list[str]:
    assert figure.band is not None
    low = _place(figure.band[0], figure.domain, LEFT, RIGHT)
    high = _place(figure.band[1], figure.domain, LEFT, RIGHT)
    found = []
    for at, row in enumerate(figure.rows):
        if row.banded:
            y = TOP + at * figure.row_height
            found.append(
                f'<rect class="chart__band" x="{low:g}" y="{y:g}" width="{high - low:g}" height="{figure.row_height}"/>'
            )
    return found


def _colour(figure: Figure, mark: Mark) -> str:
    known = figure.series.get(mark.series)
    return f"var(--{known.colour})" if known else "var(--ai)"


def _tip(mark: Mark) -> str:
    return f"<title>{escape(mark.tip)}</title>" if mark.tip else ""


def _dot(figure: Figure, mark: Mark, y: float) -> str:
    colour, found = _colour(figure, mark), ""
    faint = ' opacity=".55"' if mark.faint else ""
    if mark.low is not None and mark.high is not None:
        low = _place(mark.low, figure.domain, LEFT, RIGHT)
        width = max(1.0, _place(mark.high, figure.domain, LEFT, RIGHT) - low)
        found += f'<rect x="{low:g}" y="{y - 3.5:g}" width="{width:g}" height="7" rx="3.5" fill="{colour}" opacity=".32"/>'
    if mark.bounds:
        least, most = (_place(end, figure.domain, LEFT, RIGHT) for end in mark.bounds)
        found += (
            f'<line x1="{least:g}" x2="{most:g}" y1="{y:g}" y2="{y:g}" stroke="{colour}" stroke-width="1.5"/>'
        )
    x = _place(mark.value, figure.domain, LEFT, RIGHT)
    shape = figure.series[mark.series].shape if mark.series in figure.series else "circle"
    found += _shape(shape, x, y, colour)
    return f"<g{faint}>{_tip(mark)}{found}</g>"


def _shape(shape: str, x: float, y: float, colour: str) -> str:
    if shape == "square":
        return f'<rect x="{x - 4.5:g}" y="{y - 4.5:g}" width="9" height="9" fill="{colour}"/>'
    if shape == "diamond":
        points = f"{x:g},{y - 6.5:g} {x + 6.5:g},{y:g} {x:g},{y + 6.5:g} {x - 6.5:g},{y:g}"
        return f'<polygon points="{points}" fill="{colour}"/>'
    return f'<circle cx="{x:g}" cy="{y:g}" r="5.5" fill="{colour}"/>'


def _bar(figure: Figure, mark: Mark, y: float) -> str:
    first, last = sorted(_place(end, figure.domain, LEFT, RIGHT) for end in (mark.start, mark.value))
    faint = ' opacity=".55"' if mark.faint else ""
    found = f'<rect x="{first:g}" y="{y - 8:g}" width="{max(1.0, last - first):g}" height="16" fill="{_colour(figure, mark)}"/>'
    if mark.low is not None and mark.high is not None:
        low, high = (_place(end, figure.domain, LEFT, RIGHT) for end in (mark.low, mark.high))
        found += f'<line class="chart__whisker" x1="{low:g}" x2="{high:g}" y1="{y:g}" y2="{y:g}"/>'
    return f"<g{faint}>{_tip(mark)}{found}</g>"


def _cells(figure: Figure) -> list[str]:
    """A heat map: a row for each row, a column for each x of its marks, the fuller the darker."""
    columns = [mark.x for mark in figure.rows[0].marks] if figure.rows else []
    width = (RIGHT - LEFT) / max(1, len(columns))
    fullest = max((mark.value for row in figure.rows for mark in row.marks), default=1.0) or 1.0
    found = []
    for at, row in enumerate(figure.rows):
        top = TOP + at * figure.row_height
        found.append(_label(row, top + figure.row_height / 2))
        for n, mark in enumerate(row.marks):
            x, filled = LEFT + n * width, shade(mark.value, fullest)
            found.append(
                f'<rect x="{x + 1:g}" y="{top + 1:g}" width="{width - 2:g}" height="{figure.row_height - 2}" rx="3" '
                f'fill="var(--ai-fill)" opacity="{filled:g}">{_tip(mark)}</rect>'
            )
            kind = "chart__full" if filled > LIGHT_WORDS else "chart__cell"
            words = f"{100 * mark.value:.1f}" if mark.value else "·"
            found.append(
                _text(x + width / 2, top + figure.row_height / 2 + 4.5, words, kind=kind, anchor="middle")
            )
    bottom = TOP + figure.height + 16
    found += [
        _text(LEFT + (n + 0.5) * width, bottom, str(column), kind="chart__tick", anchor="middle")
        for n, column in enumerate(columns)
    ]
    return found


def _line(figure: Figure) -> list[str]:
    """Points with intervals over a numeric axis, joined; with `diagonal` the line of equality."""
    left, bottom = 64.0, TOP + figure.height

    def x(value: float) -> float:
        return _place(value, figure.domain, left, RIGHT)

    def y(value: float) -> float:
        return _place(value, figure.domain_y, bottom, TOP)

    found = []
    for tick in ticks(figure.domain_y):
        found.append(
            f'<line class="chart__grid" x1="{left:g}" x2="{RIGHT:g}" y1="{y(tick):g}" y2="{y(tick):g}"/>'
        )
        found.append(
            _text(left - 8, y(tick) + 4, said(tick, percent=figure.percent), kind="chart__tick", anchor="end")
        )
    found += [
        _text(x(tick), bottom + 16, f"{tick:g}", kind="chart__tick", anchor="middle")
        for tick in figure.ticks or ticks(figure.domain)
    ]
    found.append(_text((left + RIGHT) / 2, bottom + 36, figure.axis, kind="chart__axis", anchor="middle"))
    found.append(_text(left, TOP - 6, figure.axis_y, kind="chart__axis"))
    if figure.diagonal:
        first, last = figure.domain
        found.append(
            f'<line class="chart__guide chart__guide--dashed" x1="{x(first):g}" y1="{y(first):g}" x2="{x(last):g}" y2="{y(last):g}"/>'
        )
    marks = [mark for row in figure.rows for mark in row.marks if isinstance(mark.x, int | float)]
    path = " ".join(f"{x(float(mark.x or 0)):g},{y(mark.value):g}" for mark in marks)
    found.append(f'<polyline class="chart__line" points="{path}"/>')
    for mark in marks:
        at = x(float(mark.x or 0))
        if mark.low is not None and mark.high is not None:
            found.append(
                f'<line class="chart__whisker" x1="{at:g}" x2="{at:g}" y1="{y(mark.low):g}" y2="{y(mark.high):g}"/>'
            )
        found.append(f"<g>{_tip(mark)}{_shape('circle', at, y(mark.value), _colour(figure, mark))}</g>")
    return found


def legend(figure: Figure) -> list[tuple[SafeString, str]]:
    """Keys and words of the series, the band and the guides, for a page that writes them beside the figure."""
    found = []
    used = {mark.series for row in figure.rows for mark in row.marks}
    shown = [(name, one) for name, one in figure.series.items() if name in used]
    if len(shown) > 1:
        for _name, one in shown:
            mark = _shape("square" if figure.kind == "bars" else one.shape, 8, 8, f"var(--{one.colour})")
            found.append((_key(mark), one.label))
    if figure.band:
        found.append((_key('<rect class="chart__band" x="1" y="2" width="14" height="12"/>'), figure.band[2]))
    for guide in figure.guides:
        dashed = " chart__guide--dashed" if guide.dashed else ""
        found.append(
            (_key(f'<line class="chart__guide{dashed}" x1="8" x2="8" y1="0" y2="16"/>'), guide.label)
        )
    return found


def _key(inner: str) -> SafeString:
    box = 'viewBox="0 0 16 16" width="16" height="16"'
    return SafeString(f'<svg class="chart key-mark" {box} aria-hidden="true">{inner}</svg>')
