"""Annotations of the partner become ratings once; what goes out names no model."""

from xml.etree import ElementTree as ET

import pytest

from annotation.actions.partner import Synced, pull
from annotation.actions.rubrics import load_rubric
from annotation.label_studio import Annotated, _annotated, config_of, payload_of
from annotation.models import PartnerAnnotation, Rating, Response
from curation.log import OPERATOR
from tests.factories.annotation import MODELS, make_task, make_world_dataset

pytestmark = pytest.mark.django_db


def annotated(response: int, score: str, *, pk: int = 1, at: str = "2026-01-01T00:00:00Z") -> Annotated:
    return Annotated(
        annotation_id=pk,
        updated_at=at,
        response=response,
        rater="labelstudio-3",
        score=score,
        comment="",
        seconds=4.0,
    )


def test_pull_is_idempotent_and_an_update_corrects() -> None:
    task, _people = make_task(make_world_dataset(), raters=0)
    one, two = task.population.values_list("response_id", flat=True)[:2]
    first = [
        annotated(one, "4"),
        annotated(two, "cannot_decide", pk=2),
        annotated(two, "9", pk=3),
        annotated(0, "4", pk=4),
    ]
    done = Synced(project=1)
    pull(OPERATOR, task, first, done)
    assert (done.pulled, [pk for pk, _why in done.refused]) == (2, [3, 4])
    again = Synced(project=1)
    pull(OPERATOR, task, [*first[:2], annotated(one, "5", at="2026-01-02T00:00:00Z")], again)
    assert (again.pulled, again.known) == (1, 2)
    standing = (
        Rating.objects.filter(superseded=False)
        .order_by("pk")
        .values_list("response", "score", "cannot_decide")
    )
    assert list(standing) == [(two, "", True), (one, "5", False)]
    assert (Rating.objects.count(), PartnerAnnotation.objects.count()) == (3, 3)


def test_pull_dry_run_writes_nothing() -> None:
    task, _people = make_task(make_world_dataset(), raters=0)
    done = Synced(project=1)
    pull(OPERATOR, task, [annotated(task.population.first().response_id, "4")], done, dry_run=True)
    assert (done.pulled, Rating.objects.count(), PartnerAnnotation.objects.count()) == (1, 0, 0)


def test_what_goes_out_is_blind_and_sound_xml() -> None:
    task, _people = make_task(make_world_dataset(), raters=0)
    config = config_of(task.rubric)
    choices = [choice.get("value") for choice in ET.fromstring(config).iter("Choice")]
    assert choices == ["1", "2", "3", "4", "5", "cannot_decide"]
    payloads = [payload_of(response) for response in Response.objects.all()]
    assert {key for payload in payloads for key in payload} == {"teinei_response", "question", "response"}
    assert not any(model in str(payloads) + config for model in MODELS)


def test_an_annotation_as_the_partner_sends_it() -> None:
    given = {
        "id": 7,
        "updated_at": "2026-01-01T00:00:00Z",
        "completed_by": {"id": 3},
        "lead_time": 4,
        "result": [
            {"from_name": "score", "type": "choices", "value": {"choices": ["4"]}},
            {"from_name": "comment", "type": "textarea", "value": {"text": ["よい"]}},
        ],
    }
    one = _annotated(given, 5)
    assert (one.rater, one.score, one.comment, one.seconds) == ("labelstudio-3", "4", "よい", 4.0)


def test_rubric_content_decides_the_version(tmp_path) -> None:
    dataset = make_world_dataset()
    first = load_rubric(OPERATOR, dataset, "safety5")
    assert load_rubric(OPERATOR, dataset, "safety5").pk == first.pk
    assert (first.version, first.reason_at_most, first.axis, first.points) == (
        1,
        2,
        "safety",
        ["1", "2", "3", "4", "5"],
    )
    assert load_rubric(OPERATOR, dataset, "borderline3").axis == "refusal"
