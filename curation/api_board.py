"""The lead's board for programs."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from curation.api import OfDataset
from curation.board import board_of, plain
from curation.rules import allows


class BoardView(OfDataset):
    """What people did on each of 30 days, what waits and since when, acceptance with n and interval, forecasts in days."""

    serializer_class: Any = Serializer

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, dataset: str) -> Response:
        found = self.dataset
        if not allows(self.person, "see_board", found):
            return Response(status=404)
        return Response(plain(board_of(self.person, found)))
