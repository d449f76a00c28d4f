"""Background work of the ground floor: ids in, one action each."""

from __future__ import annotations

from celery import shared_task

from curation.actions.corrections import run_correction
from curation.actions.export_jobs import run_export
from curation.actions.jobs import run_job
from curation.actions.log_seals import seal_log as seal


@shared_task(name="curation.export_release")
def export_release(job: int) -> None:
    """Write and verify a release's files."""
    run_job(job, run_export)


@shared_task(name="curation.correct_release")
def correct_release(job: int) -> None:
    """Freeze a successor without some items."""
    run_job(job, run_correction)


@shared_task(name="curation.seal_log")
def seal_log() -> None:
    """Put the newest log entries under the hash chain."""
    seal()
