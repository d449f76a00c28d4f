"""Figures: one specification that altair's schema accepts, colours that are the tokens', a server's picture that escapes."""

import pytest

from curation import drawing
from curation.figures import Figure, Guide, Mark, Row, Series, domain_of
from judging import charts
from tests.house.test_contrast import tokens

SERIES = {
    "judge": Series("Judge's", "ai"),
    "people": Series("人", "ink-soft", "square"),
    "both": Series("Both", "series-3", "diamond"),
}


def dots(**given: object) -> Figure:
    rows = (
        Row(
            label="a",
            marks=tuple(
                Mark(value=0.2, low=0.1, high=0.4, series=name, tip="t", bounds=(0.0, 0.5)) for name in SERIES
            ),
            url="/rows/",
            banded=True,
        ),
        Row(label="a", marks=(Mark(value=0.9, series="judge", faint=True),)),
        Row(label="c", why_not="not estimable"),
    )
    base = {"name": "f", "kind": "dots", "title": "T", "axis": "x", "rows": rows, "series": SERIES}
    return Figure(**{**base, "band": (0.66, 0.74, "band"), "guides": (Guide(0.5, "g", dashed=True),)} | given)


def every_kind() -> list[Figure]:
    line = tuple(Mark(x=float(n), value=n - 0.1, low=n - 0.3, high=n + 0.2) for n in range(1, 6))
    heat = tuple(
        Row(label=str(j), marks=tuple(Mark(x=str(h), value=0.2 if h == j else 0.0) for h in range(1, 4)))
        for j in range(3, 0, -1)
    )
    bars = (
        Row(label="m", marks=(Mark(value=0.6, series="judge"), Mark(start=0.6, value=1, series="people"))),
    )
    numbers = {"band": None, "guides": (), "domain": (1.0, 5.0), "domain_y": (1.0, 5.0), "diagonal": True}
    return [
        dots(),
        dots(percent=True, domain=(-0.5, 1.0)),
        dots(kind="bars", rows=bars, band=None),
        dots(kind="line", rows=(Row(label="", marks=line),), **numbers),
        dots(kind="heat", rows=heat, band=None, guides=()),
        dots(rows=(), band=None),
    ]


@pytest.mark.parametrize("paper", [False, True])
@pytest.mark.parametrize("figure", every_kind(), ids=lambda figure: figure.kind)
def test_specification_is_vega_lite(figure: Figure, paper: bool) -> None:
    altair = pytest.importorskip("altair")
    spec = charts.specification(figure, paper=paper)
    altair.LayerChart.from_dict(spec, validate=True)
    assert ("var(--" in str(spec)) != paper


def test_colours_on_paper_are_the_light_tokens() -> None:
    assert {name: tokens()["light"][name] for name in charts.PAPER} == charts.PAPER


def test_rows_of_the_same_name_stay_two_rows() -> None:
    spec = charts.specification(dots())
    rows = spec["layer"][-1]["encoding"]["y"]["scale"]["domain"]
    assert rows == ["a", "a\u200b", "c"]


def test_server_picture_escapes_what_it_shows() -> None:
    bad = '<script>alert("1")</script>'
    figure = dots(title=bad, rows=(Row(label=bad[:20], marks=(Mark(value=0.5, tip=bad),)),), axis=bad)
    drawn = drawing.svg(figure)
    assert "<script" not in drawn
    assert drawn.count("&lt;script&gt;") == 4  # title, label, tip, axis


def test_places_of_the_server_picture() -> None:
    # The plot runs from 196 to 622 px: 0.5 of [0, 1] lies at 196 + 213 = 409; rows of one mark are 30 px high, the
    # first one's middle at 18 + 15 = 33.
    drawn = drawing.svg(dots(rows=(Row(label="a", marks=(Mark(value=0.5),)),), band=None, guides=()))
    assert '<circle cx="409" cy="33" r="5.5"' in drawn


@pytest.mark.parametrize(
    ("values", "expected"),
    [((), (0.0, 1.0)), ((-0.2, 0.5), (-0.25, 1.0)), ((1.1,), (0.0, 1.25)), ((-0.25, 1.0), (-0.25, 1.0))],
)
def test_domain_in_whole_steps(values: tuple[float, ...], expected: tuple[float, float]) -> None:
    rows = tuple(Row(label="", marks=(Mark(value=value),)) for value in values)
    assert domain_of(rows, 0.0, 1.0, 0.25) == expected


def test_pictures_for_papers_hold_the_words_and_need_no_network() -> None:
    pytest.importorskip("vl_convert")
    spec = charts.specification(dots(title="判定者は人より甘い"), paper=True)
    drawn = charts.svg(spec)
    assert "判定者は人より甘い" in drawn
    assert "Judge's" in drawn.replace("&#39;", "'")
    assert charts.png(spec).startswith(b"\x89PNG")
