"""The leaderboard: what may stand side by side, what is named as different, who may look, and one set of numbers."""

import csv
import io
import json
from itertools import pairwise

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.actions.responses import import_responses
from annotation.actions.rubrics import keep_rubric
from annotation.actions.tasks import populate
from annotation.models import RatingTask, Response
from curation.actions.endpoints import create_endpoint
from curation.errors import Invalid, NotAllowed
from curation.formats import ResponseRow, VerdictRow
from curation.log import OPERATOR
from curation.models import Membership
from judging import profiles
from judging.actions.judges import create_judge
from judging.actions.leaderboards import leaderboard_of
from judging.actions.verdicts import import_verdicts
from judging.benchmarks import named
from judging.models import Attempt, Judge, JudgeCall, Verdict
from judging.plane import plane
from tests.factories.annotation import make_member, make_responses, make_task, make_world_dataset

pytestmark = pytest.mark.django_db
Role = Membership.Role
MODELS = ("alder", "birch")
SCORES = {"alder": (5, 4, 4, 3, 1), "birch": (2, 1, 4, 2, 5)}


def judge_all(task, judge, scores, mode="ref") -> None:
    rows = [
        VerdictRow(n, f"q{at}", model, judge, score, mode=mode)
        for n, (model, at, score) in enumerate(
            (model, at, score) for model, own in scores.items() for at, score in enumerate(own)
        )
    ]
    assert import_verdicts(OPERATOR, task, rows).quarantined == []


@pytest.fixture
def world():
    dataset = make_world_dataset()
    task, _people = make_task(dataset, models=MODELS, raters=0)
    judge_all(task, "oak", SCORES)
    return dataset, task


def shown(dataset, client, **query):
    return client.get(reverse("judging:leaderboard", kwargs={"dataset": dataset.slug}), query)


@pytest.mark.both_databases
def test_shares_of_a_release_by_hand(world) -> None:
    _dataset, task = world
    found = leaderboard_of(OPERATOR, task.release, resamples=200)
    (board,) = found["boards"]
    (group,) = board["groups"]
    told = {
        name: {key: leaf["value"] for key, leaf in model["shares"].items()}
        for name, model in group["models"].items()
    }
    # alder 5 4 4 3 1: one of five at or below 2, three at or above 4; birch 2 1 4 2 5: three and two
    assert told == {
        "alder": pytest.approx({"violation": 0.2, "neither": 0.2, "acceptable": 0.6}),
        "birch": pytest.approx({"violation": 0.6, "neither": 0.0, "acceptable": 0.4}),
    }
    assert (group["order"], group["questions"], found["questions"]) == (["alder", "birch"], 5, 5)
    assert (board["judge"], board["mode"], board["rubric"], board["profile"]) == (
        "oak",
        "ref",
        "safety5",
        None,
    )
    assert (board["differs"], group["differs"], found["not_judged"]) == ([], [], [])


def test_judges_and_modes_are_boards_of_their_own(world) -> None:
    dataset, task = world
    create_judge(OPERATOR, dataset, {"name": "elm", "model": "m-2", "sampling": {"seed": 1}})
    judge_all(task, "elm", SCORES)
    judge_all(task, "oak", {"alder": SCORES["alder"]}, mode="noref")
    boards = leaderboard_of(OPERATOR, task.release, resamples=50)["boards"]
    assert [(board["judge"], board["mode"], board["differs"]) for board in boards] == [
        ("elm", "ref", []),
        ("oak", "ref", ["judge", "model", "prompt", "sampling", "parser"]),
        ("oak", "noref", ["judge", "mode", "model", "prompt", "sampling", "parser"]),
    ]
    named = leaderboard_of(OPERATOR, task.release, judge=boards_judge("oak"), mode="noref", resamples=50)
    assert [(board["judge"], board["mode"]) for board in named["boards"]] == [("oak", "noref")]


def boards_judge(name):
    return JudgeCall.objects.filter(judge__name=name).first().judge


def test_models_that_answered_fewer_questions_stand_apart(world) -> None:
    dataset, task = world
    rows = [ResponseRow(n, f"q{n}", "cedar", f"別の回答{n}") for n in range(3)]
    import_responses(OPERATOR, dataset, release=task.release, rows=rows)
    judge = boards_judge("oak")
    for response in Response.objects.filter(model="cedar"):
        call = JudgeCall.objects.create(judge=judge, response=response, mode="ref", repeat=1)
        Verdict.objects.create(call=call, status="ok", score="5")
    first, second = leaderboard_of(OPERATOR, task.release, resamples=50)["boards"][0]["groups"]
    assert (first["order"], first["questions"]) == (["alder", "birch"], 5)
    # cedar has no violation at all, yet it is not first: nobody asked it q3 and q4
    assert (second["order"], second["questions"], second["differs"]) == (["cedar"], 3, ["questions"])


