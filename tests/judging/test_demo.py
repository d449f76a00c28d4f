"""The demo is rated and judged by its own records: a first round of four fifths with some work left over, a study with
something left to rate, and a leaderboard of refusals against violations.

One test, since loading the demo takes longer than all that is asked of it.
"""

import pytest

from annotation.demo import LEFT_OVER, OUTSIDE, TASK
from annotation.models import GoldCase, Rating, RatingTask
from annotation.queries import waiting
from curation.actions.demo import FRESH, load_demo, read
from curation.log import OPERATOR
from curation.models import Notice, Person, Release
from judging.actions.leaderboards import leaderboard_of
from judging.actions.studies import study_of
from judging.demo import JUDGE, REFUSALS
from judging.models import Judge, Verdict
from judging.queries import judged_in, judges_by_task


@pytest.mark.django_db
def test_demo_is_what_its_records_say() -> None:
    load_demo()
    ratings_are_those_of_the_records()
    judges_leave_something_to_rate()
    refusals_are_those_of_the_records()
    author_has_a_few_new_notices()


def author_has_a_few_new_notices() -> None:
    author = Person.objects.get(username="demo-author")
    fresh = Notice.objects.filter(person=author, seen_at=None).order_by("-pk").values_list("kind", flat=True)
    assert len(fresh) == FRESH
    assert fresh[0] == Notice.Kind.MENTIONED


def ratings_are_those_of_the_records() -> None:
    task = RatingTask.objects.get(name=TASK)
    n = task.population.count()
    assert n > 3 * LEFT_OVER
    # Positions 2, 7, 12 ... of the n responses in order are left for a second round.
    later = (n + OUTSIDE - 1 - OUTSIDE // 2) // OUTSIDE
    assert 0.15 < later / n < 0.25
    assert task.population.filter(offered=False).count() == later
    checks = Rating.objects.filter(task=task, role=Rating.Role.GOLD)
    assert 0 < checks.count() <= 3 * 6  # a tenth of what they get, each of the six cases once
    assert GoldCase.objects.filter(use="practice").count() == GoldCase.objects.filter(use="gold").count() == 6
    ratings = Rating.objects.filter(task=task, role=Rating.Role.RATER)
    assert ratings.count() == 3 * (n - later - LEFT_OVER)
    rated = ratings.values("response")
    assert not task.population.filter(offered=False, response__in=rated).exists()
    assert {row.inclusion_probability for row in task.population.all()} == {1 - 1 / OUTSIDE}
    told = {(f"demo-{row['item']}", row["model"]): row["ratings"] for row in read("responses")}
    for rating in ratings.select_related("response", "rater__person"):
        key = rating.rater.person.username.removeprefix("demo-")
        given = told[rating.response.item_key, rating.response.model][key]
        assert (rating.score, rating.cannot_decide) == ("" if given is None else str(given), given is None)
    rater = Person.objects.get(username="demo-rater1")
    assert waiting(rater, task.dataset).count() == LEFT_OVER


def judges_leave_something_to_rate() -> None:
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


def refusals_are_those_of_the_records() -> None:
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
