"""Bringing items in from files: the whole file is checked, then its sound rows are written in chunks, the others named.

A chunk is a transaction of its own, so that nobody waits long for it. An import that was cut off is begun again from
the start: what it wrote is there, and counts as unchanged.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from django.db import connection, transaction

from curation.actions.datasets import create_dataset, load_taxonomy, take_turns
from curation.actions.imports.choosing import Compared, Filled, compare, fill, names_of
from curation.actions.imports.writing import CHUNK, Manner, Written, would_write, write
from curation.actions.reservations import over_cap
from curation.actions.rights import rights_named
from curation.formats.faults import Quarantined
from curation.formats.item_mapping import ItemColumns
from curation.formats.item_stream import stream_items
from curation.formats.spool import Kept, Spool
from curation.log import Actor, record
from curation.models import Dataset
from curation.queries import leaves_of
from curation.rules import require

__all__ = ["Imported", "Told", "dataset_for", "import_items", "names_of"]

# Between two chunks, so that others get their turn: SQLite's writers ask at least this often.
PAUSE = 0.02
FIRST = 6  # new rows that are told
Told = Callable[[int, int], None]  # rows done, of how many


@dataclass(kw_only=True)
class Imported:
    """What an import did, or with `dry_run` would do: new items, rows that were there already, rows refused.

    `unknown`: words for categories that no leaf has, and how often they stand there. `first`: the first new rows.
    """

    format: str = ""
    created: int = 0
    unchanged: int = 0
    refused: list[Quarantined] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    states: dict[str, int] = field(default_factory=dict)
    translations: int = 0
    columns: ItemColumns | None = None
    unknown: dict[str, int] = field(default_factory=dict)
    first: list[dict[str, str]] = field(default_factory=list)


def import_items(
    actor: Actor,
    dataset: Dataset,
    path: str | Path,
    *,
    format: str | None = None,
    columns: ItemColumns | None = None,
    split: str | None = None,
    as_state: str | None = None,
    rights: str | None = None,
    dry_run: bool = False,
    told: Told | None = None,
) -> Imported:
    """Read a file and write its sound rows; nothing at all with `dry_run`.

    `columns` says what the file's columns mean where the readers do not know it by themselves. Rows that are there
    already, id and text alike, count as unchanged, so that a repeated import does nothing. `told` hears after each
    chunk how far it is, and may raise to stop there. `as_state`: "approved" (every row needs an answer; a review of kind
    import stands behind it), "draft", or None: rows with an answer go to review, questions alone await one. `split` is
    for questions whose row names none, `rights` names the terms or a JSON file that describes them. Raises UnusableFile, before anything is written, where the file as
    a whole is no use.
    """
    require(actor, "import", dataset)
    _try_rights(dataset, rights)
    manner = Manner(split=split, as_state=as_state)
    with closing(Spool()) as spool:
        leaves = {leaf.pk: leaf for leaf in leaves_of(dataset)}
        names = names_of(leaves.values())
        stream = stream_items(path, format=format, columns=columns, names=names, seen=spool.seen)
        filled = fill(spool, stream, dataset, leaves, names, as_state=as_state)
        return _Import(actor, dataset, spool, filled, manner, rights, stream.columns).carry_out(dry_run, told)


def _try_rights(dataset: Dataset, rights: str | None) -> None:
    """Raises Invalid for terms that cannot be used, before anything is read or written."""
    if rights:
        with transaction.atomic():
            rights_named(dataset, rights)
            transaction.set_rollback(True)


class _Import:
    """One import at work: its spool, and what became of the rows so far."""

    def __init__(
        self,
        actor: Actor,
        dataset: Dataset,
        spool: Spool,
        filled: Filled,
        manner: Manner,
        rights: str | None,
        columns: ItemColumns | None,
    ) -> None:
        self.actor, self.dataset, self.spool, self.filled = actor, dataset, spool, filled
        self.manner, self.rights = manner, rights
        self.told_of = 0  # faults that the log knows of
        self.touched: Counter[int] = Counter()  # leaf -> new items
        unknown = dict(filled.unknown.most_common())
        self.result = Imported(
            format=filled.format, warnings=filled.warnings, columns=columns, unknown=unknown
        )

    def carry_out(self, dry_run: bool, told: Told | None) -> Imported:
        done = 0
        for chunk in self.spool.chunks(CHUNK):
            compared = self._looked_at(chunk) if dry_run else self._written(chunk)
            self.touched.update(kept.leaf for kept in compared.new)
            self._show(compared.new)
            done += len(chunk)
            if told is not None:
                told(done, self.spool.rows)
        if not dry_run and (self.told_of < self.spool.faults or not done):
            self._log(0)
        self.result.refused = list(self.spool.apart())
        extra = self.touched if dry_run else Counter[int]()
        self.result.warnings += over_cap(self.dataset, self.touched, extra)
        return self.result

    def _add(self, compared: Compared, written: Written) -> None:
        result = self.result
        result.created += written.items
        result.unchanged += compared.unchanged
        result.translations += written.translations
        result.states = dict(Counter(result.states) + written.states)
        for fault in compared.refused:
            self.spool.set_apart(fault)

    def _show(self, new: list[Kept]) -> None:
        """The first new rows as they come in."""
        for kept in new[: FIRST - len(self.result.first)]:
            shown = {"id": kept.external_id, "question": kept.row.question, "answer": kept.row.answer or ""}
            category = self.filled.leaves[kept.leaf].name
            self.result.first.append({"row": str(kept.row.row), **shown, "category": category})

    def _log(self, items: int) -> None:
        refused = self.spool.faults - self.told_of
        self.told_of = self.spool.faults
        record(self.actor, "import_items", self.dataset, items=items, refused=refused)

    def _looked_at(self, chunk: list[Kept]) -> Compared:
        compared = compare(self.dataset, chunk, self.spool)
        self._add(compared, would_write(compared.new, as_state=self.manner.as_state))
        return compared

    def _written(self, chunk: list[Kept]) -> Compared:
        with transaction.atomic():
            # What another import adds at this moment is there before anything is compared with it.
            take_turns(self.dataset)
            compared = compare(self.dataset, chunk, self.spool)
            rights = self.rights
            terms = rights_named(self.dataset, rights) if rights else None
            written = write(self.actor, self.dataset, compared, self.filled.leaves, self.manner, terms)
            self._add(compared, written)
            if written.items:
                self._log(written.items)
        if connection.vendor == "sqlite":
            time.sleep(PAUSE)
        return compared


def dataset_for(actor: Actor, name: str) -> Dataset:
    """The dataset of a set that brings its own small taxonomy (xsafety, dna), made with it where there is none yet."""
    known = Dataset.objects.filter(slug=name).first()
    if known:
        return known
    taxonomy, _new = load_taxonomy(actor, name)
    return create_dataset(actor, name=taxonomy.title_en, taxonomy=taxonomy, slug=name)
