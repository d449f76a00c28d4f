"""Earlier texts of an item for programs, and taking one into the own draft."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from curation.actions import restoring
from curation.api import OneItem
from curation.queries import revisions_seen, unseen_of
from curation.rules import require
from curation.serializers import draft_body


class EarlierSerializer(serializers.Serializer[Any]):
    """One of the two, by its id: a revision of the item, or a draft of one's own that was kept."""

    revision = serializers.IntegerField(required=False, min_value=1)
    kept = serializers.IntegerField(required=False, min_value=1)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError("Name either a revision or a kept draft.")
        return attrs


class ItemRestore(OneItem):
    """GET lists what can be taken up again; POST puts it into the own draft and answers with that."""

    serializer_class = EarlierSerializer

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, dataset: str, pk: int) -> Response:
        item = self.item
        require(self.person, "restore_revision", item)
        revisions = revisions_seen(item, unseen_of(self.person, item))
        kept = restoring.kept_drafts_of(self.person, item)
        return Response(
            {
                "revisions": [
                    {"id": each.pk, "number": each.number, "created_at": each.created_at}
                    for each in revisions
                    if not each.redacted
                ],
                "kept": [
                    {
                        "id": each.pk,
                        "question": each.question,
                        "answer": each.answer,
                        "created_at": each.created_at,
                    }
                    for each in kept
                ],
            }
        )

    @extend_schema(request=EarlierSerializer, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, dataset: str, pk: int) -> Response:
        item, asked = self.item, self.given(EarlierSerializer, request).validated_data
        if "revision" in asked:
            return Response(draft_body(restoring.restore_revision(self.person, item, asked["revision"])))
        return Response(draft_body(restoring.bring_back(self.person, item, asked["kept"])))
