"""`publish_release`: a plan first, then exactly that plan; the token in no answer."""

from __future__ import annotations

import pytest

from curation.actions.releases import Choice, Waiver, freeze
from curation.log import OPERATOR
from curation.models import Job, Publication, Rights
from tests.curation.test_commands import run
from tests.factories.curation import make_dataset, make_item
from tests.rig.hub import TOKEN, refuses

pytestmark = pytest.mark.django_db
WORDS = ("publish_release", "v1", "--repo", "lab/careful")


@pytest.fixture
def release():
    dataset = make_dataset("careful")
    make_item(dataset, state="approved")
    rights = Rights.objects.create(dataset=dataset, name="own", licence="CC-BY-4.0", terms="With care.")
    waivers = [Waiver(gate="quota", reason="test", person="mari")]
    return freeze(OPERATOR, dataset, Choice(name="v1", test_per_leaf=0, rights=rights), waivers=waivers)


def test_plan_then_publish(release, hub, capsys) -> None:
    assert run(capsys, *WORDS, "--publish")[0] == 2  # there is no plan
    code, planned = run(capsys, *WORDS, "--public")
    assert (code, planned["state"], planned["private"], hub.asked) == (0, "planned", False, [])
    assert run(capsys, *WORDS, "--publish", "--private")[0] == 2  # the plan says otherwise
    hub.fails["commit"] = [refuses(500)]
    code, failed = run(capsys, *WORDS, "--publish")
    assert (code, failed["state"], "no file was added" in failed["message"]) == (1, "failed", True)
    code, done = run(capsys, *WORDS, "--publish")
    repo = hub.repos["lab/careful"]
    assert (code, done["state"], done["revision"], repo.private) == (0, "published", repo.head, False)
    assert done["files"] == planned["files"]
    assert TOKEN not in str((planned, failed, done))
    assert [job.state for job in Job.objects.order_by("pk")] == ["failed", "succeeded"]


def test_what_must_not_go_out_ends_with_two(release, hub, capsys) -> None:
    code, answer = run(capsys, "publish_release", "v1", "--repo", "no-owner")
    assert (code, answer["field"], Publication.objects.count()) == (2, "repo", 0)
