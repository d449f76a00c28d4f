"""Changes of several items for programs: prepare, carry out, take back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from curation import filters as asked
from curation.actions import batches
from curation.actions.batches.verbs import Plan
from curation.api import OfDataset
from curation.errors import Invalid
from curation.models import Batch, Category, Dataset
from curation.queries import batches_visible_to, items_visible_to, told
from curation.rules import require
from curation.serializers import ReasonsSerializer

NEWEST = 50


class BatchSerializer(serializers.Serializer[Any]):
    """A verb; the items by `ids`, or by `filters` with the names and values of the list; what goes with the verb."""

    verb = serializers.ChoiceField(choices=Batch.Verb.choices)
    ids = serializers.ListField(child=serializers.IntegerField(min_value=1), required=False)
    filters = serializers.DictField(child=serializers.CharField(allow_blank=True), required=False)
    category = serializers.ListField(
        child=serializers.CharField(max_length=255), required=False, default=list
    )
    reasons = ReasonsSerializer(required=False, default=dict)
    open_to_all = serializers.BooleanField(required=False, default=False)


class SaidSerializer(serializers.Serializer[Any]):
    comment = serializers.CharField(default="", allow_blank=True, max_length=20_000)


def batch_body(batch: Batch) -> dict[str, Any]:
    """Numbers by outcome, and why items were refused or left, with some of them by id."""
    came_to = told(batch)
    why = [
        {
            "outcome": each.outcome,
            "why": each.sentence,
            "count": each.count,
            "items": [pk for pk, _name in each.items],
        }
        for each in came_to.why
    ]
    return {"id": batch.pk, "verb": batch.verb, "state": batch.state, "counts": came_to.counts, "why": why}


class BatchList(OfDataset):
    """The newest changes. POST looks at one: nothing is written on any item."""

    serializer_class = BatchSerializer

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, dataset: str) -> Response:
        newest = batches_visible_to(self.person, self.dataset)[:NEWEST]
        rows = [{"id": each.pk, "verb": each.verb, "state": each.state} for each in newest]
        return Response({"results": rows})

    @extend_schema(request=BatchSerializer, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, dataset: str) -> Response:
        found = self.dataset
        require(self.person, "bulk", found)
        given = self.given(BatchSerializer, request).validated_data
        plan = Plan(
            verb=given["verb"],
            category=_category(found, given["category"]),
            reasons={part: code for part, code in given["reasons"].items() if code},
            open_to_all=given["open_to_all"],
        )
        ids, narrowed = self._items(found, given)
        batch = batches.prepare(self.person, found, plan, ids, filters=narrowed)
        return Response(batch_body(batch), status=status.HTTP_201_CREATED)

    def _items(self, dataset: Dataset, given: dict[str, Any]) -> tuple[list[int], dict[str, str]]:
        if ("ids" in given) == ("filters" in given):
            raise Invalid(_("Name the items by “ids” or by “filters”."), field="ids")
        if "ids" in given:
            return given["ids"], {}
        narrowed = asked.read(given["filters"], self.person, dataset, spare=False)
        items = narrowed.apply(items_visible_to(self.person, dataset)).order_by("pk")
        return list(items.values_list("pk", flat=True)[: batches.MOST + 1]), narrowed.given


def _category(dataset: Dataset, labels: list[str]) -> Category | None:
    return Category.objects.filter(taxonomy=dataset.taxonomy_id, path="\t".join(labels), level=3).first()


class OneBatch(OfDataset):
    serializer_class: Any = SaidSerializer

    @property
    def batch(self) -> Batch:
        return get_object_or_404(batches_visible_to(self.person, self.dataset), pk=self.kwargs["pk"])


class BatchDetail(OneBatch):
    """What would happen, is happening or happened."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, dataset: str, pk: int) -> Response:
        return Response(batch_body(self.batch))


class BatchVerb(OneBatch):
    """Goes on for some seconds: ask again while the state is `running` or `undoing`."""

    verb: Callable[..., Batch]

    def answer_to(self, batch: Batch, **given: Any) -> Response:
        return Response(batch_body(type(self).verb(self.person, batch, seconds=10.0, **given)))


class BatchCarryOut(BatchVerb):
    """Do what was looked at. `comment` is what the authors read."""

    verb = staticmethod(batches.carry_out)

    @extend_schema(request=SaidSerializer, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, dataset: str, pk: int) -> Response:
        batch = self.batch
        return self.answer_to(batch, **self.given(SaidSerializer, request).validated_data)


class BatchUndo(BatchVerb):
    """Take it back where nothing happened since."""

    verb = staticmethod(batches.undo)

    @extend_schema(request=None, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, dataset: str, pk: int) -> Response:
        return self.answer_to(self.batch)
