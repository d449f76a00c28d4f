"""What a reader or a form lets through fits its column. PostgreSQL ends the whole act where it does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.db.models import CharField, Model
from rest_framework import serializers

from annotation.actions.rubrics import load_rubric
from annotation.forms import TaskForm
from annotation.models import Rater, Rating, RatingTask, Response, Rubric
from annotation.serializers import NewRatingSerializer, NewTaskSerializer
from curation.actions.texts import longest
from curation.errors import TeineiError
from curation.formats import fields
from curation.forms import FreezeForm, Step
from curation.log import OPERATOR
from curation.models import Category, Release, Revision, Translation
from curation.serializers import CommentSerializer, ReviewSerializer, SubmitSerializer
from finetune.actions.runs import read_recipe
from finetune.forms import LaunchForm
from finetune.models import TrainingRun
from judging.models import Judge, Verdict
from tests.factories.curation import make_dataset
from tests.factories.finetune import recipe

pytestmark = pytest.mark.django_db

# A limit of the readers (which know no models), and the columns that what it lets through ends in.
READERS: list[tuple[int, list[tuple[type[Model], str]]]] = [
    (fields.ID_LIMIT, [(Response, "item_key")]),
    (fields.NAME_LIMIT, [(Response, "model")]),
    (fields.LOCALE_LIMIT, [(Translation, "locale")]),
    (fields.RUBRIC_LIMIT, [(Rubric, "name")]),
    (fields.RATER_LIMIT, [(Rater, "pseudonym")]),
    (fields.JUDGE_LIMIT, [(Judge, "name")]),
    (fields.AXIS_LIMIT, [(Rating, "axis")]),
    (fields.SCORE_LIMIT, [(Rating, "score"), (Verdict, "score")]),
]
FIELDS: list[tuple[Any, str, type[Model], str]] = [
    (FreezeForm, "name", Release, "name"),
    (Step, "client_id", Revision, "client_id"),
    (TaskForm, "name", RatingTask, "name"),
    (LaunchForm, "name", TrainingRun, "name"),
    (SubmitSerializer, "client_id", Revision, "client_id"),
    (ReviewSerializer, "client_id", Revision, "client_id"),
    (CommentSerializer, "client_id", Revision, "client_id"),
    (NewTaskSerializer, "name", RatingTask, "name"),
    (NewTaskSerializer, "rubric", Rubric, "name"),
    (NewRatingSerializer, "score", Rating, "score"),
    (NewRatingSerializer, "client_id", Rating, "client_id"),
    (SubmitSerializer, "category", Category, "label"),
]


@pytest.mark.parametrize(("limit", "columns"), READERS)
def test_limit_of_a_reader_is_the_length_of_its_column(
    limit: int, columns: list[tuple[type[Model], str]]
) -> None:
    assert [longest(*column) for column in columns] == [limit] * len(columns)


@pytest.mark.parametrize(("form", "name", "model", "column"), FIELDS)
def test_field_takes_no_more_than_its_column(form: Any, name: str, model: type[Model], column: str) -> None:
    declared = form.base_fields if issubclass(form, forms.BaseForm) else form._declared_fields
    field = declared[name]
    if isinstance(field, serializers.ListField):
        field = field.child
    assert 0 < field.max_length <= longest(model, column)


def test_every_text_column_of_one_line_has_a_length() -> None:
    """`longest` answers for all of them."""
    from django.apps import apps

    for floor in ("curation", "annotation", "judging", "finetune"):
        for model in apps.get_app_config(floor).get_models():
            for field in model._meta.local_fields:
                if isinstance(field, CharField):
                    assert longest(model, field.name) > 0


def rubric_file(folder: Path, **change: Any) -> Path:
    given = {"name": "mine", "kind": "nominal", "scale": ["yes", "no"]} | change
    place = folder / "rubric.json"
    place.write_text(json.dumps(given, ensure_ascii=False), encoding="utf-8")
    return place


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "change",
    [
        {"name": "n" * 81},
        {"name": "a\nb"},
        {"name": "a\u0000b"},
        {"scale": ["y" * 41, "no"]},
        {"scale": [1, 10**40], "kind": "ordinal"},
        {"scale": [1, float("inf")], "kind": "ordinal"},
        {"scale": "yes"},
        {"scale": []},
        {"kind": 5},
        {"reason_below": float("nan"), "kind": "ordinal", "scale": [1, 2]},
        {"anchors": {"yes": {"ja": "a\u0000b"}}},
        {"anchors": []},
        {"title_ja": "a\u0000b"},
        {"axes": ["x" * 41]},
    ],
)
def test_rubric_that_does_not_fit_is_refused_and_makes_no_row(change: dict[str, Any], tmp_path: Path) -> None:
    dataset = make_dataset(slug="demo")
    with pytest.raises(TeineiError) as caught:
        load_rubric(OPERATOR, dataset, str(rubric_file(tmp_path, **change)))
    assert str(caught.value)
    assert Rubric.objects.count() == 0


@pytest.mark.both_databases
def test_rubric_that_just_fits_is_kept(tmp_path: Path) -> None:
    dataset = make_dataset(slug="demo")
    made = load_rubric(OPERATOR, dataset, str(rubric_file(tmp_path, name="名" * 80, scale=["点" * 40, "no"])))
    made.refresh_from_db()
    assert (made.name, made.scale) == ("名" * 80, ["点" * 40, "no"])


def test_rubric_in_shift_jis_is_read(tmp_path: Path) -> None:
    place = tmp_path / "rubric.json"
    place.write_bytes('{"name": "尺度", "kind": "nominal", "scale": ["可", "否"]}'.encode("cp932"))
    assert load_rubric(OPERATOR, make_dataset(slug="demo"), str(place)).name == "尺度"


@pytest.mark.parametrize(
    "change",
    [
        {"name": "n" * 121},
        {"name": "a\u0000b"},
        {"name": "a\nb"},
        {"name": 5},
        {"system": "a\ud800"},
        {"learning_rate": float("nan")},
        {"learning_rate": True},
        {"epochs": -1},
        {"epochs": True},
        {"epochs": 1.5},
        {"seed": 10**40},
        {"mixture": {}},
        {"mixture": [{"release": []}]},
        {"mixture": [{"release": "a\u0000b"}]},
        {"model": {"kind": []}},
        {"unknown": 1},
    ],
)
def test_recipe_that_no_column_or_trainer_takes_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(TeineiError) as caught:
        read_recipe(recipe(**change))
    assert str(caught.value)
