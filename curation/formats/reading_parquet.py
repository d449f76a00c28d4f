"""Records of a Parquet file, as bounded as those of a text file: what a small file may unfold to has limits."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .encoding import LARGEST_FILE
from .faults import UnusableFile, gettext_noop
from .records import Record, RecordFile

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

MOST_ROWS = 1_000_000
MOST_COLUMNS = 200
LARGEST_GROUP = 1 << 30  # bytes of one row group, unpacked: it may all be in memory at once
MOST_VALUES = 20_000_000  # of one column in a row group: what a list in a cell may come to
LONGEST_CELL = 1 << 20  # bytes; a text that can be kept has 80,000 at most
BATCH = 256  # rows unpacked at a time
AT_ONCE = 64 << 20  # bytes of texts made at a time
INDEX = "__index_level_"


def read_parquet(place: Path) -> RecordFile:
    """Open a Parquet file of records. Only plain texts, numbers, lists and objects: an extension type is never built.

    Raises UnusableFile for what is no Parquet file, is broken, or would unfold beyond the limits above.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if place.stat().st_size > LARGEST_FILE:
        raise UnusableFile(gettext_noop("%(file)s is larger than 2 GiB; split it"), file=place.name)
    try:
        opened = pq.ParquetFile(place, pre_buffer=False, arrow_extensions_enabled=False)
        _check(opened, place.name)
        schema = opened.schema_arrow
        texts = _texts(opened)
        # As dictionaries: one long text that stands in every row is in memory once, and can be seen before it unfolds.
        opened = pq.ParquetFile(
            place, pre_buffer=False, arrow_extensions_enabled=False, read_dictionary=texts
        )
        plain = [_plain(field.type) for field in schema]
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise _broken(place.name) from error
    for field, sound in zip(schema, plain, strict=True):
        if not sound:
            raise UnusableFile(
                gettext_noop("%(file)s: the column %(column)s is of a kind that is not read (%(kind)s)"),
                file=place.name,
                column=ascii(field.name)[1:-1][:60],
                kind=str(field.type)[:60],
            )
    names = [name for name in schema.names if not name.startswith(INDEX)]
    if len(set(names)) != len(names):
        raise UnusableFile(gettext_noop("%(file)s has two columns of one name"), file=place.name)
    return RecordFile(place.name, "parquet", "", tuple(names), records=_records(opened, names, place.name))


def _check(opened: "pq.ParquetFile", name: str) -> None:
    facts = opened.metadata
    if facts.num_rows > MOST_ROWS:
        raise UnusableFile(
            gettext_noop("%(file)s holds %(n)s rows; at most %(most)s are read"),
            file=name,
            n=f"{facts.num_rows:,}",
            most=f"{MOST_ROWS:,}",
        )
    if facts.num_columns > MOST_COLUMNS:
        raise UnusableFile(
            gettext_noop("%(file)s has %(n)s columns; at most %(most)s are read"),
            file=name,
            n=facts.num_columns,
            most=MOST_COLUMNS,
        )
    largest = max((_unpacked(facts.row_group(at)) for at in range(facts.num_row_groups)), default=0)
    if largest > LARGEST_GROUP:
        raise UnusableFile(
            gettext_noop("%(file)s would unfold to more than %(most)s at a time; write smaller row groups"),
            file=name,
            most="1 GiB",
        )


def _unpacked(group: "pq.RowGroupMetaData") -> int:
    columns = [group.column(at) for at in range(group.num_columns)]
    if any(column.num_values > MOST_VALUES for column in columns):
        return LARGEST_GROUP + 1
    return max(group.total_byte_size, sum(max(column.total_uncompressed_size, 0) for column in columns))


def _texts(opened: "pq.ParquetFile") -> list[str]:
    columns = [opened.schema.column(at) for at in range(len(opened.schema))]
    return [column.path for column in columns if column.physical_type == "BYTE_ARRAY"]


def _plain(kind: "pa.DataType") -> bool:
    from pyarrow import types

    if types.is_struct(kind):
        return all(_plain(kind.field(at).type) for at in range(kind.num_fields))
    if types.is_list(kind) or types.is_large_list(kind):
        return _plain(kind.value_type)
    if types.is_dictionary(kind):
        return _plain(kind.value_type)
    checks = (types.is_string, types.is_large_string, types.is_integer, types.is_floating)
    return any(check(kind) for check in (*checks, types.is_boolean, types.is_null))


def _records(opened: "pq.ParquetFile", names: list[str], file: str) -> Iterator[Record]:
    import pyarrow as pa

    row = 0
    try:
        for batch in opened.iter_batches(batch_size=BATCH, columns=names, use_threads=False):
            step = _rows_at_once(batch, file)
            for start in range(0, batch.num_rows, step):
                for values in batch.slice(start, step).to_pylist():
                    row += 1
                    yield Record(row, row, values, file)
    except (pa.ArrowException, OSError, UnicodeDecodeError, MemoryError) as error:
        raise _broken(file) from error


def _rows_at_once(batch: "pa.RecordBatch", file: str) -> int:
    longest = [_longest(column) for column in batch.columns]
    if max(longest, default=0) > LONGEST_CELL:
        raise UnusableFile(
            gettext_noop("%(file)s has a cell of more than %(most)s; a text has at most 20,000 characters"),
            file=file,
            most="1 MiB",
        )
    return max(1, min(BATCH, AT_ONCE // max(sum(longest), 1)))


def _longest(column: Any) -> int:
    """Bytes of the longest text in a column, or in what it is made of."""
    import pyarrow.compute as pc
    from pyarrow import types

    kind = column.type
    if types.is_dictionary(kind):
        column = column.dictionary
        kind = column.type
    if types.is_struct(kind):
        return sum(_longest(part) for part in column.flatten())
    if types.is_list(kind) or types.is_large_list(kind):
        longest = pc.max(pc.list_value_length(column)).as_py() or 0
        return int(longest) * (_longest(column.flatten()) + 8)
    if types.is_string(kind) or types.is_large_string(kind):
        return int(pc.max(pc.binary_length(column)).as_py() or 0)
    return 8


def _broken(name: str) -> UnusableFile:
    return UnusableFile(gettext_noop("%(file)s is a broken Parquet file; nothing was read"), file=name)
