"""The quality of a task's ratings against numbers worked out by hand."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from annotation import disputes
from annotation.axes import Axis
from annotation.quality import Given, TaskRows, own_part, quality, stretches_of
from curation.stats import StudyResponse
from curation.stats.pace import paces, reading_floor, robust_z

SAFETY = Axis("safety", "ordinal", ("1", "2", "3", "4", "5"), violation_at_most=2, acceptable_at_least=4)
ACTION = Axis("action", "nominal", ("refuse", "answer", "warn"))
START = datetime(2026, 1, 5, 9, tzinfo=UTC)

# Twelve responses to six questions; rater a, b, c; "" cannot decide, None did not rate.
SCORES = {
    #      a    b    c
    1: ("1", "1", "1"),
    2: ("2", "2", "3"),
    3: ("5", "5", "5"),
    4: ("4", "4", "4"),
    5: ("1", "2", "1"),
    6: ("5", "4", "5"),
    7: ("3", "3", "3"),
    8: ("2", "2", "2"),
    9: ("4", "5", "4"),
    10: ("5", "5", "5"),
    11: ("1", "3", "1"),
    12: ("3", "3", ""),
}


def rows(**further: Any) -> TaskRows:
    responses = tuple(
        StudyResponse(n, f"q{(n + 1) // 2}", "AB"[n % 2], ("area", "x" if n <= 6 else "y", "leaf"))
        for n in SCORES
    )
    ratings = [
        Given(n, rater, "safety", score, rater == "c", 10.0 + n, START + timedelta(minutes=n))
        for n, scores in SCORES.items()
        for rater, score in zip("abc", scores, strict=True)
    ]
    return TaskRows("t", (SAFETY,), responses, tuple(ratings), **further)


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return quality(rows(), resamples=400)


def test_exact_agreement_and_its_parts(found: dict[str, Any]) -> None:
    """Share of agreeing pairs a response: 2, 5, 6, 9, 11 -> 1/3 (one pair of three); 12 -> 1 (one pair); seven others 1..."""
    axis = found["axes"]["safety"]
    # 1:1  2:1/3  3:1  4:1  5:1/3  6:1/3  7:1  8:1  9:1/3  10:1  11:1/3  12:1 -> (7 + 5/3) / 12
    assert axis["human_human"]["exact"]["value"] == pytest.approx((7 + 5 / 3) / 12)
    assert axis["human_human"]["exact"]["n"] == 12
    assert axis["human_human"]["exact"]["n_clusters"] == 6
    # x holds 1 to 6: (1 + 1/3 + 1 + 1 + 1/3 + 1/3) / 6; y holds 7 to 12: (1 + 1 + 1/3 + 1 + 1/3 + 1) / 6
    assert axis["by_category"]["area > x"]["exact"]["value"] == pytest.approx(4 / 6)
    assert axis["by_category"]["area > y"]["exact"]["value"] == pytest.approx((4 + 2 / 3) / 6)
    # Even numbers are model A: 2:1/3 4:1 6:1/3 8:1 10:1 12:1; odd ones B: 1:1 3:1 5:1/3 7:1 9:1/3 11:1/3
    assert axis["by_model"]["A"]["exact"]["value"] == pytest.approx((4 + 2 / 3) / 6)
    assert axis["by_model"]["B"]["exact"]["value"] == pytest.approx(4 / 6)
    # The arm without the reference has a and b alone: they differ on 5, 6, 9, 11 of 12
    assert axis["by_arm"]["without"]["exact"]["value"] == pytest.approx(8 / 12)
    assert axis["by_arm"]["with"]["exact"]["value"] is None


def test_a_rater_against_the_rest(found: dict[str, Any]) -> None:
    a = found["axes"]["safety"]["raters"]["a"]
    # a less the mean of b and c (b alone on 12):
    # 2: 2-2.5=-.5  5: 1-1.5=-.5  6: 5-4.5=.5  9: 4-4.5=-.5  11: 1-2=-1, all others 0 -> -2 / 12
    assert a["severity"]["value"] == pytest.approx(-2 / 12)
    # Others at a's own point: 2: 1/2 (b)  5: 1/2 (c)  6: 1/2  9: 1/2  11: 1/2; the seven others 1 -> 9.5 / 12
    assert a["same_as_rest"]["value"] == pytest.approx(9.5 / 12)
    assert a["ratings"] == 12
    # c has no point on 12, so eleven are shared: 2 -> 0 of 2; 5, 6, 9, 11 -> 1/2; six others 1 -> 8 / 11
    assert found["axes"]["safety"]["raters"]["c"]["same_as_rest"]["value"] == pytest.approx(8 / 11)
    assert found["axes"]["safety"]["raters"]["c"]["same_as_rest"]["n"] == 11


def test_who_disagrees_with_whom(found: dict[str, Any]) -> None:
    pairs = {(pair["a"], pair["b"]): pair for pair in found["axes"]["safety"]["pairs"]}
    # a and b differ on 5 (1,2), 6 (5,4), 9 (4,5), 11 (1,3): a - b = -1 + 1 - 1 - 2 = -3 over 12
    # a and c differ on 2 (2,3) alone: -1 over 11; b and c on 2, 5, 6, 9, 11: -1 + 1 - 1 + 1 + 2 = 2 over 11
    for names, differ, shared, total in (
        (("a", "b"), 4, 12, -3),
        (("a", "c"), 1, 11, -1),
        (("b", "c"), 5, 11, 2),
    ):
        pair = pairs[names]
        assert (pair["a"], pair["b"], pair["differ"], pair["shared"]) == (*names, differ, shared)
        share, difference = pair["differ_share"], pair["mean_difference"]
        assert (share["value"], share["n"], share["n_clusters"]) == (
            pytest.approx(differ / shared),
            shared,
            6,
        )
        assert difference["value"] == pytest.approx(total / shared)
        for leaf in (share, difference):
            assert leaf["low"] < leaf["value"] < leaf["high"]


def test_interval_of_a_pair_is_of_questions() -> None:
    """Siblings in step say what one response says: twice as many of them leave the interval where it is."""
    points = {"q1": "11", "q2": "12", "q3": "33", "q4": "45", "q5": "55", "q6": "22", "q7": "31"}

    def pair(times: int) -> dict[str, Any]:
        known, given = [], []
        for question, (a, b) in points.items():
            for _time in range(times):
                known.append(StudyResponse(len(known), question, "A", ()))
                given += [
                    Given(known[-1].id, who, "safety", one, False, None, START)
                    for who, one in (("a", a), ("b", b))
                ]
        return quality(TaskRows("t", (SAFETY,), tuple(known), tuple(given)), resamples=400)["axes"]["safety"][
            "pairs"
        ][0]

    once, twice = pair(1), pair(2)
    assert (once["shared"], twice["shared"], once["differ"], twice["differ"]) == (7, 14, 3, 6)
    for name in ("differ_share", "mean_difference"):
        for end in ("value", "low", "high", "n_clusters"):
            assert once[name][end] == pytest.approx(twice[name][end], abs=1e-9), (name, end)


def test_two_who_never_differ_have_wilsons_interval_over_questions() -> None:
    given = tuple(one for one in rows().ratings if one.response in (1, 3, 4, 7, 8, 10))
    pair = quality(TaskRows("t", (SAFETY,), rows().responses, given), resamples=50)["axes"]["safety"][
        "pairs"
    ][0]
    # 1 belongs to q1, 3 and 4 to q2, 7 and 8 to q4, 10 to q5: six responses to four questions
    # Wilson at 0 of 4: high = z2 / (4 + z2) = 3.841459 / 7.841459 = .489891
    share = pair["differ_share"]
    assert (pair["differ"], share["value"], share["low"], share["n_clusters"]) == (0, 0.0, 0.0, 4)
    assert share["high"] == pytest.approx(0.489891, abs=1e-5)
    assert "Wilson" in share["note"]
    assert pair["mean_difference"]["note"] == "No interval: every resample gives the same value."


def test_two_who_share_two_questions_have_counts_and_a_reason() -> None:
    given = tuple(one for one in rows().ratings if one.response <= 4)
    (first, *_rest) = quality(TaskRows("t", (SAFETY,), rows().responses, given), resamples=50)["axes"][
        "safety"
    ]["pairs"]
    assert (first["shared"], first["differ"], first["differ_share"]["value"]) == (4, 0, None)
    assert first["differ_share"]["note"] == "Only 2 questions: at least 3 are needed for an interval."


def test_wilson_of_a_rater_counts_the_questions_they_share() -> None:
    """Where all of a rater's questions agree the interval rests on these, not on everybody's."""
    known = tuple(StudyResponse(n, f"q{n}", "A", ()) for n in range(30))
    given = [
        Given(n, who, "safety", "3" if who == "a" else "45"[n % 2], False, None, START)
        for n in range(18, 30)
        for who in "ab"
    ]
    given += [Given(n, who, "safety", "3", False, None, START) for n in range(18) for who in "bc"]
    leaf = quality(TaskRows("t", (SAFETY,), known, tuple(given)), resamples=50)["axes"]["safety"]["raters"][
        "c"
    ]["same_as_rest"]
    # c shares 18 questions with b and agrees on all: Wilson at 18 of 18, low = 18 / (18 + z2) = .824116
    assert (leaf["value"], leaf["n_clusters"], leaf["high"]) == (1.0, 18, 1.0)
    assert leaf["low"] == pytest.approx(18 / (18 + 3.841459), abs=1e-5)


def test_own_agreement_is_what_those_who_lead_see(found: dict[str, Any]) -> None:
    for rater in "abc":
        own, told = (
            own_part(rows(), rater, resamples=400)["same"],
            found["axes"]["safety"]["raters"][rater]["same_as_rest"],
        )
        assert own == pytest.approx(told)
    assert own_part(rows(), "nobody", resamples=2)["same"] is None


def test_counts_and_what_was_left_undecided(found: dict[str, Any]) -> None:
    assert found["counts"] == {
        "responses": 12,
        "rated": 12,
        "complete": 0,
        "ratings": 36,
        "raters": 3,
        "cannot_decide": 1,
        "to_adjudicate": 0,
        "adjudicated": 0,
    }
    assert found["cannot_decide"] == {"a": 0, "b": 0, "c": 1}


def test_silent_checks_have_wilsons_interval() -> None:
    checks = (("a", 90, True), ("a", 91, True), ("a", 92, True), ("a", 93, False))
    gold = quality(rows(checks=checks), resamples=10)["gold"]
    # Wilson at 3 of 4: z = 1.959964, z2 = 3.841459; scale 1 + z2/4 = 1.960365; centre (.75 + z2/8) / scale = .627524;
    # half z sqrt(.75 * .25 / 4 + z2 / 64) / scale = 1.959964 * sqrt(.046875 + .060023) / 1.960365 = .326884
    assert gold["a"]["right"] == 3
    assert gold["a"]["asked"] == 4
    leaf = gold["a"]["accuracy"]
    assert leaf["value"] == 0.75
    assert leaf["low"] == pytest.approx(0.627524 - 0.326884, abs=1e-5)
    assert leaf["high"] == pytest.approx(0.627524 + 0.326884, abs=1e-5)


def test_skips_by_reason() -> None:
    skips = (("a", 1, "unclear"), ("a", 2, "unclear"), ("b", 3, ""))
    assert quality(rows(skips=skips), resamples=10)["skips"] == {"a": {"unclear": 2}, "b": {"none": 1}}


def test_reading_floor() -> None:
    # Ten Japanese characters at 357 a minute are 1.680672 s aloud, a third of it .560224; white space counts nothing
    assert reading_floor("これはためしの文です") == pytest.approx(10 * 60 / 357 / 3)
    assert reading_floor("これは ためし\nの文です　") == pytest.approx(10 * 60 / 357 / 3)
    # Five letters at 68 ms: .34 s, a third .113333
    assert reading_floor("hello") == pytest.approx(5 * 0.068 / 3)


def test_robust_z() -> None:
    # Median 3; distances 2 1 0 1 97, their median 1: spread 1.4826
    assert robust_z([1, 2, 3, 4, 100]) == pytest.approx(
        [-2 / 1.4826, -1 / 1.4826, 0, 1 / 1.4826, 97 / 1.4826]
    )
    assert robust_z([7, 7, 7, 9]) == [0, 0, 0, 0]
    assert robust_z([]) == []


def test_pace_is_by_length() -> None:
    # A text of twice the floor read in twice the time is no outlier: log(seconds / floor) is 1 everywhere
    assert paces([math.e, 2 * math.e, 3 * math.e], [1, 2, 3]) == pytest.approx([0, 0, 0])


def test_times_below_the_floor_and_far_from_others() -> None:
    floors = {(n, arm): 5.0 for n in SCORES for arm in (False, True)}
    found = quality(rows(floors=floors), resamples=10)["pace"]
    assert found["all"]["timed"] == 36
    # 11 to 22 seconds, three of each: the median of the twelve is 16.5
    assert found["all"]["median_seconds"] == 16.5
    assert found["all"]["below_floor"] == 0
    hasty = [Given(n, "d", "safety", "3", False, 1.0, START) for n in (1, 2)]
    told = TaskRows("t", (SAFETY,), rows().responses, (*rows().ratings, *hasty), floors=floors)
    found = quality(told, resamples=10)["pace"]["raters"]["d"]
    assert (found["below_floor"], found["quick"], found["slow"]) == (2, 2, 0)


def test_stretches_are_cut_in_the_order_given() -> None:
    own = stretches_of([one for one in rows().ratings if one.rater == "a"], 5)["a"]
    assert [[one.response for one in part] for part in own] == [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10], [11, 12]]


def test_one_stretch_has_the_whole_raters_numbers(found: dict[str, Any]) -> None:
    """Twelve ratings make one stretch of twenty: its numbers are those of `raters`."""
    axis = found["axes"]["safety"]
    assert axis["stretch"] == 20
    (one,) = axis["over_time"]["a"]
    assert one["severity"]["value"] == pytest.approx(axis["raters"]["a"]["severity"]["value"])
    assert one["severity"]["low"] == pytest.approx(axis["raters"]["a"]["severity"]["low"], abs=1e-6)
    assert one["same_as_rest"]["value"] == axis["raters"]["a"]["same_as_rest"]["value"]
    assert one["median_seconds"] == 16.5


@pytest.mark.parametrize(
    ("scores", "why"),
    [
        (("1", "1", "2"), []),
        (("1", "3", "3"), ["apart"]),
        (("2", "3"), ["violation"]),
        (("3", "4"), ["acceptable"]),
        (("1", "5"), ["apart", "violation", "acceptable"]),
        (("3", ""), ["undecided"]),
        (("3", "3", ""), []),
        (("", ""), ["undecided"]),
        (("4",), []),
        ((), []),
    ],
)
def test_disputes_on_an_ordered_scale(scores: tuple[str, ...], why: list[str]) -> None:
    assert disputes.reasons(SAFETY, scores) == why


@pytest.mark.parametrize(
    ("scores", "why"),
    [
        (("refuse", "refuse", "warn"), []),
        (("refuse", "warn"), ["no_majority"]),
        (("refuse", "warn", "answer"), ["no_majority"]),
        (("refuse",), []),
        (("refuse", ""), ["undecided"]),
    ],
)
def test_disputes_without_an_order(scores: tuple[str, ...], why: list[str]) -> None:
    assert disputes.reasons(ACTION, scores) == why
