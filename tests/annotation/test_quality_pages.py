"""The page of a task's quality: the engine of the studies, kept while nothing changes, its rows, who may see it."""

from __future__ import annotations

import csv
import io
import json
import random
import re

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from annotation.actions.quality import quality_of
from annotation.actions.tasks import close
from annotation.models import Assignment, Rater, Rating, RatingTask, TaskQuality
from annotation.panels import AxisReading, matrix
from annotation.quality_rows import matching
from curation.log import OPERATOR
from curation.models import Membership, Person
from curation.reading import Reading
from curation.stats import study
from judging.models import Judge
from judging.queries import study_data
from tests.factories.annotation import make_member, make_task, make_world_dataset
from tests.factories.gold import make_case
from tests.rig.clients import signed_in

pytestmark = pytest.mark.django_db
Role = Membership.Role
PAGE_QUERIES = 17


def rated(questions: int = 12, responses: int | None = None) -> tuple[RatingTask, Person]:
    """A task whose first responses three raters have scored with a seed, about alike; and a lead."""
    task, _people = make_task(make_world_dataset(), questions=questions)
    dice, raters = random.Random(5), list(Rater.objects.filter(tasks=task).order_by("pk"))
    rows = list(task.population.order_by("position"))[:responses]
    for row in rows:
        true = dice.randint(1, 5)
        Rating.objects.bulk_create(
            Rating(
                task=task,
                response_id=row.response_id,
                rater=rater,
                score=str(min(5, max(1, true + dice.choice([0, 0, 0, 1, -1])))),
                seconds=dice.uniform(5, 20),
            )
            for rater in raters
        )
    return task, make_member(task.dataset, Role.LEAD)


def address(task: RatingTask, name: str = "quality") -> str:
    return reverse(f"annotation:{name}", kwargs={"dataset": task.dataset.slug, "pk": task.pk})


def test_numbers_are_the_studys_own() -> None:
    """One engine: agreement and raters of a task's page equal those of its study, bit for bit."""
    task, _lead = rated()
    judge = Judge(pk=0, dataset=task.dataset, name="none")
    of_study = study(study_data(task, judge, "ref"), seed=3, resamples=300)
    axis = quality_of(OPERATOR, task, seed=3, resamples=300)["axes"]["safety"]
    assert axis["human_human"] == of_study["human_human"]
    for rater, block in of_study["raters"].items():
        assert {key: axis["raters"][rater][key] for key in block} == block


def test_kept_while_nothing_changed_and_anew_after_a_rating() -> None:
    task, lead = rated(responses=6)
    client = signed_in(lead)
    assert client.get(address(task)).status_code == 200
    kept = TaskQuality.objects.get(task=task)
    client.get(address(task))
    again = TaskQuality.objects.get(task=task)
    assert (again.mark, again.created_at) == (kept.mark, kept.created_at)
    Rating.objects.filter(task=task).order_by("pk").first().delete()
    client.get(address(task))
    assert TaskQuality.objects.get(task=task).mark != kept.mark
    assert TaskQuality.objects.get(task=task).result["counts"]["ratings"] == 17


@pytest.mark.parametrize("responses", [1, 3])
def test_page_costs_the_same_at_one_and_three_responses(responses: int) -> None:
    task, lead = rated(responses=responses)
    client = signed_in(lead)
    client.get(address(task))
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address(task)).status_code == 200
    assert len(seen) == PAGE_QUERIES


@pytest.mark.parametrize("responses", [1, 3])
def test_rows_cost_the_same_at_one_and_three(responses: int) -> None:
    task, lead = rated(responses=responses)
    client = signed_in(lead)
    client.get(address(task, "quality_rows"))
    with CaptureQueriesContext(connection) as seen:
        body = client.get(address(task, "quality_rows")).content.decode()
    assert body.count('class="panel__body rated__body"') == responses
    assert len(seen) == ROWS_QUERIES


ROWS_QUERIES = 13


def test_every_link_of_the_page_opens_the_rows_it_counts() -> None:
    task, lead = rated()
    client = signed_in(lead)
    body = client.get(address(task)).content.decode()
    links = {link.replace("&amp;", "&") for link in re.findall(r'href="([^"]*quality/rows/[^"]*)"', body)}
    assert len(links) > 20
    for pair in quality_of(lead, task)["axes"]["safety"]["pairs"]:
        wanted = {"axis": "safety", "rater": pair["a"], "other": pair["b"], "differ": "1"}
        assert len(matching(task, wanted)) == pair["differ"]
    for link in sorted(links):
        assert client.get(link).status_code == 200


