"""What models answered, from files: bound to the text of the question that a release froze."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from annotation.models import Response
from curation.actions.texts import keep_texts
from curation.formats import Quarantined, ResponseRow
from curation.formats.conversations import given_turns, questions_of
from curation.formats.faults import Fault, excerpt, gettext_noop
from curation.log import Actor, record
from curation.models import Dataset, Release, ReleaseItem
from curation.rules import require
from curation.similar import text_hash

Identity = tuple[str, str, str, str, str, int]


@dataclass(kw_only=True)
class ResponsesImported:
    """How many rows were new, how many were there already, and the rows that were set apart."""

    new: int = 0
    known: int = 0
    quarantined: list[Quarantined] = field(default_factory=list)


def identity(response: Response) -> Identity:
    """What makes a response the same one (decisions 14), beside its dataset."""
    return (
        response.item_key,
        response.question_hash,
        response.model,
        response.model_hash,
        response.settings_hash,
        response.sample_number,
    )


def settings_hash(settings: Any) -> str:
    """sha256 of the generation settings as canonical JSON; '' where none are given."""
    if not settings:
        return ""
    canonical = json.dumps(settings, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


@transaction.atomic
def import_responses(
    actor: Actor, dataset: Dataset, *, release: Release, rows: Sequence[ResponseRow]
) -> ResponsesImported:
    """Keep responses to a release's questions; the same file twice changes nothing.

    Set apart: items that the release does not hold, and a second, different text under one identity (several samples
    of one model need `sample` numbers), and `turns` that are not one answer for each question of the item. Extra keys
    `settings`, `model_hash` and `turns` are understood.
    """
    require(actor, "import_responses", dataset)
    frozen = {row.external_id: row for row in release.items.select_related("item", "question_text")}
    done = ResponsesImported()
    known = _known(dataset, {row.item for row in rows})
    fresh: list[Response] = []
    bodies: list[str] = []
    for row in rows:
        item = frozen.get(row.item)
        if item is None:
            done.quarantined.append(_unknown(row, release))
            continue
        try:
            response = made_of(dataset, item, row)
        except Fault as fault:
            done.quarantined.append(_unfit(row, fault))
            continue
        stands = known.get(identity(response))
        if stands is None:
            known[identity(response)] = response.text_id or ""
            fresh.append(response)
            bodies.append(row.response)
        elif stands == response.text_id:
            done.known += 1
        else:
            done.quarantined.append(_differs(row))
    keep_texts(bodies)
    Response.objects.bulk_create(fresh, batch_size=500)
    done.new = len(fresh)
    record(actor, "import_responses", release, new=done.new, known=done.known, apart=len(done.quarantined))
    return done


def made_of(dataset: Dataset, item: ReleaseItem, row: ResponseRow) -> Response:
    """An unsaved response to a frozen question; its text is kept by the caller. Fault for turns that do not fit."""
    questions = questions_of(item.question_text.body, item.attributes)
    return Response(
        dataset=dataset,
        item_id=item.item_id,
        item_key=item.external_id,
        question_hash=item.question_text_id,
        question_text_id=item.question_text_id,
        labels=item.labels,
        model=row.model,
        model_hash=str(row.extra.get("model_hash") or "")[:64],
        settings_hash=settings_hash(row.extra.get("settings")),
        sample_number=row.sample,
        text_id=text_hash(row.response),
        turns=given_turns(row.extra.get("turns"), questions),
    )


def _known(dataset: Dataset, items: Iterable[str]) -> dict[Identity, str]:
    keys = sorted(items)
    found: dict[Identity, str] = {}
    for start in range(0, len(keys), 500):
        rows = Response.objects.filter(dataset=dataset, item_key__in=keys[start : start + 500])
        found.update({identity(row): row.text_id or "" for row in rows})
    return found


def _unknown(row: ResponseRow, release: Release) -> Quarantined:
    return Quarantined(
        row.row,
        gettext_noop("%(release)s holds no item with this id"),
        field="item",
        excerpt=excerpt(row.item),
        values={"release": release.name},
    )


def _unfit(row: ResponseRow, fault: Fault) -> Quarantined:
    values = {"field": fault.field, **fault.values}
    return Quarantined(row.row, fault.template, field=fault.field, excerpt=fault.excerpt, values=values)


def _differs(row: ResponseRow) -> Quarantined:
    return Quarantined(
        row.row,
        gettext_noop("another response of %(model)s to this item is there already; number them by sample"),
        field="response",
        excerpt=excerpt(row.item),
        values={"model": row.model},
    )
