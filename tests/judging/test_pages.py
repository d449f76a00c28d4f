"""The pages of judging: what is on them, for whom they exist, and how many queries they take."""

import csv
import io
import re

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.actions.ratings_import import import_ratings
from annotation.actions.rubrics import load_rubric
from annotation.actions.tasks import add_raters
from curation.formats import RatingRow, VerdictRow
from curation.log import OPERATOR
from curation.models import Membership
from judging.actions.judges import create_judge
from judging.actions.verdicts import import_verdicts
from judging.models import Study
from tests.factories.annotation import make_member, make_task, make_world_dataset

pytestmark = pytest.mark.django_db
Role = Membership.Role


def rated_task(dataset, *, questions=4, name="outside"):
    """An external task of two models and three raters, judged with the reference by `alpha`."""
    keys = [
        (f"q{n}", model, 1 + (n + at) % 5) for n in range(questions) for at, model in enumerate(("m1", "m2"))
    ]
    rows = [
        RatingRow(n, item, model, f"r{rater}", max(1, score - rater % 2), category="area > type > leaf")
        for n, (item, model, score, rater) in enumerate((*key, rater) for key in keys for rater in range(3))
    ]
    task = import_ratings(OPERATOR, dataset, task=name, rows=rows, rubric=load_rubric(OPERATOR, dataset)).task
    judged = [
        VerdictRow(n, item, model, "alpha", min(5, score + (2 if n == 0 else 0)), repeat=repeat)
        for n, (item, model, score, repeat) in enumerate((*key, repeat) for key in keys for repeat in (1, 2))
    ]
    judged[-1] = VerdictRow(99, *keys[-1][:2], "alpha", None, status="truncated", repeat=2)
    assert import_verdicts(OPERATOR, task, judged).new == len(judged)
    return task


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    cache.clear()
    monkeypatch.setattr("judging.actions.studies.RESAMPLES", 100)


@pytest.fixture
def world(client):
    dataset = make_world_dataset()
    task = rated_task(dataset)
    researcher = make_member(dataset, Role.RESEARCHER)
    client.force_login(researcher)
    return dataset, task, researcher


def url(name, dataset, **kwargs):
    return reverse(f"judging:{name}", kwargs={"dataset": dataset.slug, **kwargs})


def test_study_page_says_the_finding_and_keeps_it(client, world) -> None:
    dataset, task, _researcher = world
    page = client.get(url("study", dataset, pk=task.pk))
    text = page.content.decode()
    assert page.status_code == 200
    found = Study.objects.get().result
    assert f"{found['judge_human']['spearman']['value']:.2f}" in text
    assert 'class="chart__band"' in text
    assert text.count('<svg class="chart"') >= 8
    assert found["code_version"] in text
    assert "style=" not in text
    assert "<script>" not in text
    client.get(url("study", dataset, pk=task.pk))
    assert Study.objects.count() == 1


def test_study_page_without_reference_draws_no_band(client, world) -> None:
    dataset, task, _researcher = world
    text = client.get(url("study", dataset, pk=task.pk), {"mode": "noref"}).content.decode()
    assert "chart__band" not in text


def test_every_link_of_the_study_page_leads_somewhere(client, world) -> None:
    dataset, task, _researcher = world
    text = client.get(url("study", dataset, pk=task.pk)).content.decode()
    links = {
        link.replace("&amp;", "&") for link in re.findall(r'href="(/d/[^"]+)"', text) if "/studies/" in link
    }
    assert len(links) > 10
    for link in links:
        assert client.get(link).status_code == 200, link


def test_responses_of_a_cell_are_those_with_such_a_pair(client, world) -> None:
    dataset, task, _researcher = world
    # q0 × m1: ratings 1, 1 (never below 1), 1; verdicts 3 (1 + 2) and 1.
    page = client.get(url("study_responses", dataset, pk=task.pk), {"judge_score": "3", "human_score": "1"})
    assert [one["response"].item_key for one in page.context["rows"]] == ["q0"]
    page = client.get(url("study_responses", dataset, pk=task.pk), {"failure": "truncated"})
    assert [(one["response"].item_key, one["response"].model) for one in page.context["rows"]] == [
        ("q3", "m2")
    ]


