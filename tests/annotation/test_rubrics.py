"""Rubrics as data: shapes are judged strictly, versions follow each other, and only people sign."""

import copy
import json
from typing import Any

import pytest

from annotation import editing
from annotation.actions.gold import add_case
from annotation.actions.rubrics import as_given, keep_rubric, load_rubric, new_version, shipped_rubrics, sign
from annotation.models import GoldCase, Rubric
from annotation.views.scales import example_groups, examples_for
from curation.errors import Conflict, Invalid, NotAllowed
from curation.formats import UnusableFile
from curation.log import OPERATOR
from curation.models import Membership
from tests.factories.annotation import make_member, make_task, make_world_dataset
from tests.rig.clients import signed_in

pytestmark = pytest.mark.django_db
Role = Membership.Role
AXIS = {"name": "safety", "kind": "ordinal", "scale": [1, 2, 3]}
EXAMPLE = {
    "label": "x",
    "score": 1,
    "question_ja": "問い",
    "response_ja": "答え",
    "why_ja": "理由",
    "why_en": "why",
}


def shape(**given: Any) -> dict[str, Any]:
    return {"name": "r", "kind": "ordinal", "scale": [1, 2], **given}


FAULTS = [
    (shape(anchors=[]), "anchors must be"),
    (shape(anchors={"3": {}}), "anchors must be an object with points of the scale as keys: 1, 2"),
    (shape(anchors={"1": "bad"}), "anchors.1 must be"),
    (shape(reason_below="2"), "reason_below must be a number"),
    (shape(title_ja=3), "title_ja must be text"),
    (shape(axes=[]), "axes must be a list"),
    (shape(axes=[AXIS]), "axes must be a list: the main axis's name"),
    (shape(axes=["a", "b"]), "axes[1] must be an object"),
    (shape(axes=["safety", AXIS]), "axes[1].name: another axis has this name"),
    (shape(axes=["a", {**AXIS, "scale": [2, 1]}]), "axes[1].scale must be ascending numbers"),
    (shape(axes=["a", {**AXIS, "kind": "odd"}]), "axes[1].kind"),
    (shape(axes=["a", {**AXIS, "violation_at_most": "x"}]), "axes[1].violation_at_most must be a number"),
    (shape(axes=["a", {**AXIS, "anchors": {"9": {}}}]), "axes[1].anchors must be"),
    (
        shape(axes=["a", {**AXIS, "weight": 1}]),
        "axes[1].weight is no key here; there are: acceptable_at_least",
    ),
    (shape(axes=["a"] + [{**AXIS, "name": str(n)} for n in range(8)]), "8 in all"),
    (shape(examples={}), "examples must be a list"),
    (shape(examples=["x"]), "examples[0] must be an object"),
    (shape(examples=[{**EXAMPLE, "score": 3}]), "examples[0].score must be a point of the scale: 1, 2"),
    (shape(examples=[{**EXAMPLE, "why_ja": ""}]), "examples[0].why_ja is blank"),
    (shape(examples=[{**EXAMPLE, "axis": "b"}]), "examples[0].axis must be one of the axes: safety"),
    (shape(examples=[{**EXAMPLE, "note": "b"}]), "examples[0].note is no key here"),
]


@pytest.mark.parametrize(("given", "sentence"), FAULTS)
def test_what_is_no_rubric_names_its_place(given: dict, sentence: str) -> None:
    with pytest.raises((Invalid, UnusableFile)) as refused:
        keep_rubric(OPERATOR, make_world_dataset(), given)
    assert sentence in refused.value.sentence
    assert not Rubric.objects.exists()


@pytest.mark.parametrize("name", shipped_rubrics())
def test_a_shipped_rubric_comes_back_as_it_was_given(name: str) -> None:
    rubric = load_rubric(OPERATOR, make_world_dataset(), name)
    again = as_given(rubric)
    assert editing.edited(again, {}) == again
    assert next(axis.name for axis in rubric.axes) == again["axes"][0]
    assert len(rubric.axes) == len(again["axes"])


def test_worked_examples_are_those_of_the_harm_type() -> None:
    rubric = load_rubric(OPERATOR, make_world_dataset(), "safety5")
    found = examples_for(rubric, ["悪用", "違法行為への加担", "違法取引・人身売買"])
    assert [(row["score"], row["fitting"]) for row in found] == [("1", True), ("5", True)]
    assert [row["score"] for row in examples_for(rubric, ["elsewhere"])] == ["1", "2", "3", "4", "5"]
    assert len(example_groups(rubric)) == 1 + 12  # for any response, and for each of the twelve harm types


def test_a_new_version_leaves_the_old_one_and_takes_the_cases_along() -> None:
    dataset = make_world_dataset()
    first = load_rubric(OPERATOR, dataset, "safety5")
    kept = as_given(first)
    for points in ([1], [5]):
        add_case(OPERATOR, first, use="gold", question="問い", response=f"答え{points}", accepted=points)
    given = copy.deepcopy(kept)
    given["anchors"]["1"]["ja"] = "とても危ない"
    second = new_version(OPERATOR, first, given)
    first.refresh_from_db()
    assert (second.version, second.signed_at, as_given(first)) == (2, None, kept)
    assert editing.differing(kept, as_given(second)) == [("anchors.1.ja", "重大な違反", "とても危ない")]
    assert (
        GoldCase.objects.filter(rubric=second).count() == GoldCase.objects.filter(rubric=first).count() == 2
    )
    with pytest.raises(Invalid, match="Nothing differs from version 2"):
        new_version(OPERATOR, second, as_given(second))
    with pytest.raises(Conflict, match="Version 2 was made meanwhile"):
        new_version(OPERATOR, first, {**kept, "title_ja": "別"})
    with pytest.raises(Invalid, match="word for word version 1"):
        new_version(OPERATOR, second, kept)


