"""Exports that run in the background and are downloaded from the release's page."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from curation.actions.exports import export_release
from curation.actions.jobs import Told, progress, queue_job, told_in_english
from curation.actions.publishing import forget_files
from curation.archives import pack
from curation.errors import Invalid
from curation.formats.writing import FORMATS, SUMS
from curation.formats.writing.manifest import file_hash
from curation.log import OPERATOR, Actor, person_of
from curation.models import Job, Publication, Release
from curation.outgoing import last_redaction
from curation.rules import require

KIND = "export_release"
OUTPUT_FIELDS = ("output", "output-sample")
META_ORDERS = ("", "ac", "hf")
ENCODINGS = ("utf-8", "utf-8-sig")
# Of a hundred: rows are written, files are read back, and packed.
SHARES = {"write": (0, 40), "check": (40, 70), "pack": (70, 100)}


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is asked of an export. `meta_order` is empty where each format keeps its own."""

    formats: tuple[str, ...]
    output_field: str = "output"
    meta_order: str = ""
    csv_encoding: str = "utf-8"
    with_people: bool = False

    def refuse_unknown(self) -> None:
        """Raises Invalid, naming the field."""
        if not self.formats or not set(self.formats) <= {*FORMATS, "all"}:
            raise Invalid(_("Choose at least one format."), field="formats")
        known = {"output_field": OUTPUT_FIELDS, "meta_order": META_ORDERS, "csv_encoding": ENCODINGS}
        for name, values in known.items():
            if getattr(self, name) not in values:
                raise Invalid(_("This cannot be chosen here."), field=name)


@transaction.atomic
def queue_export(actor: Actor, release: Release, wish: Wish, *, target_url: str) -> Job:
    """Ask for an export; the files are ready when the job is done.

    The same one asked for again while it waits or runs is given again: a button pressed twice makes one archive.
    """
    from curation.tasks import export_release as task  # a task imports its action

    require(actor, "export", release)
    if wish.with_people:
        require(actor, "export_people", release)
    wish.refuse_unknown()
    arguments = {"release": release.pk, **asdict(wish), "formats": list(wish.formats)}
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


def exports_of(release: Release) -> Any:
    """The export jobs of a release, the newest first."""
    return Job.objects.filter(dataset=release.dataset_id, kind=KIND, arguments__release=release.pk)


def newest_files(release: Release) -> list[dict[str, Any]]:
    """Path, bytes and SHA-256 of the files of the newest export in all formats, else of the newest; [] before one.

    Exports with people's data are left out: their hashes tell whoever has such files what is in them.
    """
    done = exports_of(release).filter(state=Job.State.SUCCEEDED, result__files__0__isnull=False)
    asked = done.order_by("-pk").values_list("pk", "arguments")
    jobs = [(pk, given["formats"]) for pk, given in asked if not given.get("with_people")]
    whole = [pk for pk, formats in jobs if "all" in formats]
    newest = whole[0] if whole else jobs[0][0] if jobs else None
    files: list[dict[str, Any]] = Job.objects.get(pk=newest).result["files"] if newest else []
    return files


@told_in_english
def run_export(job: Job) -> dict[str, Any]:
    """The job's work: files, verification, one archive. Only the archive stays."""
    release = Release.objects.select_related("dataset").get(pk=job.arguments["release"])
    shutil.rmtree(_room(job), ignore_errors=True)  # what a killed worker left
    told = teller(job, SHARES)
    folder = folder_of(job)
    given = job.arguments
    try:
        files, checked = export_release(
            job.person or OPERATOR,
            release,
            folder,
            formats=["all"] if "all" in given["formats"] else given["formats"],
            output_field=given["output_field"],
            meta_order=given.get("meta_order") or None,
            csv_encoding=given.get("csv_encoding") or "utf-8",
            with_people=bool(given.get("with_people")),
            told=told,
        )
        if checked.problems:
            raise Invalid(_("The files did not verify: %(why)s") % {"why": str(checked.problems[0])})
        told_files = _listed(folder, files)
        archive = pack(folder, folder.with_name(folder.name + ".zip"), told=_packing(job))
    except BaseException:
        shutil.rmtree(_room(job), ignore_errors=True)
        raise
    shutil.rmtree(folder)
    progress(job, 100, 100)
    return {
        "files": told_files,
        "bytes": archive.stat().st_size,
        "sha256": file_hash(archive),
    }


