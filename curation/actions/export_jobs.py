"""Exports that run in the background and are downloaded from the release's page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from curation.actions.exports import export_release, zipped
from curation.actions.jobs import progress, queue_job
from curation.errors import Invalid
from curation.formats.writing import FORMATS
from curation.log import OPERATOR, Actor, person_of
from curation.models import Job, Release
from curation.rules import require

KIND = "export_release"


@transaction.atomic
def queue_export(
    actor: Actor, release: Release, *, formats: list[str], output_field: str, target_url: str
) -> Job:
    """Ask for an export; the files are ready when the job is done.

    The same one asked for again while it waits or runs is given again: a button pressed twice makes one archive.
    """
    from curation.tasks import export_release as task  # a task imports its action

    require(actor, "export", release)
    known = {*FORMATS, "all"}
    if not formats or not set(formats) <= known:
        raise Invalid(_("Choose at least one format."), field="formats")
    arguments = {"release": release.pk, "formats": formats, "output_field": output_field}
    Release.objects.select_for_update().get(pk=release.pk)
    asked = Job.objects.filter(
        dataset=release.dataset, person=person_of(actor), kind=KIND, arguments=arguments
    )
    if waiting := asked.filter(state__in=[Job.State.QUEUED, Job.State.RUNNING]).order_by("pk").first():
        return waiting
    return queue_job(
        actor,
        release.dataset,
        kind=KIND,
        title=_("Export of %(release)s") % {"release": release.name},
        task=task,
        arguments=arguments,
        target_url=target_url,
    )


def run_export(job: Job) -> dict[str, Any]:
    """The job's work: files, verification, one archive."""
    release = Release.objects.select_related("dataset").get(pk=job.arguments["release"])
    progress(job, 0, 2)
    formats = ["all"] if "all" in job.arguments["formats"] else job.arguments["formats"]
    folder = folder_of(job)
    files, checked = export_release(
        job.person or OPERATOR, release, folder, formats=formats, output_field=job.arguments["output_field"]
    )
    if checked.problems:
        raise Invalid(_("The files did not verify: %(why)s") % {"why": str(checked.problems[0])})
    progress(job, 1, 2)
    archive = zipped(folder)
    progress(job, 2, 2)
    return {"files": [path.relative_to(folder).as_posix() for path in files], "bytes": archive.stat().st_size}


def folder_of(job: Job) -> Path:
    """Where a job's files lie; the name holds ids and the checked release name only."""
    release = Release.objects.get(pk=job.arguments["release"])
    return Path(settings.TEINEI_VAR) / "exports" / str(job.pk) / release.name


def archive_of(job: Job) -> Path | None:
    """The finished archive, None where there is none."""
    folder = folder_of(job)
    path = folder.with_name(folder.name + ".zip")
    return path if job.state == Job.State.SUCCEEDED and path.is_file() else None
