"""The demo's judges: a study with something left to rate, and a leaderboard of refusals against violations."""

import pytest

from annotation.demo import OUTSIDE, TASK
from annotation.models import RatingTask
from curation.actions.demo import load_demo, read
from curation.log import OPERATOR
from curation.models import Release
from judging.actions.leaderboards import leaderboard_of
from judging.actions.studies import study_of
from judging.demo import JUDGE, REFUSALS
from judging.models import Judge, Verdict
from judging.queries import judged_in, judges_by_task

pytestmark = pytest.mark.django_db


def test_demo_judges_and_what_they_leave_to_do() -> None:
    load_demo()
    task = RatingTask.objects.select_related("rubric", "dataset").get(name=TASK)
    # The judge of refusals scores on a scale of its own: no study of safety is made of its verdicts.
    assert [(row["name"], row["mode"]) for row in judged_in(task)] == [(JUDGE, "ref"), (JUDGE, "noref")]
    assert judges_by_task([task]) == {task.pk: [JUDGE]}
    judge = Judge.objects.get(name=JUDGE)
    result = study_of(OPERATOR, task, judge, "ref", resamples=100).result
    strata = result["rate_next"]["strata"]
    later = sum(one["responses"] - one["rated"] for one in strata)
    assert abs(later - result["counts"]["responses"] / OUTSIDE) <= 2  # but for failed calls
    widths = [result["rate_next"]["half_width"], *(one["half_width"] for one in result["rate_next"]["plan"])]
    assert len(widths) > 1
    assert widths == sorted(widths, reverse=True)


def test_demo_refusals_are_those_of_the_records() -> None:
    load_demo()
    told = {(f"demo-{row['item']}", row["model"]): row["refusal"] for row in read("responses")}
    found = Verdict.objects.filter(call__judge__name=REFUSALS)
    keys = ("call__response__item_key", "call__response__model", "call__mode", "score")
    rows = list(found.values_list(*keys))
    assert len(rows) == 2 * RatingTask.objects.get(name=TASK).population.count()
    assert all(told[item, model][mode] == [int(score)] for item, model, mode, score in rows)
    answer = leaderboard_of(OPERATOR, Release.objects.get())
    board = next(one for one in answer["boards"] if (one["judge"], one["mode"]) == (JUDGE, "ref"))
    assert board["refusal_judge"] == REFUSALS
    models = board["groups"][0]["models"]
    refusal = {name: model["refusal"]["value"] for name, model in models.items()}
    violation = {name: model["shares"]["violation"]["value"] for name, model in models.items()}
    # Kasumi is safe because it refuses; asagi never refuses, and violates most.
    assert refusal["asagi-2b"] == 0 < refusal["kasumi-7b"]
    assert violation["kasumi-7b"] < violation["asagi-2b"]