def test_table_as_csv_has_every_estimate(client, world) -> None:
    dataset, task, _researcher = world
    answer = client.get(url("study_csv", dataset, pk=task.pk))
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    found = Study.objects.get().result["judge_human"]
    shown = {row["statistic"]: row["value"] for row in rows if row["block"] == "judge_human"}
    assert list(shown) == list(found)
    assert float(shown["bias"]) == found["bias"]["value"]


@pytest.mark.parametrize("roles", [(), (Role.AUTHOR,), (Role.RATER,)])
def test_pages_do_not_exist_for_others(client, world, roles) -> None:
    dataset, task, _researcher = world
    client.force_login(make_member(dataset, *roles))
    for name, kwargs in (
        ("studies", {}),
        ("study", {"pk": task.pk}),
        ("judges", {}),
        ("run_start", {"pk": task.pk}),
    ):
        assert client.get(url(name, dataset, **kwargs)).status_code == 404


def test_whoever_still_rates_does_not_see_the_study_whatever_their_roles(client) -> None:
    dataset = make_world_dataset()
    task, _raters = make_task(dataset)
    both = make_member(dataset, Role.RESEARCHER, Role.LEAD, Role.RATER)
    only = make_member(dataset, Role.RESEARCHER)
    add_raters(OPERATOR, task)
    rows = [VerdictRow(1, "q0", "modelsecret-a", "alpha", 3)]
    import_verdicts(OPERATOR, task, rows)
    pages = [
        url("study", dataset, pk=task.pk),
        url("study_csv", dataset, pk=task.pk),
        url("study_responses", dataset, pk=task.pk),
        url("run_start", dataset, pk=task.pk),
    ]
    client.force_login(both)
    assert [client.get(page).status_code for page in pages] == [404] * 4
    listed = client.get(url("studies", dataset))
    assert listed.status_code == 200
    assert task.pk not in [row["task"].pk for row in listed.context["rows"]]
    client.force_login(only)
    assert [client.get(page).status_code for page in pages] == [200] * 4


def test_a_large_study_is_left_to_the_worker(
    client, world, monkeypatch, django_capture_on_commit_callbacks
) -> None:
    dataset, task, _researcher = world
    monkeypatch.setattr("judging.actions.studies.INLINE_ROWS", 5)
    page = client.get(url("study", dataset, pk=task.pk))
    assert "judging/study_waiting.html" in [template.name for template in page.templates]
    assert 'hx-trigger="every 2s"' in page.content.decode()
    again = client.get(url("study", dataset, pk=task.pk))
    assert again.context["job"].pk == page.context["job"].pk


def test_judge_is_made_from_json_and_named_where_it_is_wrong(client, world) -> None:
    dataset, _task, _researcher = world
    bad = client.post(url("judge_new", dataset), {"spec": '{"name": "x"'})
    assert bad.status_code == 400
    made = client.post(url("judge_new", dataset), {"spec": '{"name": "x", "model": "m"}'}, follow=True)
    assert made.status_code == 200
    assert made.context["judge"].name == "x"
    lead = make_member(dataset, Role.LEAD)
    client.force_login(lead)
    refused = client.post(url("judge_new", dataset), {"spec": '{"name": "y", "model": "m"}'})
    assert refused.status_code == 400


def queries(client, address) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as found:
        assert client.get(address).status_code == 200
    return len(found)


def test_query_counts_do_not_grow(client, world) -> None:
    dataset, task, _researcher = world
    pages = [
        url("studies", dataset),
        url("judges", dataset),
        url("study", dataset, pk=task.pk),
        url("study_responses", dataset, pk=task.pk),
    ]
    one = [queries(client, page) for page in pages]
    for n in range(2):
        rated_task(dataset, name=f"more{n}")
        create_judge(OPERATOR, dataset, {"name": f"j{n}", "model": f"m{n}"})
    three = [queries(client, page) for page in pages]
    assert three == one
    # Session, person, dataset, roles, the frame and its counts take most of them; the study asks for category names.
    assert one == [11, 10, 21, 16]
