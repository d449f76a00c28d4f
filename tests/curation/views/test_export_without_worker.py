"""An export that nobody works on says so: on its page at once, and a worker that died is missed within five seconds
(tests/curation/test_worker.py)."""

from __future__ import annotations

import pytest

from curation.embedded import Broker
from curation.models import Job
from tests.factories.curation import make_dataset, make_member
from tests.factories.releases import make_frozen, row
from tests.rig.clients import signed_in

PAGE = "/d/home/releases/v1/"
SILENT = "No worker is listening"


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_the_export_page_says_that_no_worker_listens(broker: Broker) -> None:
    dataset = make_dataset("home")
    make_frozen(dataset, "v1", [row("a")])
    manager = signed_in(make_member(dataset, "release_manager"))
    asked = manager.post(f"{PAGE}export/", {"formats": ["csv"]})
    assert (asked.status_code, Job.objects.get().state) == (302, "queued")
    assert SILENT in manager.get(PAGE).text
    assert SILENT in manager.get(asked.headers["Location"]).text
