"""Rows of an import between reading and writing: on the disk, so that a file of any length takes the space of a chunk.

SQLite's own temporary database (the empty name): it has no place in any folder, and is gone with the process.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields
from typing import Any, Generic, TypeVar

from .faults import Quarantined
from .reading import ItemRow, Seen

Key = TypeVar("Key")
CACHE_KILOBYTES = 4096
_ROW = tuple(each.name for each in fields(ItemRow))
_APART = tuple(each.name for each in fields(Quarantined))
_TABLES = """
create table seen (kind text, key text, row, primary key (kind, key)) without rowid;
create table kept (at integer primary key, leaf integer, external_id text, folded text, sibling text, row text);
create index kept_sibling on kept (sibling) where sibling is not null;
create table apart (at integer primary key, row text);
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A sound row with its leaf, the id it gets, and the hash of its folded question."""

    row: ItemRow
    leaf: int
    external_id: str
    folded: str


class _OnDisk(Generic[Key]):
    """A dictionary of the spool: what is asked of one is `get` and setting."""

    def __init__(self, base: sqlite3.Connection, kind: str) -> None:
        self.base, self.kind = base, kind

    def get(self, key: Key, /) -> Any:
        asked = "select row from seen where kind = ? and key = ?"
        found = self.base.execute(asked, (self.kind, _text(key))).fetchone()
        return found[0] if found else None

    def __setitem__(self, key: Key, row: Any, /) -> None:
        self.base.execute("insert or replace into seen values (?, ?, ?)", (self.kind, _text(key), row))


def _text(key: object) -> str:
    return key if isinstance(key, str) else json.dumps(key)


class Spool:
    """Sound rows in file order, and the faults; to be filled once and gone over as often as is wanted."""

    def __init__(self) -> None:
        self.base = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self.base.executescript(
            f"pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -{CACHE_KILOBYTES};"
            f"{_TABLES} begin;"
        )
        self.seen = Seen(_OnDisk[str](self.base, "ids"), _OnDisk[tuple[str, str | None]](self.base, "texts"))
        # Hash of a folded question -> the id, or the group of siblings, that it stands under.
        self.questions: _OnDisk[str] = _OnDisk(self.base, "questions")
        self.rows = self.faults = 0

    def close(self) -> None:
        self.base.close()

    def keep(self, kept: Kept) -> None:
        row = json.dumps([getattr(kept.row, name) for name in _ROW], ensure_ascii=False)
        values = (kept.leaf, kept.external_id, kept.folded, kept.row.question_id, row)
        self.base.execute("insert into kept values (null, ?, ?, ?, ?, ?)", values)
        self.rows += 1

    def set_apart(self, fault: Quarantined) -> None:
        plain = {name: getattr(fault, name) for name in _APART}
        known = (str, int, float)
        plain["values"] = {
            name: value if isinstance(value, known) else str(value) for name, value in fault.values.items()
        }
        self.base.execute("insert into apart values (null, ?)", (json.dumps(plain, ensure_ascii=False),))
        self.faults += 1

    def chunks(self, size: int) -> Iterator[list[Kept]]:
        """The sound rows, `size` at a time."""
        last = 0
        while True:
            asked = "select at, leaf, external_id, folded, row from kept where at > ? order by at limit ?"
            found = self.base.execute(asked, (last, size)).fetchall()
            if not found:
                return
            last = found[-1][0]
            yield [Kept(_item_row(row), leaf, name, folded) for _at, leaf, name, folded, row in found]

    def apart(self, most: int = -1) -> Iterator[Quarantined]:
        """The faults, in file order; at most so many of them."""
        asked = "select row from apart order by json_extract(row, '$.row'), at limit ?"
        for (row,) in self.base.execute(asked, (most,)):
            yield Quarantined(**json.loads(row))

    def siblings(self, names: Collection[str]) -> dict[str, list[str]]:
        """Group of siblings -> the ids of its rows."""
        found: dict[str, list[str]] = {}
        for name in names:
            asked = "select external_id from kept where sibling = ? order by at"
            found[name] = [key for (key,) in self.base.execute(asked, (name,))]
        return found


def _item_row(text: str) -> ItemRow:
    given = dict(zip(_ROW, json.loads(text), strict=True))
    return ItemRow(**given | {"labels": tuple(given["labels"]), "sources": tuple(given["sources"])})
