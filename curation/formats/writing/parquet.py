"""Parquet with an explicit schema: a column that is empty in one release has the same type as in the next."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .rows import META_KEYS, META_ORDERS, SPLITS, ReleaseRow, by_split, locales

if TYPE_CHECKING:
    import pyarrow as pa


def schema(
    translated: Sequence[str], *, output_field: str = "output", meta_order: Sequence[str] = META_KEYS
) -> "pa.Schema":
    """The Arrow schema: ID, text, output, meta{3}, attributes (JSON text), content_hash, then two per locale."""
    import pyarrow as pa

    text = pa.string()
    return pa.schema(
        [
            pa.field("ID", text, nullable=False),
            pa.field("text", text, nullable=False),
            pa.field(output_field, text, nullable=False),
            pa.field("meta", pa.struct([pa.field(key, text) for key in meta_order]), nullable=False),
            pa.field("attributes", text),
            pa.field("content_hash", text),
            *(pa.field(f"{part}_{locale}", text) for locale in translated for part in ("question", "answer")),
        ]
    )


def write_parquet(
    rows: Iterable[ReleaseRow],
    folder: Path,
    *,
    output_field: str = "output",
    meta_order: Sequence[str] = META_ORDERS["hf"],
    name: str = "{split}.parquet",
    splits: Sequence[str] = SPLITS,
) -> list[Path]:
    """{dev,test}.parquet; every key in every row. The same rows give the same bytes (for one version of pyarrow)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kept = list(rows)
    translated = locales(kept)
    wanted = schema(translated, output_field=output_field, meta_order=meta_order)
    written = []
    for split in splits:
        chosen = by_split(kept)[split]
        table = pa.table(_columns(chosen, translated, output_field), schema=wanted)
        path = folder / name.format(split=split)
        pq.write_table(table, path, compression="snappy", version="2.6", store_schema=True)
        written.append(path)
    return written


def _columns(rows: list[ReleaseRow], translated: Sequence[str], output_field: str) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {
        "ID": [row.external_id for row in rows],
        "text": [row.question for row in rows],
        output_field: [row.answer for row in rows],
        "meta": [dict(zip(META_KEYS, row.labels, strict=True)) for row in rows],
        "attributes": [json.dumps(dict(row.attributes), ensure_ascii=False, sort_keys=True) for row in rows],
        "content_hash": [row.content_hash for row in rows],
    }
    for locale in translated:
        for part in ("question", "answer"):
            columns[f"{part}_{locale}"] = [row.translations.get(locale, {}).get(part) for row in rows]
    return columns
