"""How a dataset's people work, for programs."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from curation.actions.aid import endpoint_of, set_aid
from curation.actions.doubles import set_reviewing
from curation.actions.quotas import set_bands, set_routine
from curation.api import OfDataset
from curation.models import Dataset, Person, Routine
from curation.queries import lengths_in, routine_of
from curation.rules import require

CAPS = ("soft_cap", "hard_cap", "reserve_hours")
REVIEWING = ("lease_minutes", "twice_share", "second_after_fix")


class RoutineSerializer(serializers.Serializer[Any]):
    """What is named is set, the rest stays. `bands`: {"question"?: [least, most], "answer"?: [least, most]}.

    `aid`: the name of the model endpoint that writers may ask; null: none.
    """

    soft_cap = serializers.IntegerField(required=False)
    hard_cap = serializers.IntegerField(required=False, allow_null=True)
    reserve_hours = serializers.IntegerField(required=False)
    lease_minutes = serializers.IntegerField(required=False)
    twice_share = serializers.IntegerField(required=False)
    second_after_fix = serializers.BooleanField(required=False)
    bands = serializers.DictField(
        child=serializers.ListField(child=serializers.IntegerField(), min_length=2, max_length=2),
        required=False,
    )
    aid = serializers.CharField(required=False, allow_null=True, max_length=60)


class RoutineView(OfDataset):
    """The settings of the daily work. PATCH sets those that are named, all of them or none."""

    serializer_class: Any = RoutineSerializer

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, dataset: str) -> Response:
        return Response(_body(self.dataset_of_items))

    @extend_schema(request=RoutineSerializer, responses=OpenApiTypes.OBJECT)
    def patch(self, request: Request, dataset: str) -> Response:
        found = self.dataset
        require(self.person, "set_routine", found)
        given = self.given(RoutineSerializer, request).validated_data
        with transaction.atomic():
            _set(self.person, found, given)
        return Response(_body(self.dataset))


def _set(person: Person, dataset: Dataset, given: dict[str, Any]) -> None:
    held = routine_of(dataset)
    for names, act in ((CAPS, set_routine), (REVIEWING, set_reviewing)):
        if any(name in given for name in names):
            act(person, dataset, **{name: given.get(name, getattr(held, name)) for name in names})
    if "bands" in given:
        set_bands(person, dataset, given["bands"])
    if "aid" in given:
        set_aid(person, dataset, endpoint_of(dataset, given["aid"] or ""))


def _body(dataset: Dataset) -> dict[str, Any]:
    held: Routine = routine_of(dataset)
    return {name: getattr(held, name) for name in (*CAPS, *REVIEWING)} | {
        "bands": lengths_in(dataset),
        "aid": held.aid.name if held.aid else None,
    }