def _listed(folder: Path, files: list[Path]) -> list[dict[str, Any]]:
    """Path, bytes and SHA-256 of the files, by the sums that the export wrote and verified."""
    lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    sums = {line[66:]: line[:64] for line in lines} | {SUMS: file_hash(folder / SUMS)}
    names = {path.relative_to(folder).as_posix(): path for path in files}
    return [
        {"path": name, "bytes": path.stat().st_size, "sha256": sums[name]} for name, path in names.items()
    ]


def teller(job: Job, shares: dict[str, tuple[int, int]]) -> Told:
    """Progress in parts of a hundred, with words; raises Cancelled where somebody asked the job to stop."""

    def told(what: str, done: int, total: int) -> None:
        low, high = shares.get(what, (0, 100))
        words = WORDS[what]() % {"done": done, "total": total}
        progress(job, low + (high - low) * done // max(total, 1), 100, words)

    return told


WORDS = {
    "write": lambda: _("Writing items: %(done)d of %(total)d"),
    "check": lambda: _("Reading the files back and comparing them"),
    "ask": lambda: _("Asking the hub what stands there"),
    "upload": lambda: _("Sending the files"),
    "tag": lambda: _("Naming the version on the hub"),
}


def _packing(job: Job) -> Told:
    low, high = SHARES["pack"]

    def told(name: str, number: int, total: int) -> None:
        words = _("Packing file %(n)d of %(total)d: %(name)s")
        values = {"n": number + 1, "total": total, "name": name}
        progress(job, low + (high - low) * number // total, 100, words % values)

    return told


def _room(job: Job) -> Path:
    return Path(settings.TEINEI_VAR) / "exports" / str(job.pk)


def folder_of(job: Job) -> Path:
    """Where a job's files lie; the name holds ids and the checked release name only."""
    return _room(job) / Release.objects.values_list("name", flat=True).get(pk=job.arguments["release"])


def archives_of(release: Release, jobs: Iterable[Job]) -> dict[int, Path]:
    """The finished archives by job; none where it was removed, or where a text in it was redacted since."""
    redacted = last_redaction(release)
    found = {}
    for job in jobs:
        path = _room(job) / f"{release.name}.zip"
        done = job.state == Job.State.SUCCEEDED and not job.result.get("removed") and path.is_file()
        if done and not (redacted and job.started_at and redacted > job.started_at):
            found[job.pk] = path
    return found


def archive_of(job: Job) -> Path | None:
    """The finished archive of one job, None where there is none (any more)."""
    release = Release.objects.get(pk=job.arguments["release"])
    return archives_of(release, [job]).get(job.pk)


def remove_old() -> int:
    """Remove archives that nobody needs any more, and files of plans not carried out; how many.

    An archive stays as long as a link leads to it. The job keeps its list of files and says when they went.
    """
    now = timezone.now()
    before = now - timedelta(days=settings.TEINEI_EXPORT_DAYS)
    done = Job.objects.filter(kind=KIND, state=Job.State.SUCCEEDED, result__removed__isnull=True)
    gone = 0
    for job in done:
        linked = job.links.filter(revoked_at=None, expires_at__gt=now).exists()
        old = job.finished_at is not None and job.finished_at <= before and not linked
        if old or (_room(job).is_dir() and archive_of(job) is None):
            shutil.rmtree(_room(job), ignore_errors=True)
            Job.objects.filter(pk=job.pk).update(result={**job.result, "removed": now.isoformat()})
            gone += 1
    plans = Publication.objects.filter(state=Publication.State.PLANNED, created_at__lte=before)
    for plan in plans:
        gone += forget_files(plan)
    return gone
