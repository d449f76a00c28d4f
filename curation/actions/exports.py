"""Releases out to files and back in: export with verification, and published versions registered for leak checks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from django.utils.translation import gettext as _

from curation.actions.export_refusals import refuse_texts
from curation.actions.export_rows import describe, rows_of
from curation.actions.jobs import Told
from curation.errors import Invalid
from curation.formats.writing import (
    FORMATS,
    ReleaseDescription,
    ReleaseRow,
    Verification,
    export,
    verification,
)
from curation.log import Actor, record
from curation.models import Release
from curation.people_tables import human_figures, human_tables, sentences_of
from curation.rules import require

TOLD_EVERY = 1000  # rows


def export_release(
    actor: Actor,
    release: Release,
    folder: str | Path,
    *,
    formats: list[str],
    output_field: str = "output",
    meta_order: str | None = None,
    csv_encoding: str = "utf-8",
    with_people: bool = False,
    told: Told | None = None,
) -> tuple[list[Path], Verification]:
    """Write a release's files and read them back; the export counts only if the verification found nothing.

    Refused with the list where an item must not be redistributed (ids alone are always possible) or stands in a
    provisional category. `with_people` adds what people gave, under pseudonyms.
    """
    require(actor, "export", release)
    if with_people:
        require(actor, "export_people", release)
    if formats != ["ids"]:
        refuse_texts(actor, release)
    try:
        files = export(
            _counted(release, told),
            _described(release, formats, with_people=with_people),
            folder,
            formats=FORMATS if formats == ["all"] else formats,
            output_field=output_field,
            meta_order=meta_order,
            csv_encoding=csv_encoding,
            tables=human_tables(release) if with_people else (),
        )
    except OSError as error:
        raise Invalid(_("The files could not be written: %(error)s") % {"error": error}) from None
    except ModuleNotFoundError as error:
        message = _(
            "Parquet and Hugging Face files need the package %(name)s: install requirements/analysis.txt."
        )
        raise Invalid(message % {"name": error.name}) from None
    if told:
        told("check", 0, 1)
    checked = verification(folder)
    names = [path.name for path in files]
    record(
        actor,
        "export",
        release,
        formats=formats,
        files=names,
        problems=len(checked.problems),
        with_people=with_people,
    )
    return files, checked


def _described(release: Release, formats: list[str], *, with_people: bool) -> ReleaseDescription:
    """What is known of the release; with people, how much they gave and how they agree too."""
    found = describe(release, hub=not {"hf", "all"}.isdisjoint(formats))
    if not with_people:
        return found
    figures = human_figures(release)
    facts = {**found.facts, **({"dataAnnotationAnalysis": said} if (said := sentences_of(figures)) else {})}
    return replace(found, statistics={**found.statistics, "people": figures}, facts=facts)


def _counted(release: Release, told: Told | None) -> Iterator[ReleaseRow]:
    """The rows, told of now and then as they go by."""
    for number, row in enumerate(rows_of(release)):
        if told and number % TOLD_EVERY == 0:
            told("write", number, release.size)
        yield row
