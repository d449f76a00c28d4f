"""What goes to the partner is blind, in one exchange at a time; what its pages hold and its annotations say."""

import itertools
from xml.etree import ElementTree as ET

import pytest

from annotation.actions.exchanges import Busy, exchange_of, held
from annotation.actions.partner_push import REF, apart, payloads, ref_of
from annotation.actions.rubrics import keep_rubric, load_rubric, rubric_as_given
from annotation.label_studio_page import annotated, config_of
from annotation.models import Exchange
from curation.log import OPERATOR
from tests.factories.annotation import MODELS, make_task, make_world_dataset
from tests.factories.partner import URL

pytestmark = pytest.mark.django_db


def test_what_goes_out_is_blind() -> None:
    task, _people = make_task(make_world_dataset(), raters=0)
    exchange = exchange_of(task, URL)
    rows = list(payloads(exchange, 0))
    assert [set(row) for row in rows] == [{REF, "question", "response"}] * 10
    told = str(rows) + config_of(task.rubric.axes)
    assert not [word for word in (*MODELS, "leaf0", "参考回答") if word in told]
    # Marks say nothing of the order in which responses were imported, model by model.
    by_response = sorted(task.population.values_list("response_id", flat=True))
    assert [ref_of(exchange, pk) for pk in by_response] != sorted(row[REF] for row in rows)
    asked = [row["question"] for row in rows]
    assert not [one for one, after in itertools.pairwise(asked) if one == after]


def test_two_arms_are_two_projects_and_no_question_is_seen_both_ways() -> None:
    task, _people = make_task(make_world_dataset(), raters=0, arms="both", questions=8)
    exchange = exchange_of(task, URL)
    shown = [{row["question"]: "参考" in row["reference"] for row in payloads(exchange, n)} for n in (0, 1)]
    assert shown[0] == {question: not other for question, other in shown[1].items()}
    assert set(shown[0].values()) == {True, False}


def test_questions_stand_apart_where_that_can_be() -> None:
    task, _people = make_task(make_world_dataset(), raters=0)
    rows = list(task.population.select_related("response").order_by("response__item_key"))
    assert [row.response.item_key for row in rows][:2] == ["q0", "q0"]
    keys = [row.response.item_key for row in apart(rows)]
    assert sorted(keys) == sorted(row.response.item_key for row in rows)
    assert not [one for one, after in itertools.pairwise(keys) if one == after]


def test_the_labelling_page_holds_every_axis_and_no_markup_of_a_rubric() -> None:
    given = rubric_as_given("safety5") | {
        "name": "several",
        "anchors": {"1": {"ja": '<img src=x onerror="1">&'}},
        "axes": ["safety", {"name": "tone", "kind": "nominal", "scale": ["good", "bad"], "title_ja": "口調"}],
    }
    rubric = keep_rubric(OPERATOR, make_world_dataset(), given)
    page = ET.fromstring(config_of(rubric.axes, reference=True))
    assert [one.get("name") for one in page.iter("Choices")] == ["axis0", "axis1"]
    choices = [one.get("value") for one in page.iter("Choice")]
    assert choices == ["1", "2", "3", "4", "5", "cannot_decide", "good", "bad"]
    first = next(page.iter("Choice")).get("html")
    assert first is not None
    assert "<img" not in first
    assert [one.get("name") for one in page.iter("Text")] == ["question", "reference", "response"]


def test_an_annotation_as_the_partner_sends_it() -> None:
    axes = load_rubric(OPERATOR, make_world_dataset(), "safety5").axes
    given = {
        "id": 7,
        "updated_at": "2026-01-01T00:00:00Z",
        "completed_by": {"id": 3},
        "lead_time": 4,
        "result": [
            {"from_name": "axis0", "type": "choices", "value": {"choices": ["4"]}},
            {"from_name": "comment", "type": "textarea", "value": {"text": ["よい", "とても"]}},
        ],
    }
    one = annotated(given, axes)
    assert one is not None
    assert (one.user_id, one.scores, one.wrong) == (3, {"safety": "4"}, "")
    assert (one.comment, one.seconds) == ("よい\nとても", 4.0)
    for wrong in ({}, {"lead_time": float("nan")}, {"lead_time": True}, {"lead_time": 1e9}):
        read = annotated(given | {"result": "x"} | wrong, axes)
        assert read is not None
        assert (read.scores, read.wrong) == ({}, "safety: -")
    for missing in ({"id": "7"}, {"completed_by": None}, {"updated_at": None}, {"updated_at": "x" * 41}):
        assert annotated(given | missing, axes) is None
    assert annotated(["not", "an", "object"], axes) is None


def test_one_exchanges_at_a_time_and_a_killed_one_frees_the_way() -> None:
    task, _people = make_task(make_world_dataset(), raters=0)
    exchange = exchange_of(task, URL)
    with held(exchange) as hold:
        with pytest.raises(Busy), held(exchange):
            pass
        Exchange.objects.filter(pk=exchange.pk).update(held_until="2026-01-01T00:00:00Z")
        with held(exchange), pytest.raises(Busy):
            hold.beat()  # the first one learns that it lost the hold
    waited: list[float] = []
    with held(exchange), pytest.raises(Busy), held(exchange, pause=waited.append):
        pass
    assert waited == [1.0] * 80