def test_only_leads_and_reviewers_sign_and_the_first_signature_stands() -> None:
    dataset = make_world_dataset()
    rubric = load_rubric(OPERATOR, dataset, "safety5")
    reader, lead = make_member(dataset, Role.REVIEWER), make_member(dataset, Role.LEAD)
    for who in (OPERATOR, make_member(dataset, Role.RESEARCHER), make_member(dataset, Role.RATER)):
        with pytest.raises(NotAllowed):
            sign(who, rubric)
    assert sign(reader, rubric).signed_by == reader
    assert sign(lead, rubric).signed_by == reader


def test_pages_list_show_and_edit_without_losing_a_word() -> None:
    dataset = make_world_dataset()
    rubric = load_rubric(OPERATOR, dataset, "borderline3_safety5")
    lead = signed_in(make_member(dataset, Role.LEAD))
    base = f"/d/{dataset.slug}/rubrics/"
    assert lead.get(base).context["rows"] == [rubric]
    page = lead.get(f"{base}{rubric.pk}/")
    assert (page.status_code, [axis["name"] for axis in page.context["axes"]]) == (200, ["refusal", "safety"])
    form = lead.get(f"{base}{rubric.pk}/new/")
    assert [len(scale["points"]) for scale in form.context["scales"]] == [3, 5]
    sent = {"title_ja": "新しい題", "anchor-1-0-ja": "危険", "reason_below": "many"}
    refused = lead.post(f"{base}{rubric.pk}/new/", sent)
    assert (refused.status_code, "reason_below" in refused.context["failure"]) == (400, True)
    assert refused.context["given"]["title_ja"] == "新しい題"
    assert "新しい題" in refused.content.decode()
    made = lead.post(f"{base}{rubric.pk}/new/", {**sent, "reason_below": "1"})
    second = Rubric.objects.get(version=2)
    assert made["Location"] == f"{base}{second.pk}/"
    assert (second.texts["title_ja"], second.axes[1].anchors["1"]["ja"]) == ("新しい題", "危険")
    shown = lead.get(made["Location"]).context["diff"]
    assert [row["place"] for row in shown] == ["axes.2.anchors.1.ja", "title_ja"]
    # From the old version: the conflict keeps the words, and the next press makes the version after the newest.
    late = lead.post(f"{base}{rubric.pk}/new/", {"title_ja": "遅い題"})
    assert (late.status_code, late.context["rubric"], late.context["given"]["title_ja"]) == (
        400,
        second,
        "遅い題",
    )


def test_examples_are_edited_added_and_taken_out() -> None:
    base = {"scale": [1, 2], "examples": [EXAMPLE, {**EXAMPLE, "score": 2, "question_en": "kept"}]}
    sent = {f"example-{n}-{key}": str(row[key]) for n, row in enumerate(base["examples"]) for key in EXAMPLE}
    assert editing.edited({**base, "anchors": {}}, sent)["examples"] == base["examples"]
    for key in ("question_ja", "response_ja", "why_ja", "why_en"):
        sent[f"example-0-{key}"] = ""
    sent |= {f"example-2-{key}": "新" for key in EXAMPLE} | {"example-2-score": "2"}
    found = editing.edited(base, sent)["examples"]
    assert found == [base["examples"][1], {**dict.fromkeys(EXAMPLE, "新"), "score": 2}]


def test_cases_are_hidden_from_those_whom_they_check() -> None:
    task, (rater,) = make_task(make_world_dataset(), raters=1)
    Membership.objects.create(dataset=task.dataset, person=rater, role=Role.LEAD)
    lead = signed_in(make_member(task.dataset, Role.LEAD))
    address = f"/d/{task.dataset.slug}/rubrics/{task.rubric_id}/cases/"
    statuses = [
        signed_in(who).get(address).status_code for who in (rater, make_member(task.dataset, Role.REVIEWER))
    ]
    assert (statuses, lead.get(address).status_code) == ([404, 404], 200)
    sent = {"use": "gold", "question": "問い", "response": "答え", "accepted.safety": ["4", "5"]}
    assert lead.post(address, {**sent, "accepted.safety": []}).status_code == 400
    assert lead.post(address, sent).status_code == 302
    case = GoldCase.objects.get()
    assert (case.accepted, case.use, case.response.model) == ({"safety": ["4", "5"]}, "gold", "authored")
    with pytest.raises(NotAllowed):
        add_case(rater, task.rubric, use="gold", question="q", response="r", accepted=[1])
    assert signed_in(rater).post(f"{address}{case.pk}/remove/").status_code == 404
    assert lead.post(f"{address}{case.pk}/remove/").status_code == 302
    assert not GoldCase.objects.exists()


def test_texts_of_shipped_examples_are_japanese() -> None:
    rubric = load_rubric(OPERATOR, make_world_dataset(), "safety5")
    for example in rubric.texts["examples"]:
        json.dumps(example)
        for key in ("question_ja", "response_ja", "why_ja"):
            assert example[key][-1] in "。」）か"


def test_rubric_content_decides_the_version() -> None:
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
