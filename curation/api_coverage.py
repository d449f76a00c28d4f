"""Coverage and targets for programs."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BooleanField, JSONField, Serializer

from curation.actions.quotas import changes, set_quotas
from curation.api import OfDataset
from curation.formats.quotas import SPLITS, read_rows
from curation.formats.records import Record
from curation.models import Dataset
from curation.queries import coverage, leaves_of, quotas_of, routine_of, standing
from curation.rules import require

MOST_ROWS = 10_000


class TargetsSerializer(Serializer[Any]):
    """`targets`: a list of {"ID" or the three labels, "dev"?, "test"?}; `dry_run` only says what would change."""

    targets = JSONField()
    dry_run = BooleanField(default=False)


class Coverage(OfDataset):
    """Every leaf with its numbers and targets. PUT sets targets of the rows it is sent, all of them or none."""

    serializer_class: Any = TargetsSerializer

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, dataset: str) -> Response:
        return Response(_body(self.dataset_of_items))

    @extend_schema(request=TargetsSerializer, responses=OpenApiTypes.OBJECT)
    def put(self, request: Request, dataset: str) -> Response:
        found = self.dataset
        require(self.person, "set_quotas", found)
        given = self.given(TargetsSerializer, request).validated_data
        rows = given["targets"]
        if not isinstance(rows, list) or len(rows) > MOST_ROWS or not all(isinstance(r, dict) for r in rows):
            return Response({"detail": _("“targets” must be a list of objects.")}, status=400)
        paths = {leaf.pk: leaf.path for leaf in leaves_of(found)}
        read = read_rows((Record(n, n, row) for n, row in enumerate(rows, 1)), paths)
        if read.apart:
            wrong = [{"row": row.row, "field": row.field, "reason": row.reason} for row in read.apart]
            return Response(
                {"detail": _("Some rows cannot be used; nothing was saved."), "rows": wrong}, status=400
            )
        if given["dry_run"]:
            done = changes(found, read.targets)
        else:
            done = set_quotas(self.person, found, read.targets)
        told = [{"id": each.leaf, "split": each.split, "was": each.was, "now": each.now} for each in done]
        return Response({"changed": told, "dry_run": given["dry_run"]})


def _body(dataset: Dataset) -> dict[str, Any]:
    routine, targets = routine_of(dataset), quotas_of(dataset)
    leaves = [
        {
            "id": cell.category.pk,
            "labels": cell.category.labels,
            "approved": cell.approved,
            "in_work": cell.in_work,
            "reserved": cell.reserved,
            "targets": {split: targets.get(cell.category.pk, {}).get(split, 0) for split in SPLITS},
            "standing": standing(cell, routine),
        }
        for cell in coverage(dataset)
    ]
    caps = {name: getattr(routine, name) for name in ("soft_cap", "hard_cap", "reserve_hours")}
    return {"leaves": leaves, "routine": caps}
