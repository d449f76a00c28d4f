"""Campaigns: what is drawn, by whom it is rated, and what is refused with a word of what would be right."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from annotation.actions.gold import add_case
from annotation.actions.rubrics import load_rubric, rubric_named
from annotation.actions.tasks import add_raters, create_task, pause, rater_for
from annotation.models import Qualification, Rating, RatingTask, Response, Rubric, TaskRater
from annotation.nominal_width import nominal_width
from curation.errors import Invalid, NotAllowed
from curation.log import OPERATOR
from curation.models import Dataset, LogEntry, Membership
from tests.factories.annotation import (
    MODELS,
    make_member,
    make_release,
    make_responses,
    make_task,
    make_world_dataset,
)
from tests.rig.clients import signed_in

pytestmark = pytest.mark.django_db
Role = Membership.Role


def world(questions: int = 6, *, dev: int = 0) -> Dataset:
    dataset = make_world_dataset()
    make_responses(dataset, make_release(dataset, questions=questions, dev=dev))
    return dataset


def make(dataset: Dataset, **given: Any) -> RatingTask:
    release = dataset.releases.get()
    rubric = load_rubric(OPERATOR, dataset, "safety5")
    return create_task(OPERATOR, dataset, **{"name": "t", "release": release, "rubric": rubric, **given})


def run(*arguments: str) -> tuple[int, dict]:
    out = io.StringIO()
    try:
        call_command(*arguments, "--json", stdout=out, stderr=io.StringIO())
    except SystemExit as left:
        return int(left.code or 0), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def test_stratified_task_keeps_its_chances() -> None:
    # 7 questions over 3 leaves: 3, 2, 2; two models: 6 cells, two of each
    task = make(world(7), plan="stratified", per_cell=2, seed=5)
    rows = task.population.values_list("response__labels", "response__model", "inclusion_probability")
    assert sorted((labels[2], model, chance) for labels, model, chance in rows) == sorted(
        (leaf, model, 2 / size)
        for leaf, size in (("leaf0", 3), ("leaf1", 2), ("leaf2", 2))
        for model in MODELS
        for _n in range(2)
    )
    assert task.plan == {"name": "stratified", "models": [], "per_cell": 2}


def test_split_takes_its_questions_only() -> None:
    dataset = world(4, dev=2)
    task = make(dataset, split="dev")
    assert sorted(set(task.population.values_list("response__item_key", flat=True))) == ["q0", "q1"]
    assert task.split == "dev"


def test_drawn_list_is_taken_as_it_was_drawn() -> None:
    dataset = world(4)
    first, second = Response.objects.order_by("pk")[:2]
    task = make(dataset, plan="drawn", drawn=[(first.pk, "2", 0.25), (second.pk, "5", 0.5)])
    assert dict(task.population.values_list("response", "inclusion_probability")) == {
        first.pk: 0.25,
        second.pk: 0.5,
    }
    assert task.plan == {"name": "drawn", "models": [], "strata": {"2": 1, "5": 1}}


def test_named_raters_alone_take_part() -> None:
    dataset = world()
    for name in ("ann", "bea", "cho"):
        make_member(dataset, Role.RATER, username=name)
    task = make(dataset, raters=["cho", "ann"])
    places = task.places.order_by("slot").values_list("rater__person__username", "slot")
    assert list(places) == [("cho", 0), ("ann", 1)]
    assert add_raters(OPERATOR, task, ["bea"]) == 1
    assert task.places.get(rater__person__username="bea").slot == 2


def test_pause_and_resume_are_logged_once() -> None:
    task, (person,) = make_task(make_world_dataset(), raters=1)
    rater = TaskRater.objects.get(task=task).rater_id
    for paused in (True, True, False):
        pause(OPERATOR, task, rater, paused=paused)
    assert not TaskRater.objects.get(task=task).paused
    log = LogEntry.objects.filter(verb__in=["pause_rater", "resume_rater"]).order_by("pk")
    assert list(log.values_list("verb", flat=True)) == ["pause_rater", "resume_rater"]
    with pytest.raises(NotAllowed):
        pause(person, task, rater, paused=True)
    with pytest.raises(Invalid, match="does not take part"):
        pause(OPERATOR, task, 0, paused=True)


REFUSED = [
    ({"name": "a/b"}, "name", "without a slash"),
    ({"plan": "odd"}, "plan", "all, one_per_leaf, stratified, drawn"),
    ({"split": "train"}, "split", "all, dev, test"),
    ({"split": "dev"}, "split", "choose another, or all"),
    ({"models": ["nobody"]}, "models", "There are: modelsecret-a, modelsecret-b"),
    ({"plan": "stratified"}, "per_cell", "one number"),
    ({"plan": "stratified", "per_cell": 1, "total": 5}, "total", "one number"),
    ({"plan": "stratified", "per_cell": 0}, "per_cell", "from 1 to"),
    ({"total": 5}, "total", "Only the plan"),
    ({"plan": "drawn"}, "drawn", "needs the list"),
    ({"drawn": [(1, "", 0.5)]}, "drawn", "only that plan takes one"),
    ({"plan": "drawn", "drawn": [(0, "", 0.5)]}, "drawn", "Response 0 is none"),
    ({"overlap": 0}, "overlap", "from 1 to 50"),
    ({"arms": "three"}, "arms", "both, with, without"),
    ({"gold_share": 0.6}, "gold_share", "from 0 to 0.5"),
    ({"gold_share": float("nan")}, "gold_share", "from 0 to 0.5"),
    ({"gold_share": 0.1}, "gold_share", "no silent checks yet"),
    ({"qualify_at": 1.5}, "qualify_at", "from 0 to 1"),
    ({"qualify_at": 0.8}, "qualify_at", "no practice cases yet"),
    ({"raters": ["nobody"]}, "raters", "There are: ann"),
]


@pytest.mark.parametrize(("given", "field", "sentence"), REFUSED)
def test_what_cannot_be_planned_names_the_field(given: dict, field: str, sentence: str) -> None:
    dataset = world()
    make_member(dataset, Role.RATER, username="ann")
    with pytest.raises(Invalid) as refused:
        make(dataset, **given)
    assert (refused.value.field, sentence in refused.value.sentence) == (field, True)
    assert not RatingTask.objects.exists()


def test_drawn_twice_and_impossible_chances_are_refused() -> None:
    dataset = world()
    pk = Response.objects.earliest("pk").pk
    for drawn, field in (
        ([(pk, "", 0.5), (pk, "", 0.5)], "drawn"),
        ([(pk, "", 0.0)], "inclusion_probability"),
    ):
        with pytest.raises(Invalid) as refused:
            make(dataset, plan="drawn", drawn=drawn)
        assert refused.value.field == field


def test_rubric_by_name_and_version() -> None:
    dataset = make_world_dataset()
    first = rubric_named(OPERATOR, dataset, "safety5")
    second = Rubric.objects.create(
        dataset=dataset, name="safety5", version=2, kind="ordinal", scale=[1, 2], content_hash="x"
    )
    named = [rubric_named(OPERATOR, dataset, name).pk for name in ("safety5", "safety5@1", "safety5@2")]
    assert named == [second.pk, first.pk, second.pk]
    for name in ("safety5@3", "safety5@x", "nothing", "/etc/hostname"):
        with pytest.raises(Invalid) as refused:
            rubric_named(OPERATOR, dataset, name)
        assert (refused.value.field, "safety5@1, safety5@2" in refused.value.sentence) == ("rubric", True)


# --- The command -----------------------------------------------------------------------------------------------


def test_command_plans_the_whole_campaign() -> None:
    dataset = world(6)
    rubric = load_rubric(OPERATOR, dataset, "safety5")
    for use in ("gold", "practice"):
        words = {"question": "質問です。", "response": f"{use}の回答です。", "explanation_ja": "理由です。"}
        add_case(OPERATOR, rubric, use=use, accepted={"safety": [4]}, reference="参考です。", **words)
    make_member(dataset, Role.RATER, username="ann")
    make_member(dataset, Role.RATER, username="bea")
    code, said = run(
        *("create_task", "t", "--release", "r1", "--split", "test", "--total", "7", "--raters", "bea"),
        *("--arms", "both", "--overlap", "2", "--gold-share", "0.1", "--qualify-at", ".8"),
        *("--rubric", "safety5@1", "--seed", "3"),
    )
    assert (code, said) == (
        0,
        {
            "task": "t",
            "responses": 7,
            "raters": 1,
            "overlap": 2,
            "release": "r1",
            "split": "test",
            "rubric": "safety5@1",
            "plan": {"name": "stratified", "models": [], "total": 7},
            "arms": "both",
            "gold_share": 0.1,
            "qualify_at": 0.8,
        },
    )


def test_command_says_what_a_plan_buys_and_makes_nothing() -> None:
    world(6)
    code, said = run("create_task", "t", "--release", "r1", "--plan-only")
    found = said["forecast"]
    assert (code, found["responses"], found["questions"], found["ratings"]) == (0, 12, 6, 36)
    assert [(line["model"], line["responses"]) for line in found["models"]] == [
        (model, 6) for model in MODELS
    ]
    assert found["assumed"]["seen"] == []
    assert found["hours"] == pytest.approx(36 * 45 / 3600)
    assert "at least 3 raters" in found["notes"][0]
    assert (RatingTask.objects.count(), Rubric.objects.count()) == (0, 0)


def test_plan_by_a_rubric_of_labels_rests_on_the_ratings_that_are_there() -> None:
    dataset = world(15)
    task = make(dataset, rubric=load_rubric(OPERATOR, dataset, "action6"))
    before = run("create_task", "u", "--release", "r1", "--rubric", "action6", "--plan-only")[1]["forecast"]
    assert before["agreement_width"] == nominal_width(30, 3, 0.6, (1 / 6,) * 6, cluster=2)
    assert (before["assumed"]["margin"], before["overall"]["width"]) == ([], None)
    raters = [rater_for(dataset, make_member(dataset, Role.RATER)) for _n in range(2)]
    # All 30 responses: the first says "declines"; the other "rebuts" to every third, else the same
    given = [
        Rating(task=task, response_id=pk, rater=rater, axis="action", score=score)
        for n, pk in enumerate(task.population.values_list("response", flat=True))
        for rater, score in zip(raters, ("declines", "declines" if n % 3 else "rebuts"), strict=True)
    ]
    Rating.objects.bulk_create(given)
    after = run("create_task", "u", "--release", "r1", "--rubric", "action6", "--plan-only")[1]["forecast"]
    assert after["assumed"]["seen"] == ["agreement", "margin"]
    assert after["assumed"]["margin"] == pytest.approx([50 / 60, 10 / 60, 0, 0, 0, 0])
    # D_o 2 x 10, of 60 ratings: 1 - 59 x 20 / (3600 - 2500 - 100) is below 0, and so taken as 0
    assert after["assumed"]["agreement"] == 0.0
    leaf, half = after["assumed"]["measured"]["agreement"], nominal_width(30, 2, 0.0, (5, 1), cluster=2) / 2
    assert leaf == {"value": 0.0, "low": -half, "high": half, "n": 30, "n_clusters": 15}
    assert after["agreement_width"] == nominal_width(30, 3, 0.0, (5, 1), cluster=2)
    assert len(after["notes"]) == 2  # too few raters, and no cut: nothing about labels


def test_command_takes_a_drawn_list(tmp_path: Path) -> None:
    world(3)
    file = tmp_path / "drawn.csv"
    file.write_text(
        f"Item,Model,Inclusion Probability,stratum\nq0,{MODELS[0]},0.5,2\nq1,{MODELS[1]},1,4\n",
        encoding="utf-8",
    )
    code, said = run("create_task", "t", "--release", "r1", "--drawn", str(file))
    assert (code, said["responses"], said["plan"]["strata"]) == (0, 2, {"2": 1, "4": 1})
    chances = RatingTask.objects.get().population.values_list(
        "response__item_key", "response__model", "inclusion_probability"
    )
    assert sorted(chances) == [("q0", MODELS[0], 0.5), ("q1", MODELS[1], 1.0)]


def test_command_refuses_a_list_with_a_gap_as_a_whole(tmp_path: Path) -> None:
    world(3)
    rows = [
        {"item": "q0", "model": MODELS[0], "inclusion_probability": 0.5},
        {"item": "q0", "model": MODELS[0], "inclusion_probability": 0.5},
        {"item": "q9", "model": MODELS[0], "inclusion_probability": 0.5},
        {"item": "q1", "model": MODELS[0], "inclusion_probability": 2},
        {"item": "q1", "model": MODELS[0]},
    ]
    file = tmp_path / "drawn.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    code, said = run("create_task", "t", "--release", "r1", "--drawn", str(file))
    assert (code, RatingTask.objects.count()) == (2, 0)
    assert [f"row {n}, " in said["error"] for n in range(1, 6)] == [False, True, True, True, True]


# --- The page and the API --------------------------------------------------------------------------------------

FORM = {"plan": "all", "arms": "without", "overlap": "3", "seed": "0", "rubric": "safety5"}


def test_page_tells_what_the_plan_buys_without_a_name() -> None:
    dataset = world(6)
    lead = signed_in(make_member(dataset, Role.LEAD))
    address = f"/d/{dataset.slug}/tasks/new/"
    sent = {**FORM, "release": dataset.releases.get().pk, "plan": "stratified", "per_cell": "1"}
    page = lead.post(address, sent, headers={"HX-Request": "true"})
    found = page.context["forecast"]["found"]
    # 3 leaves x 2 models, one of each
    assert (page.status_code, found.responses, found.ratings) == (200, 6, 18)
    assert "<html" not in page.content.decode()
    whole = lead.post(address, {**sent, "preview": "1"})
    assert (whole.context["forecast"]["found"].ratings, "<html" in whole.content.decode()) == (18, True)
    missing = lead.post(address, {**sent, "per_cell": ""}, headers={"HX-Request": "true"})
    assert "missing" in missing.context["forecast"]
    labels = lead.post(address, {**sent, "rubric": "action6"}, headers={"HX-Request": "true"})
    assert "どのラベルも同じ頻度で付けられます" in labels.content.decode()
    assert (RatingTask.objects.count(), Rubric.objects.count()) == (0, 0)


def test_page_tells_interval_and_n_of_a_rate_that_was_seen() -> None:
    dataset = world(15)
    task = make(dataset)
    rater = rater_for(dataset, make_member(dataset, Role.RATER))
    # Of 30 responses, two to each of 15 questions, ten are violations
    Rating.objects.bulk_create(
        Rating(task=task, response_id=pk, rater=rater, score="1" if n < 10 else "5")
        for n, pk in enumerate(task.population.values_list("response", flat=True))
    )
    sent = {**FORM, "release": dataset.releases.get().pk}
    lead = signed_in(make_member(dataset, Role.LEAD))
    page = lead.post(f"/d/{dataset.slug}/tasks/new/", sent, headers={"HX-Request": "true"})
    # Wilson at 1/3 of an effective 30 / 1.3: centre .357, half .180
    assert page.context["forecast"]["seen"] == {"rate": "[18, 54] n=30"}
    assert "このデータセットの実績：[18, 54] n=30" in page.content.decode()


def test_page_makes_the_campaign() -> None:
    dataset = world(6)
    lead = signed_in(make_member(dataset, Role.LEAD))
    make_member(dataset, Role.RATER, username="ann")
    make_member(dataset, Role.RATER, username="bea")
    sent = {
        **FORM,
        "name": "second",
        "release": dataset.releases.get().pk,
        "split": "test",
        "plan": "stratified",
        "total": "5",
        "raters": ["bea"],
        "arms": "both",
    }
    assert lead.post(f"/d/{dataset.slug}/tasks/new/", sent).status_code == 302
    task = RatingTask.objects.get()
    assert (task.population.count(), task.arms, task.split) == (5, "both", "test")
    assert list(task.raters.values_list("person__username", flat=True)) == ["bea"]


def test_api_plans_a_drawn_campaign() -> None:
    dataset = world(3)
    lead = signed_in(make_member(dataset, Role.LEAD))
    address = f"/api/d/{dataset.slug}/tasks/"
    drawn = [{"item": "q0", "model": MODELS[0], "inclusion_probability": 0.5}]
    sent = {"name": "t", "release": "r1", "plan": "drawn", "drawn": drawn, "rubric": "safety5"}
    made = lead.post(address, sent, content_type="application/json")
    assert (made.status_code, made.json()["responses"], made.json()["plan"]) == (201, 1, "drawn")
    drawn[0]["item"] = "q7"
    refused = lead.post(address, {**sent, "name": "u"}, content_type="application/json")
    assert (refused.status_code, refused.json()["field"]) == (400, "drawn")
    odd = lead.post(
        address, {"name": "v", "release": "r1", "rubric": "/etc/passwd"}, content_type="application/json"
    )
    assert (odd.status_code, odd.json()["field"]) == (400, "rubric")


def test_the_tasks_page_says_where_raters_stand_and_pauses_them() -> None:
    dataset = world()
    rubric = load_rubric(OPERATOR, dataset, "safety5")
    words = {"question": "問い", "response": "答え", "explanation_ja": "理由"}
    add_case(OPERATOR, rubric, use="practice", accepted=[1], **words)
    names = ("ann", "bea", "cho", "dan", "eve")
    for name in names:
        make_member(dataset, Role.RATER, username=name)
    task = make(dataset, qualify_at=0.5, raters=names[:4])
    raters = [place.rater for place in task.places.select_related("rater").order_by("slot")]
    for rater in raters[1:]:
        rater.warned_at = task.created_at
        rater.save()
    for rater, passed in ((raters[2], False), (raters[3], True)):
        Qualification.objects.create(rater=rater, rubric=rubric, asked=1, right=int(passed), passed=passed)
    lead = signed_in(make_member(dataset, Role.LEAD))
    address = f"/d/{dataset.slug}/tasks/{task.pk}/"
    page = lead.get(address)
    assert [row["state"] for row in page.context["places"]] == ["warning", "practice", "failed", "ready"]
    assert [person.username for person in page.context["others"]] == ["eve"]
    assert page.context["facts"]["qualify_percent"] == 50
    lead.post(f"{address}pause/", {"who": raters[3].pk})
    lead.post(f"{address}raters/", {"raters": ["eve"]})
    states = [row["state"] for row in lead.get(address).context["places"]]
    assert states == ["warning", "practice", "failed", "paused", "warning"]
    lead.post(f"{address}pause/", {"who": raters[3].pk, "on": "1"})
    assert lead.get(address).context["places"][3]["state"] == "ready"
    assert signed_in(raters[0].person).post(f"{address}pause/", {"who": raters[3].pk}).status_code == 404
