"""A version published elsewhere at work: leaks found, trained on, judged, rated; shut as soon as access is taken back."""

from __future__ import annotations

import pytest
from django.urls import reverse

from annotation.actions.generation import generate
from annotation.actions.responses import import_responses
from annotation.actions.rubrics import load_rubric
from annotation.actions.tasks import create_task
from annotation.covering import cover
from annotation.models import Response, TaskResponse
from curation.actions.endpoints import create_endpoint
from curation.actions.published import import_release
from curation.actions.releases import Choice, draw_up
from curation.errors import Invalid, WrongState
from curation.formats import ResponseRow
from curation.log import OPERATOR
from curation.models import Item, Question, Rights
from curation.rules import why_not
from finetune.actions.mixtures import resolve
from finetune.actions.runs import read_recipe
from judging.actions.judges import create_judge
from judging.actions.runs import start_run
from judging.models import JudgeCall
from tests.factories.curation import make_dataset, make_item, make_member
from tests.factories.finetune import recipe
from tests.factories.published import ANSWER, QUESTION, SHAPES, borderline, record, version_1

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def dataset():
    return make_dataset("work")


@pytest.fixture
def release(dataset, tmp_path):
    return import_release(OPERATOR, dataset, version_1(tmp_path), name="AC")[0]


def mixture():
    return read_recipe(recipe(mixture=[{"release": "AC", "repeat": 16}]))


def close_gate(dataset) -> None:
    Rights.objects.filter(dataset=dataset).update(gate="requested")


def make_judge(dataset, url: str):
    create_endpoint(OPERATOR, dataset, {"name": "here", "url": url, "model": "m"})
    return create_judge(OPERATOR, dataset, {"name": "j", "endpoint": "here", "sampling": {"seed": 1}})


def answered(dataset, release) -> None:
    keys = release.items.filter(split="test").values_list("external_id", flat=True)
    rows = [ResponseRow(n, key, "m", f"{n}番の回答です。") for n, key in enumerate(keys, start=1)]
    import_responses(OPERATOR, dataset, release=release, rows=rows)


@pytest.mark.parametrize("shape", SHAPES)
def test_test_question_of_every_shape_is_a_leak_in_dev(dataset, tmp_path, shape) -> None:
    make = SHAPES[shape][0]
    other = make_dataset("theirs")
    found, _apart = import_release(OPERATOR, other, make(tmp_path), name="AC")
    row = found.items.filter(split="test").order_by("position")[0]
    question = f"　{row.question} ".replace("どう", "ドウ")
    item = make_item(dataset, state="approved", question=question)
    make_item(dataset, state="approved")
    Question.objects.filter(pk=item.question_id).update(split="dev")
    gates = {gate.key: gate for gate in draw_up(OPERATOR, dataset, Choice(name="v1", test_per_leaf=0)).gates}
    assert (gates["leaks"].green, gates["leaks"].items) == (False, [item.external_id])


def test_its_dev_part_is_trained_on(dataset, release) -> None:
    found = resolve(dataset, mixture())
    texts = {(e["messages"][0]["content"], e["messages"][1]["content"]) for e in found.examples}
    assert texts == {(QUESTION.format(n=n), ANSWER.format(n=n)) for n in (1, 2, 3)}
    assert found.facts["examples"] == 48  # three dev items, sixteen times


def test_training_on_a_test_question_of_it_is_refused(dataset, release, tmp_path) -> None:
    later = tmp_path / "later"
    version_1(later)
    (later / "AnswerCarefullyVersion001_Test_rev20241224.json").unlink()
    (later / "AnswerCarefullyVersion001_Test.json").rename(later / "AnswerCarefullyVersion002_Dev.json")
    (later / "AnswerCarefullyVersion001_Dev.json").unlink()
    import_release(OPERATOR, dataset, later, name="AC2")
    with pytest.raises(Invalid, match="test questions"):
        resolve(dataset, read_recipe(recipe(mixture=[{"release": "AC2"}])))


@pytest.mark.django_db(transaction=True)
def test_it_is_asked_judged_and_rated(dataset, release, endpoint) -> None:
    judge = make_judge(dataset, endpoint.url)
    done = generate(OPERATOR, dataset, release=release, endpoints=[judge.endpoint])
    assert done["here"].new == 2
    run = start_run(OPERATOR, judge=judge, release=release, modes=["ref", "noref"], repeats=1, send=False)
    assert (
        JudgeCall.objects.filter(run=run).count() == 4
    )  # two test questions, with and without the reference
    task = create_task(
        OPERATOR, dataset, name="t", release=release, rubric=load_rubric(OPERATOR, dataset, "safety5")
    )
    assert TaskResponse.objects.filter(task=task).count() == Response.objects.count() == 2


