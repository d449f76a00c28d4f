"""Versions published elsewhere, registered as frozen releases that leak checks, training and judging know about."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from curation.actions.datasets import take_turns
from curation.actions.releases import RESERVED, keep_rows, root_of
from curation.actions.texts import keep_texts, longest
from curation.errors import Invalid
from curation.formats.faults import Quarantined, excerpt, gettext_noop
from curation.formats.reading import ItemRow, UnusableFile, read_items
from curation.log import Actor, person_of, record
from curation.models import Dataset, Release, ReleaseItem
from curation.rules import require
from curation.similar import text_hash

LONGEST_ID = longest(ReleaseItem, "external_id")
REGISTERED = re.compile(r"[^\s./\\]([^/\\]{0,58}[^\s/\\])?")


@transaction.atomic
def import_release(
    actor: Actor, dataset: Dataset, path: str | Path, *, name: str
) -> tuple[Release, list[Any]]:
    """Register a published version, as a frozen release that leak checks, training and judging know about.

    `path` is a file, or a folder whose file names say which split they hold (dev, validation, test). Rows whose split
    is not known are dev. Its texts are never exported from here.
    """
    require(actor, "import", dataset)
    if not REGISTERED.fullmatch(name) or not name.isprintable() or name in RESERVED:
        message = _("“%(name)s” cannot be a release's name: 1 to 60 characters of one line, without a slash.")
        raise Invalid(message % {"name": excerpt(name)}, field="name")
    take_turns(dataset)
    if Release.objects.filter(dataset=dataset, name=name).exists():
        raise Invalid(_("%(name)s is registered already.") % {"name": name}, field="name")
    found, quarantined = _read_release(Path(path))
    if not found:
        first = f"row {quarantined[0].row}: {quarantined[0].reason}" if quarantined else "-"
        message = _("No row can be used, so nothing was registered. The first fault: %(first)s")
        raise Invalid(message % {"first": first}, field="path")
    keep_texts(text for row, _split in found for text in (row.question, row.answer or "") if text)
    rows = [_published_row(position, row, split) for position, (row, split) in enumerate(found)]
    counts = {split: sum(row.split == split for row in rows) for split in ("dev", "test")}
    release = Release.objects.create(
        dataset=dataset,
        name=name,
        imported=True,
        size=len(rows),
        root_hash=root_of(rows),
        counts={"items": len(rows), **counts},
        frozen_by=person_of(actor),
    )
    keep_rows(release, rows)
    record(actor, "import_release", release, items=len(rows), root_hash=release.root_hash)
    return release, quarantined


def _published_row(position: int, row: ItemRow, split: str) -> ReleaseItem:
    return ReleaseItem(
        position=position,
        external_id=row.external_id or text_hash(row.question)[:16],
        question_text_id=text_hash(row.question),
        answer_text_id=text_hash(row.answer) if row.answer else None,
        labels=list(row.labels),
        split=split,
        attributes=row.attributes,
        content_hash=_published_hash(row),
    )


def _published_hash(row: ItemRow) -> str:
    parts = (text_hash(row.question), text_hash(row.answer or ""), *row.labels)
    return hashlib.sha256("\t".join(parts).encode()).hexdigest()


def _read_release(path: Path) -> tuple[list[tuple[ItemRow, str]], list[Any]]:
    files = [path]
    if path.is_dir():
        files = sorted(p for p in path.iterdir() if p.suffix in (".json", ".jsonl", ".csv", ".tsv"))
    if not files:
        raise UnusableFile("%(file)s holds no JSON, JSONL, CSV or TSV file", file=path.name)
    found: list[tuple[ItemRow, str]] = []
    quarantined: list[Any] = []
    seen: set[str] = set()
    for file in files:
        by_name = "test" if "test" in file.name.lower() else "dev"
        read = read_items(file)
        quarantined.extend(read.quarantined)
        for row in read.rows:
            if len(row.external_id or "") > LONGEST_ID:
                template = gettext_noop("the ID has %(n)s characters; at most %(most)s can be kept")
                values = {"n": len(row.external_id or ""), "most": LONGEST_ID}
                quarantined.append(Quarantined(row.row, template, field="ID", values=values))
                continue
            key = row.external_id or text_hash(row.question)
            if key in seen:
                raise Invalid(_("%(id)s stands in the release twice.") % {"id": key}, field="ID")
            seen.add(key)
            found.append((row, row.split or by_name))
    return found, quarantined
