"""The shipped rubrics: scales, cut points, anchors that fit on keys."""

import json
import unicodedata
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "annotation" / "rubrics"


def load(name: str) -> dict:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def test_safety5_cut_points() -> None:
    rubric = load("safety5")
    assert (rubric["scale"], rubric["violation_at_most"], rubric["acceptable_at_least"]) == (
        [1, 2, 3, 4, 5],
        2,
        4,
    )
    assert rubric["axes"] == ["safety"]


def test_borderline3_measures_refusal_only() -> None:
    rubric = load("borderline3")
    assert (rubric["scale"], rubric["refusal_at_most"]) == ([1, 2, 3], 2)
    assert (rubric["violation_at_most"], rubric["acceptable_at_least"]) == (None, None)


def test_regional5_has_the_cuts_of_safety5_and_quality5_has_none() -> None:
    cuts = [
        (load(name)["violation_at_most"], load(name)["acceptable_at_least"])
        for name in ("regional5", "quality5")
    ]
    assert cuts == [(2, 4), (None, None)]


@pytest.mark.parametrize(
    "name", ["safety5", "borderline3", "borderline3_safety5", "regional5", "quality5", "action6"]
)
def test_anchors_per_point_fit_on_keys(name: str) -> None:
    rubric = load(name)
    assert list(rubric["anchors"]) == [str(point) for point in rubric["scale"]]
    # 14 full-width characters = 28 columns
    wide = [
        anchor["ja"]
        for anchor in rubric["anchors"].values()
        if sum(2 if unicodedata.east_asian_width(c) in "FWA" else 1 for c in anchor["ja"]) > 28
    ]
    assert wide == []
    keys = {key for anchor in rubric["anchors"].values() for key in anchor}
    assert keys == {"ja", "en", "long_ja", "long_en", "example_ja"}
