"""Releases out to files and back in: export with verification, and published versions registered for leak checks."""

from __future__ import annotations

import hashlib
import re
import zipfile
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from curation.actions.datasets import take_turns
from curation.actions.releases import RESERVED, keep_rows, root_hash
from curation.actions.texts import keep_texts, longest
from curation.errors import Invalid
from curation.formats.faults import Quarantined, excerpt, gettext_noop
from curation.formats.reading import ItemRow, UnusableFile, read_items
from curation.formats.writing import (
    FORMATS,
    ReleaseDescription,
    ReleaseRow,
    Verification,
    export,
    verification,
)
from curation.log import Actor, person_of, record
from curation.models import Dataset, Release, ReleaseItem, Text
from curation.rules import require
from curation.similar import text_hash

LONGEST_ID = longest(ReleaseItem, "external_id")
REGISTERED = re.compile(r"[^\s./\\]([^/\\]{0,58}[^\s/\\])?")


def export_release(
    actor: Actor,
    release: Release,
    folder: str | Path,
    *,
    formats: list[str],
    output_field: str = "output",
    meta_order: str | None = None,
    csv_encoding: str = "utf-8",
) -> tuple[list[Path], Verification]:
    """Write a release's files and read them back; the export counts only if the verification found nothing.

    Refused with the list where an item must not be redistributed (ids alone are always possible) or stands in a
    provisional category.
    """
    require(actor, "export", release)
    if formats != ["ids"]:
        _refuse_texts(release)
    try:
        files = export(
            rows_of(release),
            describe(release),
            folder,
            formats=FORMATS if formats == ["all"] else formats,
            output_field=output_field,
            meta_order=meta_order,
            csv_encoding=csv_encoding,
        )
    except OSError as error:
        raise Invalid(_("The files could not be written: %(error)s") % {"error": error}) from None
    except ModuleNotFoundError as error:
        message = _(
            "Parquet and Hugging Face files need the package %(name)s: install requirements/analysis.txt."
        )
        raise Invalid(message % {"name": error.name}) from None
    checked = verification(folder)
    names = [path.name for path in files]
    record(actor, "export", release, formats=formats, files=names, problems=len(checked.problems))
    return files, checked


def _refuse_texts(release: Release) -> None:
    if release.imported:
        raise Invalid(_("This release was published elsewhere: only its ids can be exported here."))
    bound = release.items.filter(item__rights__redistributable=False).values_list("external_id", flat=True)
    if bound:
        message = _("%(n)d items must not be redistributed; only ids can be exported. The first: %(ids)s.")
        raise Invalid(message % {"n": len(bound), "ids": ", ".join(bound[:10])})
    held = release.items.filter(revision__category__provisional=True).values_list("external_id", flat=True)
    if held:
        message = _("%(n)d items stand in a provisional category. The first: %(ids)s.")
        raise Invalid(message % {"n": len(held), "ids": ", ".join(held[:10])})


def rows_of(release: Release) -> list[ReleaseRow]:
    """A frozen release as plain rows, in its order."""
    rows = list(release.items.select_related("question_text", "answer_text").order_by("position"))
    hashes = {h for row in rows for part in row.translations.values() for h in part.values() if h}
    bodies: dict[str, str] = {}
    listed = sorted(hashes)
    for start in range(0, len(listed), 500):
        found = Text.objects.filter(hash__in=listed[start : start + 500])
        bodies.update(found.values_list("hash", "body"))
    return [
        ReleaseRow(
            position=row.position,
            external_id=row.external_id,
            question=row.question,
            answer=row.answer,
            labels=tuple(row.labels),
            split=row.split,
            attributes=row.attributes,
            translations={
                locale: {part: bodies[h] if h else None for part, h in sorted(parts.items())}
                for locale, parts in sorted(row.translations.items())
            },
            content_hash=row.content_hash,
        )
        for row in rows
    ]


def describe(release: Release) -> ReleaseDescription:
    dataset = release.dataset
    title = f"{dataset.name} {release.name}"
    return ReleaseDescription(
        name=release.name,
        dataset=dataset.slug,
        taxonomy=str(release.snapshot.get("taxonomy", "")),
        licence="",
        terms=release.terms,
        citation=f"{title}, {release.frozen_at:%Y}. sha256:{release.root_hash}",
        created=f"{release.frozen_at:%Y-%m-%d}",
        summary=dataset.description,
    )


def zipped(folder: Path) -> Path:
    """The folder as one file beside it, the same bytes for the same files."""
    target = folder.with_name(folder.name + ".zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(f"{folder.name}/{path.relative_to(folder).as_posix()}")
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, path.read_bytes())
    return target


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
        root_hash=root_hash(rows),
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
