"""Figures as Vega-Lite: one specification for the screen, for SVG and for PNG. Pure.

Written as plain dicts: importing altair takes 1.1 s of CPU and 45 MB, which no web process should pay for a dozen
small figures. The tests hold each specification to altair's schema. On screen colours are CSS variables, so that both
themes and print follow the tokens by themselves; on paper they are the light theme's values.
"""

from __future__ import annotations

from typing import Any

from curation.drawing import ticks
from curation.figures import BETWEEN, LIGHT_WORDS, Figure, shade

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
FONT = '"Hiragino Sans", "Noto Sans JP", "Noto Sans CJK JP", "Yu Gothic UI", "Meiryo", system-ui, sans-serif'
# The light theme of tokens.css (tests/judging/test_charts.py holds them together).
PAPER = {
    "surface": "#fffdf8",
    "line": "#e2dac9",
    "line-strong": "#8a816e",
    "ink-hero": "#221f1a",
    "ink": "#2e2a24",
    "ink-soft": "#585146",
    "ink-faint": "#665f52",
    "ai": "#29497c",
    "ai-fill": "#2b4a7d",
    "on-ai": "#fffdf8",
    "bad": "#a3301b",
    "good": "#1f6650",
    "rate-1": "#b5391c",
    "rate-2": "#e59a54",
    "rate-3": "#bdb6a8",
    "rate-4": "#66b3ab",
    "rate-5": "#0e6468",
    "series-2": "#d55e00",
    "series-3": "#009e73",
}
PAPER_WIDTH = 560
# An axis' own format would round to the digits that its steps seem to need: -0.25 becomes -0.3.
NUMBER = "format(datum.value * %d, '~g')"
Spec = dict[str, Any]


def specification(figure: Figure, *, paper: bool = False) -> Spec:
    """The figure as a Vega-Lite specification: as wide as its place on screen, or for paper."""
    layers = {"dots": _dots, "bars": _bars, "line": _line, "heat": _heat}[figure.kind](figure, paper)
    found: Spec = {
        "$schema": SCHEMA,
        "description": figure.title,
        "width": PAPER_WIDTH if paper else "container",
        "height": figure.height,
        "autosize": {"type": "fit-x" if not paper else "pad", "contains": "padding"},
        "padding": {"left": 2, "right": 8, "top": 4, "bottom": 2},
        "background": "var(--surface)" if paper else "transparent",
        "config": _config(),
        "layer": layers,
    }
    if paper:
        found["title"] = {"text": figure.title, "subtitle": figure.caption, "anchor": "start", "offset": 14}
    return _in_colours(found) if paper else found


def _config() -> Spec:
    axis = {
        "labelColor": "var(--ink-soft)",
        "titleColor": "var(--ink-soft)",
        "gridColor": "var(--line)",
        "domain": False,
        "ticks": False,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelPadding": 6,
        "labelLimit": 190,
    }
    return {
        "font": FONT,
        "aria": False,
        "view": {"stroke": None},
        "axis": axis,
        "axisY": {"labelFontSize": 13, "labelPadding": 10},
        "title": {
            "fontSize": 15,
            "color": "var(--ink-hero)",
            "subtitleColor": "var(--ink-soft)",
            "subtitleFontSize": 12,
        },
        "legend": {"labelColor": "var(--ink-soft)", "labelFontSize": 12, "symbolSize": 90, "labelLimit": 320},
        "text": {"color": "var(--ink)", "fontSize": 12},
    }


def _in_colours(part: Any) -> Any:
    """The specification with the light theme's values in place of the variables."""
    if isinstance(part, dict):
        return {key: _in_colours(value) for key, value in part.items()}
    if isinstance(part, list):
        return [_in_colours(value) for value in part]
    if isinstance(part, str) and part.startswith("var(--"):
        return PAPER[part[6:-1]]
    return part


def _keys(figure: Figure) -> list[str]:
    """The rows' labels, made unlike by characters without width where two are alike."""
    found: list[str] = []
    for row in figure.rows:
        key = row.label
        while key in found:
            key += "\u200b"
        found.append(key)
    return found


def _values(figure: Figure) -> list[Spec]:
    found = []
    for key, row in zip(_keys(figure), figure.rows, strict=True):
        for n, mark in enumerate(row.marks):
            one: Spec = {
                "row": key,
                "value": mark.value,
                "low": mark.low,
                "high": mark.high,
                "start": mark.start,
                "x": mark.x,
                "series": mark.series,
                "tip": mark.tip,
                "shift": (n - (len(row.marks) - 1) / 2) * BETWEEN,
                "strength": 0.55 if mark.faint else 1.0,
                "least": mark.bounds[0] if mark.bounds else None,
                "most": mark.bounds[1] if mark.bounds else None,
            }
            if mark.url or row.url:
                one["href"] = mark.url or row.url
            found.append(one)
    return found


