"""What was typed meets a revision that came meanwhile: merged by passage, and asked where both changed the same words."""

from __future__ import annotations

from typing import Any

from curation.merging import merged, settled
from curation.models import Draft, Item, Revision
from curation.textdiff import changes

PARTS = ("question", "answer")


def meet(item: Item, draft: Draft, fields: dict[str, Any], *, base: int | None) -> dict[str, Any] | None:
    """What the page shows of it; puts into `fields` what could be merged. None where the item has no revision.

    `base` is the revision that the writing began from, where the page knows it; else it is the one that stood when
    the draft was saved last.
    """
    newest = item.current_revision
    if newest is None:
        return None
    began = _began_from(item, draft, base)
    shown: dict[str, Any] = {"sides": [], "merged": began is not None}
    for part in PARTS:
        typed, there = fields[part], getattr(newest, part)
        before = getattr(began, part) if began else ""
        shown[part] = changes(there, typed)
        passages = merged(before, typed, there)
        if any(passage[0] == "conflict" for passage in passages):
            shown["sides"].append({"name": part, "base": before, "theirs": there})
            shown["merged"] = False
        elif began:
            fields[part] = settled(passages)
            shown[part] = changes(there, fields[part])
    return shown


def _began_from(item: Item, draft: Draft, base: int | None) -> Revision | None:
    older = item.revisions.exclude(pk=item.current_revision_id or 0).select_related(
        "question_text", "answer_text"
    )
    if base:
        return older.filter(pk=base).first()
    if draft.saved_at is None:
        return None
    return older.filter(created_at__lte=draft.saved_at).order_by("number").last()
