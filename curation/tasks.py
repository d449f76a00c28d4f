"""Background work of the ground floor: ids in, one action each."""

from __future__ import annotations

from celery import shared_task

from curation.actions.export_jobs import run_export
from curation.actions.jobs import run_job


@shared_task(name="curation.export_release")
def export_release(job: int) -> None:
    """Write and verify a release's files."""
    run_job(job, run_export)
