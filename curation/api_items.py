"""The list of items as a table, for programs."""

from __future__ import annotations

from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework.request import Request

from curation import filters, item_table
from curation.api import OfDataset
from curation.queries import items_visible_to


class ItemTable(OfDataset):
    """The rows and columns of the page of items as CSV; `encoding` may be utf-8-sig, for Excel."""

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR})
    def get(self, request: Request, dataset: str) -> HttpResponseBase:
        found = self.dataset_of_items
        asked = request.query_params
        narrowed = filters.read(asked, self.person, found, beside=("encoding",), spare=False)
        items = items_visible_to(self.person, found)
        encoding = asked.get("encoding", "")
        return item_table.answer(self.person, found, items, narrowed, encoding=encoding)
