"""Reviewing for programs: the next item of the queue and who has which in hand."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from curation.actions import leases, moves
from curation.api import OfDataset, OneItem, body_of
from curation.errors import NotAllowed
from curation.models import Lease
from curation.queries import reviewers_for, writers_for
from curation.rules import needs, require
from curation.serializers import category_named


class AfterSerializer(serializers.Serializer[Any]):
    """`after`: the revision that was left; the search goes on behind it."""

    after = serializers.IntegerField(min_value=0, default=0)


class TokenSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=40)


class PartSerializer(serializers.Serializer[Any]):
    """What the item is in hand for."""

    part = serializers.ChoiceField(choices=Lease.Part.values, default=Lease.Part.REVIEW)


class ToSerializer(PartSerializer):
    """`to`: the sign-in name of a reviewer, or of an author."""

    to = serializers.CharField(max_length=150)


def lease_body(lease: Lease) -> dict[str, Any]:
    return {"token": lease.token, "taken_at": lease.taken_at, "expires_at": lease.expires_at}


class MoveSerializer(serializers.Serializer[Any]):
    """The exact labels of the category from the root, and the revision that was read."""

    category = serializers.ListField(child=serializers.CharField(max_length=255))
    revision = serializers.IntegerField()
    comment = serializers.CharField(default="", allow_blank=True, max_length=20_000)
    client_id = serializers.CharField(max_length=64, required=False, allow_null=True, default=None)


class NextReview(OfDataset):
    """POST: the item that the person reviews now, in their hands until `expires_at`; 204 where nothing waits."""

    serializer_class = AfterSerializer

    @extend_schema(request=AfterSerializer, responses={200: OpenApiTypes.OBJECT, 204: None})
    def post(self, request: Request, dataset: str) -> Response:
        found = self.dataset
        refusal = needs(self.person, found, "reviewer")
        if refusal:
            raise NotAllowed(refusal)
        after = self.given(AfterSerializer, request).validated_data["after"]
        lease = leases.lease_review(self.person, found, after=after)
        if lease is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        return Response({**body_of(self.person, lease.item), "lease": lease_body(lease)})


class NextWriting(OfDataset):
    """POST: the next item that stands open for writers, behind the item `after`, in the person's hands; 204 at the end."""

    serializer_class = AfterSerializer

    @extend_schema(request=AfterSerializer, responses={200: OpenApiTypes.OBJECT, 204: None})
    def post(self, request: Request, dataset: str) -> Response:
        found = self.dataset
        require(self.person, "write", found)
        after = self.given(AfterSerializer, request).validated_data["after"]
        lease = leases.lease_writing(self.person, found, after=after)
        if lease is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        return Response({**body_of(self.person, lease.item), "lease": lease_body(lease)})


class ItemLease(OneItem):
    """POST takes the item in hand, PUT with the token is a sign of life, DELETE gives it back.

    `?part=write`: to write it, where it stands open for several; otherwise to review it.
    """

    serializer_class = TokenSerializer

    @property
    def part(self) -> str:
        asked = PartSerializer(data=self.request.query_params.dict())
        asked.is_valid(raise_exception=True)
        return str(asked.validated_data["part"])

    @extend_schema(request=None, parameters=[PartSerializer], responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, dataset: str, pk: int) -> Response:
        lease = leases.lease_item(self.person, self.item, self.part)
        return Response(lease_body(lease), status=status.HTTP_201_CREATED)

    @extend_schema(request=TokenSerializer, responses=OpenApiTypes.OBJECT)
    def put(self, request: Request, dataset: str, pk: int) -> Response:
        assert self.item
        given = self.given(TokenSerializer, request).validated_data
        return Response(lease_body(leases.beat(self.person, **given)))

    @extend_schema(parameters=[PartSerializer], responses={204: None})
    def delete(self, request: Request, dataset: str, pk: int) -> Response:
        leases.let_go(self.person, self.item, self.part)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ItemHandOver(OneItem):
    """Give the item to somebody by name, to review or to write."""

    serializer_class = ToSerializer

    @extend_schema(request=ToSerializer, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, dataset: str, pk: int) -> Response:
        item = self.item
        given = self.given(ToSerializer, request).validated_data
        people = {Lease.Part.REVIEW: reviewers_for, Lease.Part.WRITE: writers_for}[given["part"]](item)
        to = get_object_or_404(people, username=given["to"])
        leases.hand_over(self.person, item, to=to, part=given["part"])
        return self.answer()


class ItemMove(OneItem):
    """Move the item to the category where it belongs; `warning` says where that one holds more than it should."""

    serializer_class = MoveSerializer

    @extend_schema(request=MoveSerializer, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, dataset: str, pk: int) -> Response:
        item = self.item
        values = dict(self.given(MoveSerializer, request).validated_data)
        category = category_named(item, values.pop("category"))
        done = moves.move(self.person, item, category, **values)
        body = {**body_of(self.person, self.item), "warning": done.warning}
        return Response(body, status=status.HTTP_201_CREATED)
