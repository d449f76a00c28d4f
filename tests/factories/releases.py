"""Frozen releases written row by row, for what reads them: nothing is reviewed, drawn or gated."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from curation.actions.releases import counts_of, keep_rows, root_of
from curation.actions.texts import keep_texts
from curation.models import Dataset, Item, Release, ReleaseItem
from curation.release_hashes import row_hash
from curation.similar import text_hash

LABELS = ("Area A", "Type A", "Leaf A0")


def row(key: str, **cells: Any) -> dict[str, Any]:
    """The cells of one row; what is not named is the same for every row of the id."""
    return {
        "id": key,
        "question": f"{key}の質問です。",
        "answer": f"{key}の参考回答です。\n二行目です。",
        "split": "dev",
        "labels": LABELS,
        "attributes": {},
        "sources": [],
        "translations": {},
        "item": None,
    } | cells


def make_frozen(dataset: Dataset, name: str, rows: Iterable[dict[str, Any]], **fields: Any) -> Release:
    """A release that holds the rows, hashed as a freeze hashes them; `fields` are the release's own."""
    given = list(rows)
    keep_texts(text for cells in given for text in _texts(cells))
    built = [_built(position, cells) for position, cells in enumerate(given)]
    values = {"version": "1.0.0", "hash_version": 2, "root_hash": root_of(built)} | fields
    release = Release.objects.create(
        dataset=dataset,
        name=name,
        size=len(built),
        counts=counts_of(built),
        **values,
    )
    keep_rows(release, built)
    return release


def _texts(cells: dict[str, Any]) -> list[str]:
    translated = [text for parts in cells["translations"].values() for text in parts.values() if text]
    return [cells["question"], *([cells["answer"]] if cells["answer"] else []), *translated]


def _built(position: int, cells: dict[str, Any]) -> ReleaseItem:
    answer = text_hash(cells["answer"]) if cells["answer"] else None
    translations = {
        locale: {part: text_hash(text) if text else None for part, text in parts.items()}
        for locale, parts in cells["translations"].items()
    }
    rest = {name: cells[name] for name in ("attributes", "sources")}
    item: Item | None = cells["item"]
    labels = list(cells["labels"])
    question = text_hash(cells["question"])
    return ReleaseItem(
        position=position,
        external_id=cells["id"],
        item=item,
        revision=item.current_revision if item else None,
        question_text_id=question,
        answer_text_id=answer,
        labels=labels,
        split=cells["split"],
        translations=translations,
        content_hash=row_hash(
            question=question, answer=answer, labels=labels, translations=translations, **rest
        ),
        **rest,
    )
