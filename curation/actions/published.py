"""Versions published elsewhere, registered as frozen releases that leak checks, training and judging know about."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from curation.access import as_it_stands, why_closed
from curation.actions.datasets import take_turns
from curation.actions.releases import RESERVED, counts_of, root_of
from curation.actions.rights import rights_named
from curation.actions.texts import keep_texts, longest
from curation.errors import Invalid
from curation.formats.faults import Quarantined, excerpt
from curation.formats.objects import read_object
from curation.formats.published import Published, read_published
from curation.formats.reading import ItemRow
from curation.formats.writing.manifest import MANIFEST, TERMS
from curation.log import Actor, person_of, record
from curation.models import Dataset, Release, ReleaseItem, Rights
from curation.release_hashes import VERSION as HASH_VERSION
from curation.release_hashes import row_hash
from curation.release_rows import keep_rows
from curation.rules import require
from curation.similar import text_hash

LONGEST_ID = longest(ReleaseItem, "external_id")
REGISTERED = re.compile(r"[^\s./\\]([^/\\]{0,58}[^\s/\\])?")
OWN_RIGHTS = "rights.json"
LONGEST_TERMS = 200_000
SAID = ("purpose", "attribution")


@transaction.atomic
def import_release(
    actor: Actor, dataset: Dataset, path: str | Path, *, name: str, rights: str | None = None
) -> tuple[Release, list[Quarantined]]:
    """Register a published version, as a frozen release that leak checks, training and judging know about.

    `path` is a file or a folder (formats.published says which). `rights` names the terms it came in under, or a JSON
    file of them; without, those that the folder itself brings, else terms under the release's name that forbid passing
    on. What the reader decided stands in the release's `snapshot`: files with their SHA-256, notices, labels that the
    dataset's taxonomy does not know. Its texts are never exported from here. Raises Invalid or UnusableFile, having
    written nothing.
    """
    require(actor, "import", dataset)
    _refuse_name(name)
    take_turns(dataset)
    if Release.objects.filter(dataset=dataset, name=name).exists():
        raise Invalid(_("%(name)s is registered already.") % {"name": name}, field="name")
    terms = _terms(dataset, Path(path), name, rights)
    closed = why_closed(terms)
    if closed:
        raise Invalid(_("Nothing was registered: %(why)s") % {"why": closed}, field="rights")
    found = read_published(path, longest_id=LONGEST_ID)
    if not found.rows:
        first = f"row {found.quarantined[0].row}: {found.quarantined[0].reason}" if found.quarantined else "-"
        message = _("No row can be used, so nothing was registered. The first fault: %(first)s")
        raise Invalid(message % {"first": first}, field="path")
    keep_texts(_bodies(found))
    rows = [_row(position, row, split, terms) for position, (row, split) in enumerate(found.rows)]
    counts = counts_of(rows)
    unlabelled = counts["leaves"].pop("", None)
    unknown = _unknown_labels(dataset, rows)
    release = Release.objects.create(
        dataset=dataset,
        name=name,
        imported=True,
        size=len(rows),
        root_hash=root_of(rows),
        hash_version=HASH_VERSION,
        counts=counts
        | {"unlabelled": sum((unlabelled or {}).values()), "unknown_labels": sum(unknown.values())},
        snapshot=_snapshot(found, unknown, terms),
        terms=terms.terms,
        rights=as_it_stands(terms),
        frozen_by=person_of(actor),
    )
    keep_rows(release, rows)
    record(actor, "import_release", release, items=len(rows), root_hash=release.root_hash, rights=terms.pk)
    return release, found.quarantined


def _refuse_name(name: str) -> None:
    if not REGISTERED.fullmatch(name) or not name.isprintable() or name in RESERVED:
        message = _("“%(name)s” cannot be a release's name: 1 to 60 characters of one line, without a slash.")
        raise Invalid(message % {"name": excerpt(name)}, field="name")


def _bodies(found: Published) -> Iterator[str]:
    for row, _split in found.rows:
        yield row.question
        if row.answer:
            yield row.answer
        for parts in row.translations.values():
            yield from (text for text in parts.values() if text)


def _row(position: int, row: ItemRow, split: str, terms: Rights) -> ReleaseItem:
    translations = {
        locale: {part: text_hash(text) if text else None for part, text in parts.items()}
        for locale, parts in row.translations.items()
    }
    question, answer = text_hash(row.question), text_hash(row.answer) if row.answer else None
    return ReleaseItem(
        position=position,
        external_id=row.external_id or question[:16],
        question_text_id=question,
        answer_text_id=answer,
        labels=list(row.labels),
        split=split,
        attributes=row.attributes,
        sources=list(row.sources),
        translations=translations,
        rights_name=terms.name,
        content_hash=row_hash(
            question=question,
            answer=answer,
            labels=row.labels,
            attributes=row.attributes,
            sources=row.sources,
            translations=translations,
        ),
    )


def _unknown_labels(dataset: Dataset, rows: list[ReleaseItem]) -> Counter[str]:
    """How many items stand under which path that is no leaf of the dataset's taxonomy. Fine, and told."""
    known = set(dataset.taxonomy.categories.filter(level=3).values_list("path", flat=True))
    paths = Counter("\t".join(row.labels) for row in rows if row.labels)
    return Counter({path: n for path, n in paths.items() if path not in known})


def _snapshot(found: Published, unknown: Counter[str], terms: Rights) -> dict[str, Any]:
    return {
        "files": [asdict(file) for file in found.files],
        "notices": [str(notice) for notice in found.notices],
        "quarantined": len(found.quarantined),
        "unknown_labels": [{"labels": path.split("\t"), "items": n} for path, n in unknown.most_common()],
        "rights": [as_it_stands(terms)],
    }


def _terms(dataset: Dataset, path: Path, name: str, rights: str | None) -> Rights:
    """The terms that were named, else the folder's own, else closed ones under the release's name."""
    if rights:
        return rights_named(dataset, rights)
    own = path / OWN_RIGHTS
    if path.is_dir() and own.is_file() and not own.is_symlink():
        return rights_named(dataset, str(own))
    given = _said_by_export(path) if path.is_dir() else {}
    return Rights.objects.get_or_create(
        dataset=dataset,
        name=name,
        defaults={"redistributable": False, "inherits": True, "gate": Rights.Gate.GRANTED} | given,
    )[0]


def _said_by_export(folder: Path) -> dict[str, Any]:
    """What a folder that was exported by this system says of its terms; {} for any other."""
    manifest, terms = folder / MANIFEST, folder / TERMS
    if manifest.is_symlink() or not manifest.is_file():
        return {}
    told = read_object(manifest)
    rights = told.get("rights")
    if not isinstance(told.get("layout"), int) or not isinstance(rights, dict):
        return {}
    found: dict[str, Any] = {key: rights[key] for key in SAID if isinstance(rights.get(key), str)}
    flags = {key: rights[key] for key in ("inherits", "redistributable") if isinstance(rights.get(key), bool)}
    licence = told.get("licence")
    if isinstance(licence, str):
        found["licence"] = licence[: longest(Rights, "licence")]
    if terms.is_file() and not terms.is_symlink() and terms.stat().st_size <= LONGEST_TERMS:
        with suppress(UnicodeDecodeError):
            found["terms"] = terms.read_text(encoding="utf-8").replace("\0", "").strip()
    opened = flags.get("redistributable") is True
    return found | flags | {"gate": Rights.Gate.OPEN if opened else Rights.Gate.GRANTED}