def _series(figure: Figure, channel: str, *, paper: bool) -> Spec:
    """Colour (or shape) by series; the page writes the legend in words, paper needs it in the figure."""
    names = list(figure.series)
    shown = [getattr(figure.series[name], channel) for name in names]
    legend = None
    if paper and len(names) > 1:
        words = " : ".join(
            f"datum.value == '{name}' ? {_quoted(figure.series[name].label)}" for name in names
        )
        legend = {
            "orient": "top",
            "title": None,
            "labelExpr": f"{words} : ''",
            "direction": "horizontal",
        }
    values = [f"var(--{colour})" for colour in shown] if channel == "colour" else shown
    return {
        "field": "series",
        "type": "nominal",
        "scale": {"domain": names, "range": values},
        "legend": legend,
    }


def _quoted(words: str) -> str:
    return "'" + words.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _row_scale(figure: Figure) -> Spec:
    scale = {"type": "band", "paddingInner": 0, "paddingOuter": 0, "domain": _keys(figure)}
    return {
        "field": "row",
        "type": "nominal",
        "sort": None,
        "scale": scale,
        "title": None,
        "axis": {"grid": False},
    }


def _value_scale(figure: Figure, field: str = "value") -> Spec:
    values = list(figure.ticks or ticks(figure.domain))
    axis: Spec = {"title": figure.axis, "values": values, "grid": True, "labelFlush": False}
    axis["labelExpr"] = NUMBER % (100 if figure.percent else 1)
    scale = {"domain": list(figure.domain), "zero": False, "nice": False}
    return {"field": field, "type": "quantitative", "scale": scale, "axis": axis}


def _linked() -> Spec:
    return {
        "tooltip": {"field": "tip", "type": "nominal"},
        "href": {"field": "href", "type": "nominal"},
        "opacity": {"field": "strength", "type": "quantitative", "scale": None, "legend": None},
    }


def _behind(figure: Figure) -> list[Spec]:
    """The band and the guides, which lie under the marks."""
    found: list[Spec] = []
    if figure.band:
        keys = [{"row": key} for key, row in zip(_keys(figure), figure.rows, strict=True) if row.banded]
        low, high, _words = figure.band
        scale = {"domain": list(figure.domain), "zero": False, "nice": False}
        found.append(
            {
                "data": {"values": keys},
                "mark": {"type": "rect", "color": "var(--ink-faint)", "opacity": 0.2},
                "encoding": {
                    "x": {"datum": low, "type": "quantitative", "scale": scale},
                    "x2": {"datum": high},
                    "y": _row_scale(figure),
                },
            }
        )
    for guide in figure.guides:
        rule: Spec = {"type": "rule", "color": "var(--ink-soft)", "strokeWidth": 1.5, "tooltip": guide.label}
        if guide.dashed:
            rule["strokeDash"] = [5, 4]
        found.append(
            {
                "data": {"values": [{}]},
                "mark": rule,
                "encoding": {"x": {"datum": guide.value, "type": "quantitative"}},
            }
        )
    return found


def _none(figure: Figure) -> list[Spec]:
    """Why a row has no mark."""
    keys = zip(_keys(figure), figure.rows, strict=True)
    rows = [{"row": key, "why": row.why_not} for key, row in keys if not row.marks and row.why_not]
    if not rows:
        return []
    mark = {"type": "text", "align": "left", "dx": 4, "color": "var(--ink-faint)"}
    text = {"field": "why", "type": "nominal"}
    encoding = {
        "y": _row_scale(figure),
        "x": {"datum": figure.domain[0], "type": "quantitative"},
        "text": text,
    }
    return [{"data": {"values": rows}, "mark": mark, "encoding": encoding}]


def _dots(figure: Figure, paper: bool) -> list[Spec]:
    """A layer for each place in the row, so that marks stand side by side without a scale of their own."""
    values, found = _values(figure), _behind(figure)
    for shift in sorted({value["shift"] for value in values}):
        base = {"y": _row_scale(figure), "color": _series(figure, "colour", paper=paper), **_linked()}
        here = {"values": [value for value in values if value["shift"] == shift]}
        interval = {
            "type": "rule",
            "strokeWidth": 7,
            "strokeCap": "round",
            "strokeOpacity": 0.32,
            "yOffset": shift,
        }
        point = {"type": "point", "filled": True, "size": 90, "yOffset": shift}
        found.append(
            {
                "data": here,
                "layer": [
                    {
                        "transform": [{"filter": "isValid(datum.least)"}],
                        "mark": {"type": "rule", "strokeWidth": 1.5, "yOffset": shift},
                        "encoding": {**base, "x": _value_scale(figure, "least"), "x2": {"field": "most"}},
                    },
                    {
                        "transform": [{"filter": "isValid(datum.low)"}],
                        "mark": interval,
                        "encoding": {**base, "x": _value_scale(figure, "low"), "x2": {"field": "high"}},
                    },
                    {
                        "mark": point,
                        "encoding": {
                            **base,
                            "x": _value_scale(figure),
                            "shape": _series(figure, "shape", paper=paper),
                        },
                    },
                ],
            }
        )
    return [*found, *_none(figure)]