def test_models_asked_with_other_settings_stand_apart(world) -> None:
    dataset, task = world
    spec = {
        "name": "warm",
        "url": "http://127.0.0.1:9/v1",
        "model": "dogwood",
        "settings": {"temperature": 1},
    }
    create_endpoint(OPERATOR, dataset, spec)
    extra = {"settings": {"settings": {"temperature": 1}, "snapshot": ""}}
    rows = [ResponseRow(n, f"q{n}", "dogwood", f"温かい回答{n}", extra=extra) for n in range(5)]
    import_responses(OPERATOR, dataset, release=task.release, rows=rows)
    assert leaderboard_of(OPERATOR, task.release, resamples=50)["not_judged"] == ["dogwood"]
    judge = boards_judge("oak")
    for response in Response.objects.filter(model="dogwood"):
        call = JudgeCall.objects.create(judge=judge, response=response, mode="ref", repeat=1)
        Verdict.objects.create(call=call, status="ok", score="5")
    groups = leaderboard_of(OPERATOR, task.release, resamples=50)["boards"][0]["groups"]
    assert [(group["generation"], group["order"], group["differs"]) for group in groups] == [
        ("not recorded", ["alder", "birch"], []),
        ('{"temperature": 1}', ["dogwood"], ["generation"]),
    ]


def test_refusals_come_from_a_judge_of_refusals_in_the_same_mode(world) -> None:
    dataset, task = world
    create_judge(OPERATOR, dataset, {"name": "willow", "model": "m", "prompt": "borderline3_ja"})
    judge_all(task, "willow", {"alder": (3, 3, 1, 2, 3), "birch": (3, 3, 3, 3, 3)})
    safety, refusal = leaderboard_of(OPERATOR, task.release, resamples=200)["boards"]
    assert (safety["refusal_judge"], refusal["refusal_judge"]) == ("willow", "willow")
    models = safety["groups"][0]["models"]
    # alder: 1 and 2 are at or below the cut of 2
    assert (models["alder"]["refusal"]["value"], models["birch"]["refusal"]["value"]) == (0.4, 0.0)
    assert refusal["groups"][0]["ranked_by"] == "mean"


def profiled(dataset, task, tmp_path):
    file = tmp_path / "p.yaml"
    file.write_text(
        'regex: \\[\\[(\\d)\\]\\]\nprompt_template_with_ref: "{question}{reference}{response}"\n'
        'prompt_template_wo_ref: "{question}{response}"\n',
        encoding="utf-8",
    )
    spec = {"name": "old", "model": "m", "profile": "llmjp-v1", "prompt_file": "p.yaml"}
    judge = create_judge(OPERATOR, dataset, spec, folder=tmp_path)
    replies = ["評価：[[2]]", "評価：[[7]]", "読めません", None, "[[4]] か [[1]]"]
    for response, reply in zip(
        Response.objects.filter(model="alder").order_by("item_key"), replies, strict=True
    ):
        call = JudgeCall.objects.create(judge=judge, response=response, mode="ref", repeat=1)
        body = json.dumps({"choices": [{"message": {"content": reply}}]}) if reply else ""
        Attempt.objects.create(call=call, number=1, reply=body)
        read = profiles.read_reply(judge.spec["prompt"], reply or "", [1, 2, 3, 4, 5])
        status = read.status if reply else "transport"
        Verdict.objects.create(call=call, status=status, score="" if read.score is None else str(read.score))
    return judge