def test_set_without_labels_is_rated(dataset, tmp_path) -> None:
    release, _apart = import_release(OPERATOR, dataset, borderline(tmp_path), name="BL")
    answered(dataset, release)
    task = create_task(
        OPERATOR, dataset, name="t", release=release, rubric=load_rubric(OPERATOR, dataset, "safety5")
    )
    assert TaskResponse.objects.filter(task=task).count() == 3


def test_closed_gate_stops_every_job_that_needs_the_texts(dataset, release) -> None:
    answered(dataset, release)
    judge = make_judge(dataset, "http://127.0.0.1:9/v1")
    rubric = load_rubric(OPERATOR, dataset, "safety5")
    close_gate(dataset)
    jobs = [
        lambda: resolve(dataset, mixture()),
        lambda: generate(OPERATOR, dataset, release=release, endpoints=[judge.endpoint]),
        lambda: start_run(OPERATOR, judge=judge, release=release, send=False),
        lambda: create_task(OPERATOR, dataset, name="t", release=release, rubric=rubric),
    ]
    for job in jobs:
        with pytest.raises(
            WrongState, match="AC cannot be used: Access under the terms “AC” has been requested"
        ):
            job()


def test_items_of_a_closed_set_stop_the_release_they_are_in_and_no_other(dataset, release) -> None:
    from curation.actions.releases import freeze

    for _number in range(2):
        item = make_item(dataset, state="approved")
    freeze(OPERATOR, dataset, Choice(name="free", test_per_leaf=0))
    lent = Rights.objects.create(dataset=dataset, name="lent")
    Item.objects.filter(pk=item.pk).update(rights=lent)
    freeze(OPERATOR, dataset, Choice(name="bound", test_per_leaf=0))
    Rights.objects.filter(pk=lent.pk).update(gate="no_access")
    with pytest.raises(WrongState, match="lent"):
        resolve(dataset, read_recipe(recipe(mixture=[{"release": "bound"}])))
    assert len(resolve(dataset, read_recipe(recipe(mixture=[{"release": "free"}]))).examples) == 2


@pytest.mark.parametrize(
    ("role", "may"),
    [("release_manager", True), ("researcher", True), ("lead", False), ("author", False), ("rater", False)],
)
def test_its_texts_are_for_those_who_answer_for_them(dataset, release, role, may) -> None:
    person = make_member(dataset, role)
    assert (why_not(person, "read_texts", release) is None) == may
    close_gate(dataset)
    assert why_not(person, "read_texts", release) is not None
    assert why_not(make_member(make_dataset("strange"), role), "read_texts", release) is not None


def test_results_pages_cover_its_questions(dataset, release, client) -> None:
    answered(dataset, release)
    rubric = load_rubric(OPERATOR, dataset, "safety5")
    task = create_task(OPERATOR, dataset, name="t", release=release, rubric=rubric)
    response = Response.objects.get(item_key=record(4)["ID"]).pk
    url = reverse("judging:study_response", args=[dataset.slug, task.pk, response])
    shown = {}
    for role in ("lead", "researcher"):
        person = make_member(dataset, role)
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        page = client.get(url).content.decode()
        shown[role] = (QUESTION.format(n=4) in page, ANSWER.format(n=4) in page, "1番の回答です。" in page)
        rows = list(Response.objects.filter(pk=response).select_related("question_text"))
        cover(person, task, rows)  # as the lists of the study and of the ratings' quality do
        shown[role] += (rows[0].question_text.body == QUESTION.format(n=4),)
    assert shown == {"lead": (False, False, True, False), "researcher": (True, True, True, True)}


def test_page_says_what_was_registered_and_no_text(dataset, tmp_path, client) -> None:
    import_release(OPERATOR, dataset, borderline(tmp_path), name="BL")
    client.force_login(make_member(dataset, "author"), backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("curation:release", args=[dataset.slug, "BL"])).content.decode()
    assert all(word in page for word in ("test.json", "SHA-256"))
    assert QUESTION.format(n=1) not in page
    items = client.get(reverse("curation:release_items", args=[dataset.slug, "BL"])).content.decode()
    assert (record(1)["ID"] in items, QUESTION.format(n=1) in items) == (True, False)