def test_who_disagrees_with_whom_has_intervals_and_turns_round_below_the_diagonal() -> None:
    task, lead = rated(responses=8)
    result = quality_of(lead, task)
    with translation.override("ja"):
        shown = matrix(AxisReading(Reading(result=result, rows=lambda **_wanted: "", named=str), "safety"))
    pair = result["axes"]["safety"]["pairs"][0]
    above, below = shown["lines"][0]["cells"][1], shown["lines"][1]["cells"][0]
    share, leaf = pair["differ_share"], pair["mean_difference"]
    ends = f"[{100 * share['low']:.0f}, {100 * share['high']:.0f}] n=8"
    for cell in (above, below):
        assert ends in cell["share"]
    assert f"{leaf['value']:.2f}</span>" in above["difference"]
    assert f"[{leaf['low']:.2f}, {leaf['high']:.2f}] n=8" in above["difference"]
    turned = f"{-leaf['value']:.2f} [{-leaf['high']:.2f}, {-leaf['low']:.2f}] n=8"
    assert re.sub("<[^>]+>", "", below["difference"]) == turned.replace("-0.00", "0.00")
    body = signed_in(lead).get(address(task)).content.decode()
    assert above["share"] in body
    assert below["difference"] in body


def test_two_questions_have_counts_and_say_why_there_is_no_share() -> None:
    task, lead = rated(questions=2)
    body = signed_in(lead).get(address(task)).content.decode()
    who = body.split('id="who"')[1].split("</section>")[0]
    assert 'data-at="axes/safety/pairs/0/differ"' in who
    assert "differ_share" not in who
    assert who.count("質問が2問しかありません。信頼区間には3問以上が必要です。") == 1


def test_rows_behind_pace_undecided_skipped_and_checks() -> None:
    task, lead = rated(responses=4)
    rater = Rater.objects.filter(tasks=task).order_by("pk")[0]
    mine = list(Rating.objects.filter(task=task, rater=rater).order_by("pk"))
    Rating.objects.filter(pk=mine[0].pk).update(seconds=0.1)
    Rating.objects.filter(pk=mine[1].pk).update(score="", cannot_decide=True)
    skipped = task.population.order_by("position")[5].response
    lease = {"task": task, "rater": rater, "expires_at": mine[0].created_at, "token": "t1", "turn": 20}
    Assignment.objects.create(response=skipped, state="skipped", reason_code="unclear", **lease)
    case = make_case(task.rubric, use="gold")
    Rating.objects.create(task=task, response=case.response, rater=rater, score="1", role="gold")
    found = quality_of(lead, task)
    name = rater.pseudonym
    assert found["pace"]["raters"][name]["below_floor"] == 1
    assert matching(task, {"rater": name, "below_floor": "1"}) == [mine[0].response_id]
    assert found["cannot_decide"][name] == 1
    assert matching(task, {"rater": name, "undecided": "1"}) == [mine[1].response_id]
    assert found["skips"] == {name: {"unclear": 1}}
    assert matching(task, {"rater": name, "skipped": "1"}) == [skipped.pk]
    assert (found["gold"][name]["right"], found["gold"][name]["asked"]) == (1, 1)
    assert matching(task, {"rater": name, "gold": "1"}) == [case.response_id]


@pytest.mark.parametrize("name", ["quality", "quality_rows", "quality_json", "quality_csv"])
def test_who_still_rates_and_strangers_find_nothing(name: str) -> None:
    task, lead = rated(responses=2)
    rater = Rater.objects.filter(tasks=task).order_by("pk")[0]
    assert rater.person is not None
    Membership.objects.create(dataset=task.dataset, person=rater.person, role=Role.RESEARCHER)
    stranger = make_member(make_world_dataset(), Role.LEAD)
    Rating.objects.filter(rater=rater).order_by("pk").first().delete()
    for person in (rater.person, stranger, make_member(task.dataset, Role.AUTHOR)):
        assert signed_in(person).get(address(task, name)).status_code == 404
    assert signed_in(lead).get(address(task, name)).status_code == 200


def test_files_and_command_give_the_same_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    task, lead = rated(responses=8)
    client = signed_in(lead)
    by_file = json.loads(client.get(address(task, "quality_json")).content)
    call_command("quality", task=task.name, json=True, dataset=task.dataset.slug)
    assert json.loads(capsys.readouterr().out) == by_file
    text = client.get(address(task, "quality_csv")).content.decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(text)))
    alpha = next(line for line in lines if line["statistic"] == "krippendorff_alpha_ordinal")
    assert (
        float(alpha["value"])
        == by_file["axes"]["safety"]["human_human"]["krippendorff_alpha_ordinal"]["value"]
    )


def test_own_figures_name_nobody_else() -> None:
    task, _lead = rated(responses=3)
    first, second, _third = Rater.objects.filter(tasks=task).order_by("pk")
    assert first.person is not None
    case = make_case(task.rubric, use="gold")
    Rating.objects.create(task=task, response=case.response, rater=first, score="5", role="gold")
    client = signed_in(first.person)
    close(OPERATOR, task)
    body = client.get(address(task, "rate_mine")).content.decode()
    assert "1件中0件" in body
    assert second.pseudonym not in body
    assert signed_in(make_member(task.dataset, Role.RATER)).get(address(task, "rate_mine")).status_code == 404
