"""What the checks say of an item, and dismissing it, for programs."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from curation.actions import dismissals
from curation.api import OneItem
from curation.check_words import sentence_of, words_of
from curation.checks import Finding
from curation.models import Dismissal
from curation.queries import dismissals_of
from curation.rules import require


class DismissalSerializer(serializers.Serializer[Any]):
    """A finding by its fingerprint, and why it is all right as it is."""

    finding = serializers.CharField(max_length=32)
    reason = serializers.CharField(max_length=2000)


class FindingSerializer(serializers.Serializer[Any]):
    finding = serializers.CharField(max_length=32)


class ItemChecks(OneItem):
    """What the checks say of the person's own draft and of the newest revision.

    POST dismisses a finding with a reason, DELETE brings it back. A finding is named by its fingerprint, which stays
    while the text at its places does; 409 where no finding has it any more.
    """

    serializer_class = DismissalSerializer

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, dataset: str, pk: int) -> Response:
        return self.findings()

    @extend_schema(request=DismissalSerializer, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, dataset: str, pk: int) -> Response:
        item, given = self.item, self.given(DismissalSerializer, request).validated_data
        dismissals.dismiss(self.person, item, fingerprint=given["finding"], reason=given["reason"])
        return self.findings(status.HTTP_201_CREATED)

    @extend_schema(request=FindingSerializer, responses=OpenApiTypes.OBJECT)
    def delete(self, request: Request, dataset: str, pk: int) -> Response:
        item, given = self.item, self.given(FindingSerializer, request).validated_data
        dismissals.bring_back(self.person, item, fingerprint=given["finding"])
        return self.findings()

    def findings(self, code: int = status.HTTP_200_OK) -> Response:
        item = self.item
        require(self.person, "dismiss", item)
        said = {each.fingerprint: each for each in dismissals_of(item)}
        found = {each.fingerprint: each for each in dismissals.standing(self.person, item)}
        rows = [_body(each, said.get(fingerprint)) for fingerprint, each in found.items()]
        return Response({"findings": rows}, status=code)


def _body(finding: Finding, dismissal: Dismissal | None) -> dict[str, Any]:
    words = words_of(finding)
    return {
        "finding": finding.fingerprint,
        "check": finding.key,
        "part": finding.part,
        "level": finding.level,
        "sentence": sentence_of(finding),
        "why": str(words.why),
        "mend": str(words.mend),
        "places": [
            {"start": place.start, "end": place.end, "text": place.text, "instead": place.instead}
            for place in finding.places
        ],
        "dismissed": {
            "by": dismissal.person.pseudonym,
            "reason": dismissal.reason,
            "at": dismissal.created_at,
        }
        if dismissal
        else None,
    }
