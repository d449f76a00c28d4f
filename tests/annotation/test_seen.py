"""What a plan rests on, seen in ratings: each with an interval by the planner's formulas, and what it was counted from."""

import math

import pytest

from annotation.planner import QUESTION_CORRELATION, agreement_width
from annotation.seen import of_labels, of_scores

Z2 = 3.841458820694124


def test_a_rate_has_wilsons_interval_at_the_effective_number_of_responses() -> None:
    # 30 responses of one rating to 30 questions, 6 of them violations: no clusters, so 30 count as 30
    rows = [(n, f"q{n}", "1" if n < 6 else "5") for n in range(30)]
    leaf = of_scores(rows, 2)["measured"]["rate"]
    centre, scale = (0.2 + Z2 / 60) / (1 + Z2 / 30), 1 + Z2 / 30
    half = math.sqrt(Z2) * math.sqrt(0.2 * 0.8 / 30 + Z2 / 3600) / scale
    assert (leaf["value"], leaf["n"], leaf["n_clusters"]) == (0.2, 30, 30)
    assert (leaf["low"], leaf["high"]) == (pytest.approx(centre - half), pytest.approx(centre + half))


def test_siblings_make_the_interval_wider() -> None:
    # The same 30 responses to 15 questions: fewer than 30 questions with several, so the correlation is the assumed one
    rows = [(n, f"q{n // 2}", "1" if n < 6 else "5") for n in range(30)]
    found = of_scores(rows, 2)
    leaf, size = found["measured"]["rate"], 30 / (1 + QUESTION_CORRELATION)
    half = math.sqrt(Z2) * math.sqrt(0.16 / size + Z2 / (4 * size**2)) / (1 + Z2 / size)
    assert (set(found["measured"]), leaf["n_clusters"]) == ({"rate"}, 15)
    assert leaf["high"] - leaf["low"] == pytest.approx(2 * half)


def test_agreement_has_the_width_that_the_planner_foretells() -> None:
    # 40 responses of two ratings to 40 questions: 20 pairs 1, 1, ten 5, 5 and ten 1, 5
    pairs = ["11"] * 20 + ["55"] * 10 + ["15"] * 10
    rows = [(n, f"q{n}", score) for n, scores in enumerate(pairs) for score in scores]
    found = of_scores(rows, 2)
    # Means 1, 5 and 3, all over 40 of 2.5: MSB 2 (20 x 2.25 + 10 x 6.25 + 10 x .25) / 39 = 220 / 39; MSW 10 x 8 / 40 = 2
    value = (220 / 39 - 2) / (220 / 39 + 2)
    leaf = found["measured"]["agreement"]
    assert (found["agreement"], leaf["n"], leaf["n_clusters"]) == (pytest.approx(value), 40, 40)
    width = agreement_width(40, 2, value)
    assert (leaf["low"], leaf["high"]) == (pytest.approx(value - width / 2), pytest.approx(value + width / 2))


def test_likeness_of_siblings_is_counted_over_questions() -> None:
    # 30 questions of two responses each, both violations or neither: correlation 1, an interval without width
    rows = [(n, f"q{n // 2}", "1" if n < 20 else "5") for n in range(60)]
    leaf = of_scores(rows, 2)["measured"]["question_correlation"]
    assert (leaf["value"], leaf["low"], leaf["high"], leaf["n"], leaf["n_clusters"]) == (
        1.0,
        1.0,
        1.0,
        60,
        30,
    )


def test_labels_have_an_interval_and_too_few_say_nothing() -> None:
    rows = [
        (n, f"q{n}", label) for n in range(30) for label in ("a" if n % 2 else "b", "a" if n % 3 else "b")
    ]
    leaf = of_labels(rows, ("a", "b"))["measured"]["agreement"]
    assert leaf["low"] < leaf["value"] < leaf["high"]
    assert (leaf["n"], leaf["n_clusters"]) == (30, 30)
    assert (of_labels(rows[:58], ("a", "b")), of_scores([(1, "q", "3")], 2), of_labels(rows, ("a",))) == (
        {},
        {},
        {},
    )
