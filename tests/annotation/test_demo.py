"""The demo's task is rated by the demo's raters, with some work left over."""

import pytest

from annotation.demo import LEFT_OVER, TASK
from annotation.models import Rating, RatingTask
from annotation.queries import waiting
from curation.actions.demo import load_demo, read
from curation.models import Person


@pytest.mark.django_db
def test_demo_ratings_are_those_of_the_records() -> None:
    load_demo()
    task = RatingTask.objects.get(name=TASK)
    n = task.population.count()
    assert n > 3 * LEFT_OVER
    assert Rating.objects.filter(task=task).count() == 3 * (n - LEFT_OVER)
    told = {(f"demo-{row['item']}", row["model"]): row["ratings"] for row in read("responses")}
    for rating in Rating.objects.filter(task=task).select_related("response", "rater__person"):
        key = rating.rater.person.username.removeprefix("demo-")
        given = told[rating.response.item_key, rating.response.model][key]
        assert (rating.score, rating.cannot_decide) == ("" if given is None else str(given), given is None)
    rater = Person.objects.get(username="demo-rater1")
    assert waiting(rater, task.dataset).count() == LEFT_OVER
