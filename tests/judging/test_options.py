"""Options of a study by address: part of what it is, on the page, its files, its rows, its report and what comes next."""

import html as entities
import re
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse

from annotation.models import TaskResponse
from curation.errors import Invalid
from curation.models import Membership
from curation.stats import next_ratings
from curation.stats.data import StudyOptions
from judging.models import Study
from judging.options import options_in, options_of, query_of
from judging.queries import study_data
from tests.factories.annotation import make_member, make_world_dataset
from tests.judging.test_study_figures import address, made_task

pytestmark = pytest.mark.django_db
GIVEN = {"epsilon": "0.15", "majority": "3/3", "target": "population"}
STRICT = StudyOptions(0.15, 3, 3, "population")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr("judging.actions.studies.RESAMPLES", 100)


def test_options_go_into_an_address_and_come_back() -> None:
    assert options_in({}) == StudyOptions()
    assert query_of(StudyOptions()) == {}
    assert options_in(GIVEN) == STRICT
    assert query_of(STRICT) == GIVEN
    assert options_of({"options": STRICT.as_dict()}) == STRICT


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epsilon", "x"),
        ("epsilon", "nan"),
        ("epsilon", "11"),
        ("majority", "4/3"),
        ("majority", "2/"),
        ("target", "all"),
    ],
)
def test_an_impossible_option_is_named(name: str, value: str) -> None:
    with pytest.raises(Invalid) as raised:
        options_in({name: value})
    assert raised.value.field == name


def test_page_files_rows_and_report_have_the_options_of_the_address(client: Any) -> None:
    dataset = make_world_dataset()
    task = made_task(dataset)
    client.force_login(make_member(dataset, Membership.Role.RESEARCHER))
    usual = client.get(address("study", task))
    page = client.get(address("study", task), GIVEN)
    text = page.content.decode()
    strict = Study.objects.latest("pk")
    assert (Study.objects.count(), options_of(strict.result)) == (2, STRICT)
    assert page.context["study"] == strict
    assert page.context["what"].usual_url in entities.unescape(text)
    urls = [
        entities.unescape(url)
        for url in re.findall(
            r'href="([^"]*(?:report\.html|result\.json|/table\.csv|/responses/)[^"]*)"', text
        )
    ]
    assert len(urls) > 50
    assert [url for url in urls if "epsilon=0.15&majority=3%2F3&target=population" not in url] == []
    files = {url.split("?")[0].rsplit("/", 1)[1]: url for url in urls if "/responses/" not in url}
    assert client.get(files["result.json"]).json() == strict.result
    report = client.get(files["report.html"]).content.decode()
    assert strict.data_hash in report
    assert "<dd>0.15</dd>" in report
    # All three of three raters: fewer majorities than two of three.
    counts = strict.result["decisions"]["violation"]["counts"]
    assert counts != usual.context["study"].result["decisions"]["violation"]["counts"]
    given = {**GIVEN, "rate": "violation", "cell": "undecided"}
    assert client.get(address("study_responses", task), given).context["total"] == counts["undecided"]
    assert client.get(address("study", task)).context["study"] == usual.context["study"]
    assert Study.objects.count() == 2


def test_an_impossible_option_shows_the_usual_study_and_says_so(client: Any) -> None:
    dataset = make_world_dataset()
    task = made_task(dataset)
    client.force_login(make_member(dataset, Membership.Role.RESEARCHER))
    page = client.get(address("study", task), {"majority": "9/3"})
    assert page.status_code == 200
    assert options_of(page.context["study"].result) == StudyOptions()
    assert len(page.context["messages"]) == 1


def test_handing_over_draws_with_the_options_of_the_study(client: Any) -> None:
    from tests.judging.test_next_ratings import judged_task, rate_one

    task, people = judged_task()
    for person in people:
        rate_one(person, task)
    client.force_login(make_member(task.dataset, Membership.Role.RESEARCHER, Membership.Role.LEAD))
    # One rating is a majority of one: with it the outlook, and so the chances, are others.
    page = client.get(address("study", task), {"majority": "1"})
    study = page.context["study"]
    data = study_data(task, study.judge, study.mode)
    wanted, usual = (
        next_ratings.chances(data, count=3, options=one).total.tolist()
        for one in (StudyOptions(0.2, 1), None)
    )
    assert wanted != usual
    table = next_ratings.chances(data, count=3).table
    before = len({rating.response for rating in data.ratings}) / len(data.responses)
    answer = client.post(page.context["hand_over_url"], {"count": "3"})
    assert (
        answer.url
        == f"{reverse('judging:study', args=[task.dataset.slug, task.pk])}?judge={study.judge_id}&mode=ref&majority=1"
    )
    kept = dict(TaskResponse.objects.filter(task=task).values_list("response", "chance"))
    expected = {pk: 1 - (1 - before) * (1 - chance) for pk, chance in zip(table.ids, wanted, strict=True)}
    assert kept == pytest.approx(expected)
