"""An export whose worker is killed outright, with a real worker and a real broker."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from curation.actions.export_jobs import Wish, archive_of, queue_export
from curation.actions.job_watch import take_up
from curation.log import OPERATOR
from curation.models import Job
from tests.factories.curation import make_dataset
from tests.factories.releases import make_frozen, row
from tests.rig.broker import Worker, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases, pytest.mark.slow]


def test_export_of_a_killed_worker_is_begun_again_by_the_next(worker: Worker) -> None:
    release = make_frozen(make_dataset("killed"), "v1", (row(f"k{n}") for n in range(4000)))
    job = queue_export(OPERATOR, release, Wish(formats=("all",)), target_url="")
    wait_until(lambda: Job.objects.get(pk=job.pk).state == "running")
    worker.kill()
    job.refresh_from_db()
    assert (job.state, archive_of(job)) == ("running", None)
    # A minute later: nothing has been heard of it.
    Job.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now() - timedelta(seconds=61))
    worker.start()
    # This process, or the new worker's clock, whichever is first.
    take_up()
    wait_until(lambda: Job.objects.get(pk=job.pk).state == "succeeded", seconds=120)
    job.refresh_from_db()
    archive = archive_of(job)
    assert archive is not None
    assert (archive.stat().st_size, job.result["files"] != []) == (job.result["bytes"], True)
    assert [path.name for path in archive.parent.iterdir()] == ["v1.zip"]
