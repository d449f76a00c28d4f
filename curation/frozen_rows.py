"""What the database itself refuses, whoever asks and from whatever program: changed or deleted rows of a release, rows
added to one that is complete, texts that become other texts, and versions of guideline and reasons that say something else.

Taken away before every migration and installed after it: a migration may fill a new column, and SQLite drops a table's
triggers whenever the table is made anew.
"""

from __future__ import annotations

from typing import Any

from django.db import connections

RELEASES, ROWS, TEXTS = "curation_release", "curation_releaseitem", "curation_text"
GUIDELINES, CODEBOOKS = "curation_guideline", "curation_codebook"
FROZEN = "A release is frozen: publish a corrected successor instead."
COMPLETE = "A release is frozen: no row can be added to it."
KEPT = "A text is kept as it is: it can only be redacted, by two people."
STANDS = "A version stands as it is: write a new one."

# A redacted text loses its body and keeps its hash; folding may be done again where its rules change.
_SAME = "NEW.hash = OLD.hash AND (NEW.body = OLD.body OR (NEW.body = '' AND NEW.redacted_at IS NOT NULL))"
# A row whose text was redacted may lose what could quote it: its attributes and sources, nothing else.
_SAME_COLUMNS = " AND ".join(
    f"NEW.{column} IS NOT DISTINCT FROM OLD.{column}"
    for column in (
        *("id", "release_id", "position", "external_id", "item_id", "revision_id", "question_text_id"),
        *("answer_text_id", "labels", "split", "rights_name", "translations", "content_hash"),
    )
)
_EMPTIED = "NEW.attributes = '{}' AND NEW.sources = '[]'"
_REDACTED = (
    "EXISTS (SELECT 1 FROM curation_text t "
    "WHERE t.redacted_at IS NOT NULL AND t.hash IN (NEW.question_text_id, NEW.answer_text_id))"
)
_BARE = f"{_SAME_COLUMNS} AND {_EMPTIED} AND {_REDACTED}"
_FULL = (
    "EXISTS (SELECT 1 FROM curation_release r "
    "WHERE r.id = NEW.release_id AND r.size > 0 AND NEW.position >= r.size)"
)


def _signed_once(*columns: str) -> str:
    """A version keeps these columns; it is signed once, and the signature stays."""
    same = (*columns, "id", "dataset_id", "version", "written_by_id", "created_at")
    kept = " AND ".join(f"NEW.{column} IS NOT DISTINCT FROM OLD.{column}" for column in same)
    signature = (
        "NEW.signed_at IS NOT DISTINCT FROM OLD.signed_at "
        "AND NEW.signed_by_id IS NOT DISTINCT FROM OLD.signed_by_id"
    )
    return f"{kept} AND (OLD.signed_at IS NULL OR ({signature}))"


# Columns that a trigger's table must have; without them a migration from before is being looked at.
NEEDS = {RELEASES: "size", ROWS: "position", TEXTS: "hash", GUIDELINES: "changed", CODEBOOKS: "entries"}
# name: (event, table, condition under which it is refused, sentence)
TRIGGERS = {
    "release_not_changed": ("UPDATE", RELEASES, "", FROZEN),
    "release_not_deleted": ("DELETE", RELEASES, "", FROZEN),
    "release_row_not_changed": ("UPDATE", ROWS, f"NOT ({_BARE})", FROZEN),
    "release_row_not_deleted": ("DELETE", ROWS, "", FROZEN),
    "release_row_not_added": ("INSERT", ROWS, _FULL, COMPLETE),
    "text_not_changed": ("UPDATE", TEXTS, f"NOT ({_SAME})", KEPT),
    "text_not_deleted": ("DELETE", TEXTS, "", KEPT),
    "guideline_not_changed": (
        "UPDATE",
        GUIDELINES,
        f"NOT ({_signed_once('text_ja', 'text_en', 'changed')})",
        STANDS,
    ),
    "codebook_not_changed": ("UPDATE", CODEBOOKS, f"NOT ({_signed_once('entries', 'changed')})", STANDS),
}


def install(using: str = "default", **_signal: Any) -> None:
    """Make the triggers where the tables are there. Run again, it does nothing new."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    if not {RELEASES, ROWS, TEXTS} <= tables:
        return
    made = _postgres if connection.vendor == "postgresql" else _sqlite
    with connection.cursor() as cursor:
        ready = {
            table
            for table in NEEDS
            if table in tables and NEEDS[table] in _columns(connection, cursor, table)
        }
        if RELEASES in ready:  # else a migration from before is being looked at
            for statement in made(ready):
                cursor.execute(statement)


def _columns(connection: Any, cursor: Any, table: str) -> set[str]:
    return {column.name for column in connection.introspection.get_table_description(cursor, table)}


def remove(using: str = "default", **_signal: Any) -> None:
    """Take the triggers away while migrations run: they may have to fill a new column of a frozen row."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for statement in removal(connection.vendor):
            if statement.split()[-1] in tables or connection.vendor == "sqlite":
                cursor.execute(statement)


def missing(using: str = "default") -> list[str]:
    """Triggers that should be there and are not."""
    connection = connections[using]
    asked = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(asked)
        there = {name for (name,) in cursor.fetchall()}
    return [name for name in TRIGGERS if name not in there]


def removal(vendor: str) -> list[str]:
    """Statements that take the triggers away."""
    on = " ON {}" if vendor == "postgresql" else ""
    return [f"DROP TRIGGER IF EXISTS {name}" + on.format(row[1]) for name, row in TRIGGERS.items()]


def _of(tables: set[str]) -> list[tuple[str, tuple[str, str, str, str]]]:
    return [(name, row) for name, row in TRIGGERS.items() if row[1] in tables]


def _sqlite(tables: set[str]) -> list[str]:
    made = []
    for name, (event, table, condition, sentence) in _of(tables):
        when = f" WHEN {condition}" if condition else ""
        made.append(
            f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {event} ON {table} FOR EACH ROW{when} "
            f"BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
        )
    return made


def _postgres(tables: set[str]) -> list[str]:
    made = []
    for name, (event, table, condition, sentence) in _of(tables):
        raised = f"RAISE EXCEPTION '{sentence}' USING ERRCODE = 'integrity_constraint_violation';"
        body = f"IF {condition} THEN {raised} END IF; RETURN NEW;" if condition else raised
        made.append(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {body} END$$"
        )
        made.append(
            f"CREATE OR REPLACE TRIGGER {name} BEFORE {event} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {name}()"
        )
    return made
