"""Releases out to files and back in: export with verification, and published versions registered for leak checks."""

from __future__ import annotations

import zipfile
from pathlib import Path

from django.utils.translation import gettext as _

from curation.actions.export_rows import describe, rows_of
from curation.errors import Invalid
from curation.formats.writing import FORMATS, Verification, export, verification
from curation.log import Actor, record
from curation.models import Release
from curation.rules import require


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
