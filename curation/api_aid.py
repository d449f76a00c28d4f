"""The drafting aid for programs."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from curation.actions import aid
from curation.api import OneItem
from curation.models import Item, Suggestion
from curation.rules import allows


class AidSerializer(serializers.Serializer[Any]):
    """`kind`: answer, harmless or evasive; `question`: what is sent to the model."""

    kind = serializers.ChoiceField(choices=Suggestion.Kind.values)
    question = serializers.CharField(max_length=20_000)


class ItemAid(OneItem):
    """GET: what the person asked the drafting aid for, the newest first. POST asks; a worker fetches the answer.

    404 where the person does not write the item or the aid is off. `failure` is one of the failure names of calls.
    """

    serializer_class = AidSerializer

    @property
    def open_item(self) -> Item:
        item = self.item
        if not allows(self.person, "ask_aid", item):
            raise Http404
        return item

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, dataset: str, pk: int) -> Response:
        rows = aid.suggestions_of(self.person, self.open_item)
        return Response({"suggestions": [_body(each) for each in rows]})

    @extend_schema(request=AidSerializer, responses={202: OpenApiTypes.OBJECT})
    def post(self, request: Request, dataset: str, pk: int) -> Response:
        item, given = self.open_item, self.given(AidSerializer, request).validated_data
        made = aid.ask_aid(self.person, item, **given)
        return Response(_body(made), status=status.HTTP_202_ACCEPTED)


def _body(made: Suggestion) -> dict[str, Any]:
    return {
        "id": made.pk,
        "kind": made.kind,
        "state": made.job.state if made.job else None,
        "text": made.text,
        "prompt": made.prompt,
        "prompt_hash": made.prompt_hash,
        "failure": made.failure,
        "job": made.job_id,
    }
