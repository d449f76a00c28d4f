"""Queries that are compiled once: building and compiling one costs Django a millisecond or more, running it a tenth.

For the few requests that people make all day long. The query is written as any other, with slots for what changes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, cached_property
from typing import Any, Generic, TypeVar

from django.db import connection, models
from django.db.models import query as rows_of_models
from django.db.models.sql import InsertQuery, UpdateQuery

M = TypeVar("M", bound=models.Model)
FIRST_SLOT = -(2**52)  # no key of ours is there
LAST_SMALL = 2**31 - 1


def slot(number: int) -> int:
    """A place for a whole number; a value that stands in the query itself must not be one."""
    return FIRST_SLOT - number


def small_slot(number: int) -> int:
    """The same for a column that holds no negative number: Django leaves out what such a column can never be."""
    return LAST_SMALL - number


def word_slot(number: int) -> str:
    """A place for a text."""
    return f"\x01slot {number}\x01"


def moment_slot(number: int) -> datetime:
    """A place for a moment; in a query, and as the key of its value."""
    return datetime(9999, 12, 31, 23, 59, number, tzinfo=UTC)


def _as_sent(values: dict[Any, Any]) -> dict[Any, Any]:
    """Moments as the database writes them; all else stands as it is."""
    sent = connection.ops.adapt_datetimefield_value
    return {sent(k): sent(v) for k, v in values.items() if isinstance(k, datetime)} | {
        k: v for k, v in values.items() if not isinstance(k, datetime)
    }


@dataclass
class _Compiled:
    sql: str
    params: tuple[Any, ...]
    compiler: Any
    converters: Any

    @cached_property
    def model_of(self) -> Callable[[Any], Any]:
        """What makes a model of a row, as `django.db.models.query.ModelIterable` does."""
        info, select = self.compiler.klass_info, self.compiler.select
        start, end = info["select_fields"][0], info["select_fields"][-1] + 1
        names = [column[0].target.attname for column in select[start:end]]
        related: Any = rows_of_models.get_related_populators
        populators, added = related(info, select, connection.alias), self.compiler.annotation_col_map
        from_db, alias = info["model"].from_db, connection.alias

        def made(row: Any) -> Any:
            found = from_db(alias, names, row[start:end])
            for populator in populators:
                populator.populate(row, found)
            for name, at in added.items():
                setattr(found, name, row[at])
            return found

        return made


@dataclass
class Prepared(Generic[M]):
    """`build` answers with a queryset of model rows (select_related and only are allowed) over slots."""

    build: Callable[[], models.QuerySet[M, Any]]
    known: dict[str, _Compiled] = field(default_factory=dict)

    def _compiled(self) -> _Compiled:
        found = self.known.get(connection.vendor)
        if found is None:
            compiler = self.build().query.get_compiler(connection=connection)
            sql, params = compiler.as_sql()
            converters = compiler.get_converters([column for column, _sql, _alias in compiler.select])
            found = self.known[connection.vendor] = _Compiled(sql, tuple(params), compiler, converters)
        return found

    def rows(self, values: dict[Any, Any]) -> list[M]:
        """The rows for these values of the slots."""
        return list(map(self._compiled().model_of, self.tuples(values)))

    def first(self, values: dict[Any, Any]) -> M | None:
        """The first row; the query has its own limit."""
        return next(iter(self.rows(values)), None)

    def tuples(self, values: dict[Any, Any]) -> list[Any]:
        """The columns alone, in the order of a `values_list` that `build` ends with."""
        made, sent = self._compiled(), _as_sent(values)
        with connection.cursor() as cursor:
            cursor.execute(made.sql, [sent.get(param, param) for param in made.params])
            found: list[Any] = cursor.fetchall()
        if made.converters:
            found = list(made.compiler.apply_converters(found, made.converters))
        return found


@dataclass
class PreparedCount:
    """How many rows a query has; `build` answers with the queryset over slots, and its limit is kept."""

    build: Callable[[], models.QuerySet[Any]]
    known: dict[str, tuple[str, tuple[Any, ...]]] = field(default_factory=dict)

    def of(self, values: dict[Any, Any]) -> int:
        found = self.known.get(connection.vendor)
        if found is None:
            sql, params = self.build().values("pk").query.get_compiler(connection=connection).as_sql()
            counted = f"SELECT COUNT(*) FROM ({sql}) AS counted"  # noqa: S608  # the compiler's own SQL
            found = self.known[connection.vendor] = counted, params
        sent = _as_sent(values)
        with connection.cursor() as cursor:
            cursor.execute(found[0], [sent.get(param, param) for param in found[1]])
            return int(cursor.fetchone()[0])


@dataclass
class PreparedUpdate:
    """An UPDATE, compiled once: `build` answers with the rows and what to set, both over slots."""

    build: Callable[[], tuple[models.QuerySet[Any], dict[str, Any]]]
    known: dict[str, tuple[str, tuple[Any, ...]]] = field(default_factory=dict)

    def run(self, values: dict[Any, Any]) -> int:
        """How many rows it changed."""
        found = self.known.get(connection.vendor)
        if found is None:
            rows, changes = self.build()
            query: Any = rows.query.chain(UpdateQuery)
            query.add_update_values(changes)
            sql, params = query.get_compiler(connection=connection).as_sql()
            found = self.known[connection.vendor] = sql, tuple(params)
        with connection.cursor() as cursor:
            cursor.execute(found[0], [values.get(param, param) for param in found[1]])
            return int(cursor.rowcount)


def update(model: type[models.Model], where: dict[str, Any], values: dict[str, Any]) -> int:
    """What `model.objects.filter(**where).update(**values)` does for plain values of the model's own columns."""
    sql, fields = _updating(model, tuple(values), tuple(where), connection.vendor)
    given = [*values.values(), *where.values()]
    params = [
        each.get_db_prep_save(value.pk if isinstance(value, models.Model) else value, connection)
        for each, value in zip(fields, given, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)


@cache
def _updating(
    model: type[models.Model], values: tuple[str, ...], where: tuple[str, ...], vendor: str
) -> tuple[str, list[Any]]:
    assert vendor == connection.vendor
    quoted = connection.ops.quote_name
    fields: list[Any] = [model._meta.get_field(name) for name in (*values, *where)]
    told = [f"{quoted(each.column)} = %s" for each in fields]
    setting, among = ", ".join(told[: len(values)]), " AND ".join(told[len(values) :])
    return " ".join(["UPDATE", quoted(model._meta.db_table), "SET", setting, "WHERE", among]), fields


def delete(model: type[models.Model], **where: Any) -> int:
    """What `model.objects.filter(**where).delete()` does where nothing points to the rows; returns how many went."""
    sql, fields = _deletion(model, tuple(where), connection.vendor)
    given = [value.pk if isinstance(value, models.Model) else value for value in where.values()]
    params = [each.get_db_prep_save(value, connection) for each, value in zip(fields, given, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)


@cache
def _deletion(model: type[models.Model], where: tuple[str, ...], vendor: str) -> tuple[str, list[Any]]:
    assert vendor == connection.vendor
    quoted = connection.ops.quote_name
    fields: list[Any] = [model._meta.get_field(name) for name in where]
    among = " AND ".join(f"{quoted(each.column)} = %s" for each in fields)
    return " ".join(["DELETE FROM", quoted(model._meta.db_table), "WHERE", among]), fields


def insert(row: models.Model) -> None:
    """What `row.save(force_insert=True)` does for a plain model: no parents, no signals."""
    sql, fields = _insertion(type(row), connection.vendor)
    values = [each.get_db_prep_save(each.pre_save(row, add=True), connection) for each in fields]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row.pk = cursor.fetchone()[0]
    row._state.adding = False
    row._state.db = connection.alias


@cache
def _insertion(model: type[models.Model], vendor: str) -> tuple[str, list[Any]]:
    assert vendor == connection.vendor
    fields = [each for each in model._meta.local_concrete_fields if not each.primary_key]
    query = InsertQuery(model)
    query.insert_values(fields, [model()], raw=True)
    compiler: Any = query.get_compiler(connection=connection)
    compiler.returning_fields = [model._meta.pk]
    ((sql, _values_of_an_empty_row),) = compiler.as_sql()
    return sql, fields