def _bars(figure: Figure, paper: bool) -> list[Spec]:
    base = {"y": _row_scale(figure), **_linked()}
    bar = {"type": "bar", "height": 16}
    whisker = {"type": "rule", "color": "var(--ink)", "strokeWidth": 1.5}
    colour = _series(figure, "colour", paper=paper)
    data = {"values": _values(figure)}
    return [
        {
            "data": data,
            "mark": bar,
            "encoding": {
                **base,
                "x": _value_scale(figure, "start"),
                "x2": {"field": "value"},
                "color": colour,
            },
        },
        {
            "data": data,
            "transform": [{"filter": "isValid(datum.low)"}],
            "mark": whisker,
            "encoding": {**base, "x": _value_scale(figure, "low"), "x2": {"field": "high"}},
        },
        *_behind(figure),
        *_none(figure),
    ]


def _line(figure: Figure, paper: bool) -> list[Spec]:
    axis_y: Spec = {"title": figure.axis_y, "values": ticks(figure.domain_y)}
    axis_y["labelExpr"] = NUMBER % (100 if figure.percent else 1)
    scale_x = {"domain": list(figure.domain), "nice": False, "zero": False}
    scale_y = {"domain": list(figure.domain_y), "nice": False, "zero": False}
    axis_x = {"title": figure.axis, "grid": False, "labelFlush": False}
    axis_x["values"] = list(figure.ticks or ticks(figure.domain))
    x = {"field": "x", "type": "quantitative", "scale": scale_x, "axis": axis_x}
    y = {"field": "value", "type": "quantitative", "scale": scale_y, "axis": axis_y}
    data, found = {"values": _values(figure)}, []
    if figure.diagonal:
        ends = [{"x": end, "value": end} for end in figure.domain]
        dashed = {"type": "line", "color": "var(--ink-faint)", "strokeDash": [5, 4], "strokeWidth": 1.5}
        found.append({"data": {"values": ends}, "mark": dashed, "encoding": {"x": x, "y": y}})
    low = {**y, "field": "low"}
    whisker = {
        "type": "rule",
        "color": "var(--ai)",
        "strokeWidth": 7,
        "strokeCap": "round",
        "strokeOpacity": 0.32,
    }
    valid = [{"filter": "isValid(datum.low)"}]
    marks = {"x": x, **_linked()}
    found += [
        {
            "data": data,
            "transform": valid,
            "mark": whisker,
            "encoding": {**marks, "y": low, "y2": {"field": "high"}},
        },
        {"data": data, "mark": {"type": "line", "color": "var(--ai)"}, "encoding": {"x": x, "y": y}},
        {
            "data": data,
            "mark": {"type": "point", "filled": True, "size": 90, "color": "var(--ai)"},
            "encoding": {**marks, "y": y},
        },
    ]
    return found


def _heat(figure: Figure, paper: bool) -> list[Spec]:
    values = _values(figure)
    fullest = max((value["value"] for value in values), default=1.0) or 1.0
    for value in values:
        value["strength"] = shade(value["value"], fullest)
        value["said"] = f"{100 * value['value']:.1f}"
    columns = [str(mark.x) for mark in figure.rows[0].marks] if figure.rows else []
    x = {
        "field": "x",
        "type": "nominal",
        "sort": None,
        "scale": {"domain": columns, "paddingInner": 0.02},
        "axis": {"title": figure.axis, "labelAngle": 0},
    }
    y = {**_row_scale(figure), "title": figure.axis_y}
    cells = {"type": "rect", "color": "var(--ai-fill)", "cornerRadius": 3}
    light = {"test": f"datum.strength > {LIGHT_WORDS}", "value": "var(--on-ai)"}
    said = {
        "text": {"field": "said", "type": "nominal"},
        "color": {"condition": light, "value": "var(--ink)"},
    }
    return [
        {"data": {"values": values}, "mark": cells, "encoding": {"x": x, "y": y, **_linked()}},
        {"data": {"values": values}, "mark": "text", "encoding": {"x": x, "y": y, **said}},
    ]


def svg(spec: Spec) -> str:
    """The specification as SVG. Raises ModuleNotFoundError where requirements/analysis.txt is not installed."""
    import vl_convert

    found: str = vl_convert.vegalite_to_svg(spec)
    return found


def png(spec: Spec) -> bytes:
    """The specification as PNG, at twice its size."""
    import vl_convert

    found: bytes = vl_convert.vegalite_to_png(spec, scale=2)
    return found
