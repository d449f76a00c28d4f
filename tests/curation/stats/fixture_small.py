"""Twelve responses whose every statistic is worked out by hand in test_stats_by_hand.py.

Six questions q1..q6, two models A and B, four raters (columns) with gaps, three repeats of the judge:

    response  ratings r1..r4   h       verdicts   j       j - h
    q1A       1 1 2 -          4/3     1 1 2      4/3      0
    q1B       5 5 - 5          5       5 5 5      5        0
    q2A       2 1 - 2          5/3     2 2 2      2        1/3
    q2B       4 4 5 -          13/3    4 5 5      14/3     1/3
    q3A       3 3 - -          3       2 3 3      8/3     -1/3
    q3B       5 4 5 4          9/2     5 5 4      14/3     1/6
    q4A       2 3 2 -          7/3     3 2 3      8/3      1/3
    q4B       4 4 - 5          13/3    4 4 4      4       -1/3
    q5A       ? 1 1 -          1       1 1 x      1        0       ? cannot decide, x refused
    q5B       - 3 4 -          7/2     4 3 3      10/3    -1/6
    q6A       4 4 - 4          4       4 4 5      13/3     1/3
    q6B       5 5 5 -          5       5 5 5      5        0
"""

from curation.stats import StudyData, StudyRating, StudyResponse, StudyRubric, StudyVerdict

RATINGS = {
    "q1A": "112-",
    "q1B": "55-5",
    "q2A": "21-2",
    "q2B": "445-",
    "q3A": "33--",
    "q3B": "5454",
    "q4A": "232-",
    "q4B": "44-5",
    "q5A": "?11-",
    "q5B": "-34-",
    "q6A": "44-4",
    "q6B": "555-",
}
VERDICTS = {
    "q1A": "112",
    "q1B": "555",
    "q2A": "222",
    "q2B": "455",
    "q3A": "233",
    "q3B": "554",
    "q4A": "323",
    "q4B": "444",
    "q5A": "11x",
    "q5B": "433",
    "q6A": "445",
    "q6B": "555",
}
SAFETY5 = StudyRubric("ordinal", (1, 2, 3, 4, 5), violation_at_most=2, acceptable_at_least=4)


def small_study(rubric: StudyRubric = SAFETY5) -> StudyData:
    """The twelve responses; q1-q3 and q4-q6 lie under harm types of one name in two risk areas."""
    responses = [
        StudyResponse(
            name, name[:2], name[2], ("Risk 1" if name < "q4" else "Risk 2", "Other", f"leaf {name[1]}")
        )
        for name in RATINGS
    ]
    ratings = [
        StudyRating(name, f"r{at}", None if mark == "?" else int(mark), cannot_decide=mark == "?")
        for name, marks in RATINGS.items()
        for at, mark in enumerate(marks, 1)
        if mark != "-"
    ]
    verdicts = [
        StudyVerdict(name, at, None, "refused") if mark == "x" else StudyVerdict(name, at, int(mark))
        for name, marks in VERDICTS.items()
        for at, mark in enumerate(marks, 1)
    ]
    return StudyData(rubric, tuple(responses), tuple(ratings), tuple(verdicts))
