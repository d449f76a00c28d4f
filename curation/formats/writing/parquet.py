"""Parquet with an explicit schema: a column that is empty in one release has the same type as in the next."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .json_files import sorted_json
from .rows import META_KEYS, META_ORDERS, SPLITS, ReleaseRow

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

ROW_GROUP = 10_000  # rows; fixed, so that the bytes do not hang on how rows arrive


def schema(
    translated: Sequence[str], *, output_field: str = "output", meta_order: Sequence[str] = META_KEYS
) -> "pa.Schema":
    """The Arrow schema: ID, text, output, meta{3}, attributes and sources (JSON text), content_hash, two per locale."""
    import pyarrow as pa

    text = pa.string()
    return pa.schema(
        [
            pa.field("ID", text, nullable=False),
            pa.field("text", text, nullable=False),
            pa.field(output_field, text, nullable=False),
            pa.field("meta", pa.struct([pa.field(key, text) for key in meta_order]), nullable=False),
            pa.field("attributes", text),
            pa.field("sources", text),
            pa.field("content_hash", text),
            *(pa.field(f"{part}_{locale}", text) for locale in translated for part in ("question", "answer")),
        ]
    )


class ParquetFiles:
    """{dev,test}.parquet; every key in every row. The same rows give the same bytes (for one version of pyarrow).

    With `empty` False a split without rows has no file: `datasets` 5.2 fails on one.
    """

    def __init__(
        self,
        folder: Path,
        *,
        locales: Sequence[str],
        output_field: str = "output",
        meta_order: Sequence[str] = META_ORDERS["hf"],
        name: str = "{split}.parquet",
        empty: bool = True,
    ) -> None:
        self.folder, self.name, self.locales, self.output_field = folder, name, locales, output_field
        self.schema = schema(locales, output_field=output_field, meta_order=meta_order)
        self.waiting: dict[str, list[ReleaseRow]] = {split: [] for split in SPLITS}
        self.writers: dict[str, pq.ParquetWriter] = {}
        if empty:
            for split in SPLITS:
                self._writer(split)

    def add(self, rows: Sequence[ReleaseRow]) -> None:
        """Take a piece; row groups are written as they fill."""
        for split, waiting in self.waiting.items():
            waiting += [row for row in rows if row.split == split]
            while len(waiting) >= ROW_GROUP:
                self._write(split, waiting[:ROW_GROUP])
                del waiting[:ROW_GROUP]

    def close(self) -> None:
        """Write the rest and the footers."""
        try:
            for split, waiting in self.waiting.items():
                if waiting:
                    self._write(split, waiting)
        finally:
            for writer in self.writers.values():
                writer.close()

    def _writer(self, split: str) -> "pq.ParquetWriter":
        import pyarrow.parquet as pq

        if split not in self.writers:
            path = self.folder / self.name.format(split=split)
            self.writers[split] = pq.ParquetWriter(path, self.schema, **WRITTEN)
        return self.writers[split]

    def _write(self, split: str, rows: Sequence[ReleaseRow]) -> None:
        import pyarrow as pa

        columns = [_column(field, rows, self.output_field) for field in self.schema]
        table = pa.table(columns, schema=self.schema)
        self._writer(split).write_table(table, row_group_size=ROW_GROUP)


WRITTEN: dict[str, Any] = {"compression": "snappy", "version": "2.6", "store_schema": True}


def _column(field: "pa.Field", rows: Sequence[ReleaseRow], output_field: str) -> "pa.Array":
    import pyarrow as pa

    if field.name == "meta":
        places = [META_KEYS.index(inner.name) for inner in field.type]
        labels = [pa.array([row.labels[place] for row in rows], pa.string()) for place in places]
        return pa.StructArray.from_arrays(labels, fields=list(field.type))
    return pa.array(_cells(field.name, rows, output_field), field.type)


def _cells(name: str, rows: Sequence[ReleaseRow], output_field: str) -> list[str | None]:
    if name == "ID":
        return [row.external_id for row in rows]
    if name == "text":
        return [row.question for row in rows]
    if name == output_field:
        return [row.answer for row in rows]
    if name == "attributes":
        return [sorted_json(row.attributes) if row.attributes else "{}" for row in rows]
    if name == "sources":
        return [sorted_json(row.sources) if row.sources else "[]" for row in rows]
    if name == "content_hash":
        return [row.content_hash for row in rows]
    part, _, locale = name.partition("_")
    return [row.translations.get(locale, {}).get(part) for row in rows]
