"""Threads and notices for programs."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from curation.actions import comments
from curation.actions.notices import mark_seen
from curation.api import OfDataset, OneItem
from curation.models import Comment, Notice
from curation.queries import comments_seen_by, notices_of, threads_of, unseen_of
from curation.serializers import CommentSerializer


class ResolvedSerializer(serializers.Serializer[Any]):
    """`resolved`: true settles the thread, false takes it up again."""

    resolved = serializers.BooleanField()


class SeenSerializer(serializers.Serializer[Any]):
    """The ids of notices, or all up to the id `up_to`."""

    ids = serializers.ListField(child=serializers.IntegerField(min_value=1), required=False, max_length=500)
    up_to = serializers.IntegerField(required=False, min_value=0, default=0)


class NoticeSerializer(serializers.ModelSerializer[Notice]):
    """What happened, in ids; `actor` is the pseudonym of whoever spoke to the person."""

    actor = serializers.CharField(source="actor.pseudonym", default=None)

    class Meta:
        model = Notice
        fields = ["id", "kind", "item", "comment", "job", "actor", "created_at", "seen_at"]


def comment_body(row: Comment) -> dict[str, Any]:
    return {
        "id": row.pk,
        "reply_to": row.reply_to_id,
        "author": row.person.pseudonym,
        "body": row.body,
        "mentions": sorted(mention.person.username for mention in row.mentions.all()),
        "created_at": row.created_at,
    }


class ItemComments(OneItem):
    """GET: threads, oldest first. POST: say something, as an answer where `reply_to` names a comment."""

    serializer_class = CommentSerializer

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, dataset: str, pk: int) -> Response:
        item = self.item
        found = threads_of(self.person, item, unseen_of(self.person, item))
        threads = [
            {
                **comment_body(thread.comment),
                "resolved": thread.resolved,
                "replies": [comment_body(row) for row in thread.replies],
            }
            for thread in found
        ]
        return Response({"threads": threads})

    @extend_schema(request=CommentSerializer, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, dataset: str, pk: int) -> Response:
        item = self.item  # first: for a stranger there is none, whatever they send
        given = self.given(CommentSerializer, request).validated_data
        made = comments.comment(self.person, item, **given)
        return Response(comment_body(made), status=status.HTTP_201_CREATED)


class CommentResolve(OneItem):
    """Settle the thread that the comment opened, or take it up again."""

    serializer_class = ResolvedSerializer

    @extend_schema(request=ResolvedSerializer, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, dataset: str, pk: int, comment: int) -> Response:
        seen = comments_seen_by(self.person, self.item).filter(reply_to=None)
        opening = get_object_or_404(seen.select_related("item__dataset"), pk=comment)
        given = self.given(ResolvedSerializer, request).validated_data
        comments.resolve(self.person, opening, **given)
        return Response({"id": opening.pk, "resolved": given["resolved"]})


class NoticeList(OfDataset, ListAPIView[Notice]):
    """The person's notices, newest first; ?new=1 for those that are not seen."""

    serializer_class = NoticeSerializer
    queryset = Notice.objects.none()

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return Notice.objects.none()
        found = notices_of(self.person, self.dataset).select_related("actor")
        return found.filter(seen_at=None) if self.request.query_params.get("new") == "1" else found


class NoticesSeen(OfDataset):
    """Mark notices as seen."""

    serializer_class = SeenSerializer

    @extend_schema(request=SeenSerializer, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, dataset: str) -> Response:
        found = self.dataset
        given = self.given(SeenSerializer, request).validated_data
        count = mark_seen(self.person, found, ids=given.get("ids"), up_to=given["up_to"])
        return Response({"seen": count})
