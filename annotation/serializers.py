"""Shape of what the API takes and gives. Neither models nor ratings of others are ever part of it for a rater."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from annotation.models import Assignment, Rating, RatingTask
from annotation.queries import reference_of


class TaskSerializer(serializers.ModelSerializer[RatingTask]):
    release = serializers.CharField(source="release.name", default=None)
    rubric = serializers.CharField(source="rubric.__str__", read_only=True)
    plan = serializers.CharField(source="plan.name", default="all")
    responses = serializers.IntegerField(read_only=True)
    ratings = serializers.IntegerField(source="ratings_made", read_only=True)
    raters = serializers.IntegerField(source="raters_n", read_only=True)

    class Meta:
        model = RatingTask
        fields = [
            "id",
            "name",
            "release",
            "rubric",
            "state",
            "external",
            "overlap",
            "seed",
            "split",
            "arms",
            "plan",
            "gold_share",
            "qualify_at",
            "responses",
            "ratings",
            "raters",
        ]


class NewTaskSerializer(serializers.Serializer[Any]):
    """What `create_task` needs: releases by name, rubrics by name or name@version, raters as they sign in."""

    name = serializers.CharField(max_length=80)
    release = serializers.CharField(max_length=60)
    rubric = serializers.CharField(max_length=80, default="safety5")
    models = serializers.ListField(child=serializers.CharField(max_length=300), default=list)
    split = serializers.ChoiceField(choices=RatingTask.Split.choices, default=RatingTask.Split.ALL)
    plan = serializers.CharField(max_length=20, default="all")
    per_cell = serializers.IntegerField(required=False, allow_null=True, default=None)
    total = serializers.IntegerField(required=False, allow_null=True, default=None)
    drawn = serializers.ListField(child=serializers.DictField(), default=list)
    raters = serializers.ListField(child=serializers.CharField(max_length=150), default=list)
    overlap = serializers.IntegerField(default=3)
    seed = serializers.IntegerField(default=0, min_value=-(2**62), max_value=2**62)
    arms = serializers.ChoiceField(choices=RatingTask.Arms.choices, default=RatingTask.Arms.WITHOUT)
    gold_share = serializers.FloatField(default=0.0)
    qualify_at = serializers.FloatField(required=False, allow_null=True, default=None)


class NewRatingSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=64)
    score = serializers.CharField(max_length=40, required=False, allow_null=True, default=None)
    scores = serializers.DictField(
        child=serializers.CharField(max_length=40),
        default=dict,
        help_text="Points of the rubric's further axes",
    )
    cannot_decide = serializers.BooleanField(default=False)
    comment = serializers.CharField(default="", allow_blank=True, max_length=20_000)
    seconds = serializers.FloatField(required=False, allow_null=True, default=None)
    client_id = serializers.CharField(max_length=64, required=False, allow_null=True, default=None)


def blind(held: Assignment | None) -> dict[str, Any] | None:
    """What a rater gets of a response: its texts and the token, nothing that names the model.

    `reference` is null in the arm that does not show the reference answer.
    """
    if held is None:
        return None
    response = held.response
    return {
        "token": held.token,
        "expires_at": held.expires_at,
        "question": response.question_text.shown if response.question_text else "",
        "response": response.text.shown if response.text else "",
        "reference": reference_of(held, held.task) if held.with_reference else None,
    }


def own_rating(rating: Rating) -> dict[str, Any]:
    return {"id": rating.pk, "score": rating.score or None, "cannot_decide": rating.cannot_decide}
