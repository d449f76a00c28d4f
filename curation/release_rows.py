"""The rows of a release on their way into the database: 100,000 of them in seconds, on either one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from operator import attrgetter
from typing import Any

from django.db import connection

from curation.models import Question, Release, ReleaseItem

AT_ONCE = 2000  # of 15 columns: SQLite takes 32,766 values in a statement
_JSON = json.JSONEncoder(ensure_ascii=False).encode
_COLUMNS = tuple(
    field
    for field in ReleaseItem._meta.local_concrete_fields
    if not field.primary_key and field.name != "release"
)


@dataclass(slots=True, kw_only=True)
class FrozenRow:
    """One item as it will be frozen; the columns of ReleaseItem but the release."""

    position: int
    external_id: str
    item_id: int | None
    revision_id: int | None
    question_text_id: str
    answer_text_id: str | None
    labels: Sequence[str]
    split: str
    attributes: Mapping[str, Any]
    sources: Sequence[Any]
    rights_name: str
    translations: Mapping[str, Any]
    content_hash: str


@contextmanager
def room() -> Iterator[None]:
    """64 MB for pages inside, on SQLite: rows go to nine trees, whose pages it reads over and over from its usual 2 MB."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA cache_size")
        [before] = cursor.fetchone()
        cursor.execute("PRAGMA cache_size = -65536")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA cache_size = {int(before)}")


@room()
def keep_rows(release: Release, rows: Iterable[FrozenRow | ReleaseItem]) -> None:
    """Insert the rows as the release's. Model by model (bulk_create) took twice as long as everything else."""
    names = [field.attname for field in _COLUMNS]
    as_json = [at for at, field in enumerate(_COLUMNS) if field.get_internal_type() == "JSONField"]
    labels, columns_of = names.index("labels"), attrgetter(*names)
    columns = ", ".join(connection.ops.quote_name(name) for name in ("release_id", *names))
    table = connection.ops.quote_name(ReleaseItem._meta.db_table)
    one = "(" + ", ".join(["%s"] * (len(names) + 1)) + ")"
    for part in _parts(rows):
        values: list[Any] = []
        for row in part:
            given = list(columns_of(row))
            given[labels] = tuple(given[labels])
            for at in as_json:
                given[at] = _labels(given[at]) if at == labels else _JSON(given[at])
            values += (release.pk, *given)
        with connection.cursor() as cursor:
            cursor.execute(
                " ".join(["INSERT INTO", table, f"({columns})", "VALUES", ", ".join([one] * len(part))]),
                values,
            )


@lru_cache(maxsize=1024)
def _labels(labels: tuple[str, ...]) -> str:
    return _JSON(labels)


@room()
def keep_splits(splits: Mapping[int, str], why: Mapping[int, dict[str, Any]]) -> None:
    """Write each question's split and reason, for those that have none yet."""
    json_type = "jsonb" if connection.vendor == "postgresql" else "text"
    table = connection.ops.quote_name(Question._meta.db_table)
    for part in _parts(sorted(splits)):
        values = [value for pk in part for value in (pk, splits[pk], _JSON(why[pk]))]
        given = ", ".join(["(%s, %s, %s)"] * len(part))
        setting = f"split = v.column2, split_why = CAST(v.column3 AS {json_type})"
        among = f"{table}.id = v.column1 AND {table}.split = 'none'"
        statement = ["UPDATE", table, "SET", setting, "FROM", f"(VALUES {given}) AS v", "WHERE", among]
        with connection.cursor() as cursor:
            cursor.execute(" ".join(statement), values)


def _parts(rows: Iterable[Any]) -> Iterator[list[Any]]:
    left = iter(rows)
    while part := list(islice(left, AT_ONCE)):
        yield part
