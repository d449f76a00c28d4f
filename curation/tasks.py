"""Background work of the ground floor: ids in, one action each."""

from __future__ import annotations

from celery import shared_task

from curation.actions.aid import run_aid
from curation.actions.corrections import run_correction
from curation.actions.digests import mail_is_set_up
from curation.actions.digests import send_digests as send_due
from curation.actions.export_jobs import remove_old, run_export
from curation.actions.freeze_jobs import run_check, run_freeze
from curation.actions.item_files import work as run_import
from curation.actions.job_watch import take_up
from curation.actions.jobs import run_job
from curation.actions.log_seals import seal_log as seal
from curation.actions.notices import remove_old as remove_old_seen
from curation.actions.publishing_jobs import run_plan, run_publish


@shared_task(name="curation.export_release")
def export_release(job: int) -> None:
    """Write and verify a release's files."""
    run_job(job, run_export)


@shared_task(name="curation.correct_release")
def correct_release(job: int) -> None:
    """Freeze a successor without some items."""
    run_job(job, run_correction)


@shared_task(name="curation.fetch_suggestion")
def fetch_suggestion(job: int) -> None:
    """Ask a model for what a writer wants suggested."""
    run_job(job, run_aid)


@shared_task(name="curation.plan_publication")
def plan_publication(job: int) -> None:
    """Write and verify what would go out to a hub."""
    run_job(job, run_plan)


@shared_task(name="curation.publish_release")
def publish_release(job: int) -> None:
    """Carry out a plan to publish."""
    run_job(job, run_publish)


@shared_task(name="curation.import_items")
def import_items(job: int) -> None:
    """Try, or import, a file of items that a person brought."""
    run_job(job, run_import)


@shared_task(name="curation.reconcile")
def reconcile() -> None:
    """Take up the jobs whose worker died."""
    take_up()


@shared_task(name="curation.remove_old_files")
def remove_old_files() -> None:
    """Remove archives and planned files that nobody needs any more."""
    remove_old()


@shared_task(name="curation.remove_old_notices")
def remove_old_notices() -> None:
    """Remove notices that were seen long ago."""
    remove_old_seen()


@shared_task(name="curation.check_release")
def check_release(job: int) -> None:
    """Ask the gates about a release that is to be frozen."""
    run_job(job, run_check)


@shared_task(name="curation.freeze_release")
def freeze_release(job: int) -> None:
    """Freeze what was checked."""
    run_job(job, run_freeze)


@shared_task(name="curation.seal_log")
def seal_log() -> None:
    """Put the newest log entries under the hash chain."""
    seal()


@shared_task(name="curation.send_digests")
def send_digests() -> None:
    """Mail those whose turn it is; nothing where mail does not leave the machine."""
    if mail_is_set_up():
        send_due()


@shared_task(name="curation.embed_questions")
def embed_questions() -> None:
    """Read new questions for their meaning, where that is compared; the module loads numpy."""
    from curation.meant import embed_new

    embed_new()
