"""Human data beside the items: ratings as they were given and aggregated, under pseudonyms that the caller gives."""

import csv
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.release_hashes import canonical

from .csv_files import formula_safe, formula_unsafe
from .rows import UnwritableRelease

if TYPE_CHECKING:
    import pyarrow as pa

Cell = str | int | float | bool | None
KINDS: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
# What a table is written as beside each format; ids alone go without.
KINDS_OF = {
    **dict.fromkeys(("ac", "pandas", "jsonl", "messages", "text"), "jsonl"),
    "csv": "csv",
    "parquet": "parquet",
    "hf": "parquet",
}
FOLDER = "tables"
SPLIT = "full"  # of a table in the hub's folder: it is neither dev nor test
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
TAKEN = ("default", "dev", "test")


@dataclass(frozen=True, slots=True)
class HumanTable:
    """Rows of people's data. `columns` maps a name to text, integer, number or boolean; a cell may be None.

    Whoever is in it stands there under a pseudonym: no name is looked for or replaced here. An empty text is None.
    """

    name: str
    columns: dict[str, str]
    rows: Sequence[Sequence[Cell]]
    about: str = ""

    def checked(self) -> "HumanTable":
        """The table, or UnwritableRelease naming what of it cannot be read back."""
        if not NAME.fullmatch(self.name) or self.name in TAKEN:
            raise UnwritableRelease(f"A table cannot be named {self.name!r}: a-z, 0-9 and _ are possible")
        if not self.columns or not all(NAME.fullmatch(key) for key in self.columns):
            raise UnwritableRelease(f"Columns of {self.name} are named with a-z, 0-9 and _")
        if unknown := set(self.columns.values()) - set(KINDS):
            raise UnwritableRelease(f"{self.name} has a column of the unknown type {min(unknown)}")
        for number, row in enumerate(self.rows, 1):
            if fault := self._fault(row):
                raise UnwritableRelease(f"Row {number} of {self.name} cannot be exported: {fault}")
        return self

    def _fault(self, row: Sequence[Cell]) -> str:
        if len(row) != len(self.columns):
            return f"it has {len(row)} cells instead of {len(self.columns)}"
        for (name, kind), cell in zip(self.columns.items(), row, strict=True):
            right = cell is None or isinstance(cell, KINDS[kind])
            if not right or (isinstance(cell, bool) and kind != "boolean"):
                return f"{name} is no {kind}"
            if kind == "integer" and isinstance(cell, int) and not -(2**63) <= cell < 2**63:
                return f"{name} is too large a number"
            if isinstance(cell, str) and ("\0" in cell or any("\ud800" <= char <= "\udfff" for char in cell)):
                return f"{name} holds a NUL or half of a surrogate pair"
            if isinstance(cell, float) and not abs(cell) < float("inf"):
                return f"{name} is not a finite number"
        return ""

    def cells(self) -> Iterator[list[Cell]]:
        """The rows as every kind of file gives them back: numbers as floating point, no empty text."""
        numbers = [kind == "number" for kind in self.columns.values()]
        for row in self.rows:
            yield [
                float(cell) if number and isinstance(cell, int) else None if cell == "" else cell
                for cell, number in zip(row, numbers, strict=True)
            ]

    def told(self) -> dict[str, Any]:
        """What the manifest says of it."""
        return {
            "name": self.name,
            "columns": dict(self.columns),
            "about": self.about,
            "rows": len(self.rows),
            "sha256": digest_of(self.cells()),
        }


def digest_of(rows: Iterator[list[Cell]]) -> str:
    """SHA-256 over the canonical JSON of every row, a line each."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update((canonical(row) + "\n").encode())
    return digest.hexdigest()


def write_table(table: HumanTable, folder: Path, kind: str, *, encoding: str = "utf-8") -> Path:
    """tables/NAME.{csv,jsonl,parquet} under the folder."""
    (folder / FOLDER).mkdir(exist_ok=True)
    path = folder / FOLDER / f"{table.name}.{kind}"
    if kind == "parquet":
        _write_parquet(table, path)
        return path
    with path.open("w", encoding=encoding if kind == "csv" else "utf-8", newline="") as stream:
        if kind == "csv":
            writer = csv.writer(stream)
            writer.writerow(table.columns)
            writer.writerows([_written(cell) for cell in row] for row in table.cells())
        else:
            for row in table.cells():
                line = dict(zip(table.columns, row, strict=True))
                stream.write(json.dumps(line, ensure_ascii=False) + "\n")
    return path


def _written(cell: Cell) -> str:
    if isinstance(cell, str):
        return formula_safe(cell)
    return "" if cell is None else json.dumps(cell)


def table_schema(columns: dict[str, str]) -> "pa.Schema":
    """The Arrow schema of a table."""
    import pyarrow as pa

    types = {"text": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}
    return pa.schema([pa.field(name, types[kind]) for name, kind in columns.items()])


def _write_parquet(table: HumanTable, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from .parquet import ROW_GROUP, WRITTEN

    rows = list(table.cells())
    wanted = table_schema(table.columns)
    columns = [pa.array([row[at] for row in rows], field.type) for at, field in enumerate(wanted)]
    pq.write_table(pa.table(columns, schema=wanted), path, row_group_size=ROW_GROUP, **WRITTEN)


def read_table(path: Path, columns: dict[str, str], *, encoding: str = "utf-8") -> Iterator[list[Cell]]:
    """The rows of a table that `write_table` wrote. ValueError where its shape is another."""
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        with pq.ParquetFile(path) as file:
            if not file.schema_arrow.equals(table_schema(columns)):
                raise ValueError("the schema is not the one that the manifest names")
            for batch in file.iter_batches():
                for row in batch.to_pylist():
                    yield list(row.values())
    elif path.suffix == ".csv":
        with path.open(encoding=encoding, newline="") as stream:
            reader = csv.reader(stream, strict=True)
            if next(reader, None) != list(columns):
                raise ValueError("the heading is not the one that the manifest names")
            for cells in reader:
                yield [_read(cell, kind) for cell, kind in zip(cells, columns.values(), strict=True)]
    else:
        with path.open(encoding="utf-8", newline="\n") as stream:
            for line in stream:
                given = json.loads(line)
                if list(given) != list(columns):
                    raise ValueError("the keys are not those that the manifest names")
                yield list(given.values())


def _read(cell: str, kind: str) -> Cell:
    if not cell:
        return None
    return formula_unsafe(cell) if kind == "text" else json.loads(cell)