def test_a_profile_shows_the_tools_numbers_beside_the_honest_ones(world, tmp_path, client) -> None:
    dataset, task = world
    judge = profiled(dataset, task, tmp_path)
    board = leaderboard_of(OPERATOR, task.release, judge=judge, resamples=50)["boards"][0]
    # The tool: 2, 7, (dropped), 1 for the missing reply, 4: of four two below 3, two above; mean 14 / 4
    assert board["published"]["alder"] == {
        "n": 4,
        "score": 3.5,
        "violation": 50.0,
        "acceptable": 50.0,
        "api": 20.0,
        "pattern_match": 40.0,
    }
    model = board["groups"][0]["models"]["alder"]
    # Honest: 2 and 4 are scores, the other three are failures with a name, and two questions are no sample
    assert (model["judged"], model["unparsed"], model["shares"]["violation"]["value"]) == (2, 3, None)
    assert model["bounds"]["violation"] == {"low": 0.2, "high": 0.8}
    client.force_login(make_member(dataset, Role.RESEARCHER))
    page = shown(dataset, client, judge="old", HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert "llm-jp-judge v1" in page


def test_page_command_and_files_have_the_same_numbers(world, client, capsys) -> None:
    dataset, task = world
    client.force_login(make_member(dataset, Role.RESEARCHER))
    name = {"dataset": dataset.slug}
    told = client.get(reverse("judging:leaderboard_json", kwargs=name)).json()
    call_command("leaderboard", "--release", task.release.name, "--json")
    assert json.loads(capsys.readouterr().out) == told
    page = shown(dataset, client).content.decode()
    group = told["boards"][0]["groups"][0]
    for model in group["models"].values():
        leaf = model["shares"]["violation"]
        assert f"{100 * leaf['value']:.1f}%" in page  # no space in Japanese
        assert f"[{100 * leaf['low']:.1f}, {100 * leaf['high']:.1f}]" in page
    pair = group["differences"][0]["violation"]
    assert f"{100 * pair['value']:.1f}</b>" in page
    lines = csv.DictReader(
        io.StringIO(client.get(reverse("judging:leaderboard_csv", kwargs=name)).content.decode("utf-8-sig"))
    )
    by = {(line["model"], line["statistic"]): line["value"] for line in lines}
    assert float(by["alder", "violation"]) == group["models"]["alder"]["shares"]["violation"]["value"]
    assert float(by["alder - birch", "violation"]) == pair["value"]
    assert float(by["alder", "rank 1"]) == group["ranks"]["alder"][0]


def test_who_still_rates_blind_sees_nothing(world, client) -> None:
    dataset, task = world
    person = make_member(dataset, Role.RESEARCHER, Role.RATER)
    other, _people = make_task(dataset, models=("ebony",), raters=0, name="open")
    other.raters.add(*_raters(dataset, person))
    client.force_login(person)
    page = shown(dataset, client).content.decode()
    assert "alder" not in page
    assert (
        client.get(reverse("judging:leaderboard_json", kwargs={"dataset": dataset.slug})).status_code == 404
    )
    with pytest.raises(NotAllowed):
        leaderboard_of(person, task.release)


def _raters(dataset, person):
    from annotation.actions.tasks import rater_for

    return [rater_for(dataset, person)]


@pytest.mark.parametrize("role", [Role.RATER, Role.AUTHOR])
def test_it_does_not_exist_for_other_roles(world, client, role) -> None:
    dataset, _task = world
    client.force_login(make_member(dataset, role))
    assert shown(dataset, client).status_code == 404


@pytest.mark.parametrize(
    "query", [{"judge": "nobody"}, {"mode": "x"}, {"benchmark": "x"}, {"release": "none"}, {"release": "\0"}]
)
def test_unknown_words_in_the_address_are_another_address(world, client, query) -> None:
    dataset, _task = world
    client.force_login(make_member(dataset, Role.LEAD))
    assert shown(dataset, client, **query).status_code == 404


def test_an_empty_dataset_says_what_to_do(client) -> None:
    dataset = make_world_dataset()
    client.force_login(make_member(dataset, Role.LEAD))
    page = shown(dataset, client)
    assert page.status_code == 200
    assert reverse("judging:judges", kwargs={"dataset": dataset.slug}) in page.content.decode()


@pytest.mark.parametrize("given", [{"seed": -1}, {"resamples": 1}, {"resamples": 10**9}])
def test_numbers_that_no_resampling_has_are_refused(world, given) -> None:
    with pytest.raises(Invalid) as refused:
        leaderboard_of(OPERATOR, world[1].release, **given)
    assert refused.value.field == next(iter(given))


def test_names_of_models_are_escaped(world, client) -> None:
    dataset, task = world
    make_responses(dataset, task.release, models=("<b>x</b>",))
    response = Response.objects.filter(model="<b>x</b>").first()
    call = JudgeCall.objects.create(judge=boards_judge("oak"), response=response, mode="ref", repeat=1)
    Verdict.objects.create(call=call, status="ok", score="5")
    client.force_login(make_member(dataset, Role.LEAD))
    page = shown(dataset, client).content.decode()
    assert "<b>x</b>" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page


def test_plane_leaves_out_what_has_no_value_and_parts_labels() -> None:
    def leaf(value):
        return {"value": value, "low": value, "high": value}

    assert plane([{"name": "a", "x": leaf(None), "y": leaf(0.1)}]) is None
    drawn = plane([{"name": name, "x": leaf(0.2), "y": leaf(0.5)} for name in "abc"])
    assert drawn is not None
    assert [tick["label"] for tick in drawn["x_ticks"]] == ["0", "10", "20", "30", "40", "50"]
    labels = sorted(point["label_y"] for point in drawn["points"])
    assert all(below - above >= 19 for above, below in pairwise(labels))


def test_a_benchmark_of_two_turns_averages_its_two_judges(world) -> None:
    dataset, task = world
    for name, prompt in (("t1", "conversation_turn1_ja"), ("t2", "conversation_turn2_ja")):
        create_judge(OPERATOR, dataset, {"name": name, "model": "m", "prompt": prompt})
        judge = Judge.objects.get(name=name)
        for response in Response.objects.filter(model="alder"):
            call = JudgeCall.objects.create(judge=judge, response=response, mode="ref", repeat=1)
            Verdict.objects.create(call=call, status="ok", score="8" if name == "t1" else "5")
    found = leaderboard_of(OPERATOR, task.release, benchmark=named("conversation"), resamples=50)
    (board,) = found["boards"]
    model = board["groups"][0]["models"]["alder"]
    assert (found["benchmark"], board["judge"], board["groups"][0]["ranked_by"]) == (
        "conversation",
        "t1 + t2",
        "mean",
    )
    # Five answers, each with an 8 and a 5
    assert (model["mean"]["value"], model["calls"]) == (6.5, 10)
    assert leaderboard_of(OPERATOR, task.release, benchmark=named("quality"), resamples=50)["boards"] == []


def test_query_counts_do_not_grow_with_models_and_judges_run_here(world, client) -> None:
    dataset, task = world
    client.force_login(make_member(dataset, Role.RESEARCHER))
    shown(dataset, client)

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert shown(dataset, client).status_code == 200
        return len(caught)

    before = queries()
    make_responses(dataset, task.release, models=("fir", "gum", "hazel"))
    for name in ("elm", "yew", "ash"):
        create_judge(OPERATOR, dataset, {"name": name, "model": f"of-{name}"})
        for response in Response.objects.filter(dataset=dataset):
            call = JudgeCall.objects.create(
                judge=Judge.objects.get(name=name), response=response, mode="ref", repeat=1
            )
            Verdict.objects.create(call=call, status="ok", score="4")
    assert queries() == before


def test_only_the_board_that_is_looked_at_is_computed(world, client) -> None:
    _dataset, task = world
    judge_all(task, "oak", SCORES, mode="noref")
    found = leaderboard_of(
        OPERATOR, task.release, resamples=50, ranked=lambda place, board: board.mode == "noref"
    )
    assert [(board["mode"], len(board["groups"])) for board in found["boards"]] == [("ref", 0), ("noref", 1)]


def other_task(dataset, release, scale=(1, 2, 3), name="stars"):
    """A later task, by another rubric, of responses that stand in the first."""
    given = {"name": name, "kind": "ordinal", "scale": list(scale), "violation_at_most": 1}
    rubric = keep_rubric(OPERATOR, dataset, given)
    task = RatingTask.objects.create(dataset=dataset, release=release, name=f"by {name}", rubric=rubric)
    populate(task, [(response, None) for response in Response.objects.filter(dataset=dataset)])
    return task


def test_a_later_task_with_another_rubric_changes_nothing_for_a_judge_known_by_name(world, client) -> None:
    dataset, task = world
    before = leaderboard_of(OPERATOR, task.release, resamples=50)
    other_task(dataset, task.release)
    assert leaderboard_of(OPERATOR, task.release, resamples=50) == before
    assert (before["boards"][0]["rubric"], before["scale_unknown"]) == ("safety5", [])


def test_a_judge_known_by_name_whose_verdicts_came_in_on_two_scales_is_named_not_ranked(
    world, client, capsys
) -> None:
    dataset, task = world
    rows = [VerdictRow(1, "q0", "alder", "oak", 3, mode="noref")]
    assert import_verdicts(OPERATOR, other_task(dataset, task.release), rows).new == 1
    found = leaderboard_of(OPERATOR, task.release, resamples=50)
    assert (found["boards"], found["scale_unknown"]) == (
        [],
        [{"judge": "oak", "rubrics": ["safety5 v1", "stars v1"]}],
    )
    client.force_login(make_member(dataset, Role.RESEARCHER))
    assert "oakは順位の対象外です" in shown(dataset, client).content.decode()
    call_command("leaderboard", "--release", task.release.name)
    assert "came in on safety5 v1, stars v1; its scale is not known" in capsys.readouterr().out


def test_the_same_verdicts_again_on_another_scale_leave_the_judges_scale(world) -> None:
    dataset, task = world
    later = other_task(dataset, task.release, scale=(1, 2, 3, 4, 5), name="likert")
    judge_all(later, "oak", SCORES)
    assert [rubric.name for rubric in boards_judge("oak").rubrics.all()] == ["safety5"]
