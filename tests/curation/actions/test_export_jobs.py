"""Exports as jobs: progress in words, a stop that leaves nothing, the same bytes again, and workers that die."""

from __future__ import annotations

import tracemalloc
from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.actions.leases import lease
from annotation.actions.ratings import rate
from annotation.actions.tasks import close
from curation.actions import export_jobs, job_watch, jobs
from curation.actions.export_jobs import Wish, archive_of, queue_export, run_export
from curation.actions.releases import Choice, Waiver, freeze
from curation.archives import pack
from curation.log import OPERATOR
from curation.models import Job, Publication
from tests.factories.annotation import make_task, make_world_dataset
from tests.factories.curation import make_dataset, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def release():
    dataset = make_dataset("jobs")
    make_item(dataset, state="approved")
    waivers = [Waiver(gate="quota", reason="test", person="mari")]
    return freeze(OPERATOR, dataset, Choice(name="v1", test_per_leaf=0), waivers=waivers)


def queued(release, **wish) -> Job:
    return queue_export(OPERATOR, release, Wish(**{"formats": ("csv",), **wish}), target_url="")


def test_progress_is_told_file_by_file(release, monkeypatch) -> None:
    job, heard = queued(release), []
    progress = jobs.progress

    def listening(job, done, total=None, message=""):
        heard.append((done, message))
        progress(job, done, total, message)

    monkeypatch.setattr(export_jobs, "progress", listening)
    jobs.run_job(job.pk, run_export)
    job.refresh_from_db()
    assert (job.state, job.done, job.total) == ("succeeded", 100, 100)
    assert [done for done, _words in heard] == sorted(done for done, _words in heard)
    packed = [words for _done, words in heard if words.startswith("Packing")]
    names = [one["path"] for one in job.result["files"]]
    assert packed == [f"Packing file {n} of {len(names)}: {name}" for n, name in enumerate(sorted(names), 1)]


def test_export_that_is_stopped_leaves_no_file(release, settings) -> None:
    job = queued(release)
    Job.objects.update(cancel_requested=True)
    jobs.run_job(job.pk, run_export)
    job.refresh_from_db()
    assert (job.state, archive_of(job)) == ("cancelled", None)
    assert [path for path in settings.TEINEI_VAR.rglob("*") if path.is_file()] == []


def test_two_exports_are_the_same_bytes(release) -> None:
    found = []
    for _turn in range(2):
        job = queued(release, formats=("csv", "jsonl"), csv_encoding="utf-8-sig", meta_order="hf")
        jobs.run_job(job.pk, run_export)
        job.refresh_from_db()
        found.append((job.result["sha256"], job.result["files"]))
        assert archive_of(job).stat().st_size == job.result["bytes"]
    assert found[0] == found[1]


def test_people_go_along_where_they_are_asked_for() -> None:
    task, people = make_task(make_world_dataset(), raters=1, questions=1, models=["m"])
    rate(people[0], task, token=lease(people[0], task).token, score=4)
    close(OPERATOR, task)
    named = []
    for with_people in (False, True):
        job = queued(task.release, with_people=with_people)
        jobs.run_job(job.pk, run_export)
        job.refresh_from_db()
        named.append({one["path"] for one in job.result["files"]})
    assert named[1] - named[0] == {"tables/ratings_raw.csv", "tables/ratings_by_response.csv"}


def test_packing_needs_no_memory(tmp_path) -> None:
    folder = tmp_path / "v1"
    folder.mkdir()
    (folder / "large.parquet").write_bytes(bytes(1 << 24))
    tracemalloc.start()
    pack(folder, tmp_path / "v1.zip")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 1 << 23  # half of the file


# --- Workers that die ------------------------------------------------------------------------------------------


class Sent:
    """Celery's place for tasks, which remembers what was sent."""

    def __init__(self) -> None:
        self.ids: list[int] = []

    def delay(self, job: int) -> None:
        self.ids.append(job)


@pytest.fixture
def sent(monkeypatch):
    found = Sent()
    tasks = dict.fromkeys(job_watch.LASTING.values(), found)
    monkeypatch.setattr(job_watch, "current_app", type("App", (), {"tasks": tasks}))
    return found


def died(job: Job) -> None:
    """As a killed worker leaves it: running, and silent for longer than any step beats."""
    long_ago = timezone.now() - timedelta(seconds=61)
    Job.objects.filter(pk=job.pk).update(state="running", started_at=long_ago, heartbeat_at=long_ago)


def test_silent_job_is_taken_up_and_then_given_up(release, sent, django_capture_on_commit_callbacks) -> None:
    job = queued(release)
    for _turn in range(2):
        died(job)
        with django_capture_on_commit_callbacks(execute=True):
            assert job_watch.take_up() == [job.pk]
        job.refresh_from_db()
        assert (job.state, job.message) == ("queued", "The worker stopped; this starts again.")
    assert sent.ids == [job.pk, job.pk]
    died(job)
    assert job_watch.take_up() == []
    job.refresh_from_db()
    assert (job.state, "3 times" in job.message) == ("failed", True)


def test_taken_up_export_starts_clean_and_ends(release, sent) -> None:
    job = queued(release)
    room = export_jobs.folder_of(job)
    room.mkdir(parents=True)
    (room / "half.csv").write_text("half", encoding="utf-8")
    died(job)
    job_watch.take_up()
    jobs.run_job(job.pk, run_export)
    job.refresh_from_db()
    assert job.state == "succeeded"
    assert "half.csv" not in {one["path"] for one in job.result["files"]}


def test_job_that_still_beats_or_was_asked_to_stop(release, sent) -> None:
    job = queued(release)
    died(job)
    Job.objects.update(heartbeat_at=timezone.now())
    assert (job_watch.take_up(), Job.objects.get().state) == ([], "running")
    died(job)
    Job.objects.update(cancel_requested=True)
    assert (job_watch.take_up(), Job.objects.get().state) == ([], "cancelled")


def test_publication_whose_worker_died_for_good_says_so(release, sent) -> None:
    plan = {"files": [], "stage": "sent"}
    publication = Publication.objects.create(release=release, repo="a/b", state="publishing", plan=plan)
    arguments = {"release": release.pk, "publication": publication.pk}
    job = Job.objects.create(
        dataset=release.dataset, kind="publish_release", title="p", arguments=arguments, result={"turns": 2}
    )
    died(job)
    job_watch.take_up()
    publication.refresh_from_db()
    assert (publication.state, "not known" in publication.message) == ("failed", True)


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_heart_beats_during_one_long_step(release, monkeypatch) -> None:
    monkeypatch.setattr(jobs, "BEAT_SECONDS", 0.05)
    job = queued(release)
    Job.objects.filter(pk=job.pk).update(state="queued")

    def work(job: Job) -> dict[str, int]:
        before = Job.objects.get(pk=job.pk).heartbeat_at
        until = timezone.now() + timedelta(seconds=10)
        while Job.objects.get(pk=job.pk).heartbeat_at == before and timezone.now() < until:
            pass
        return {"moved": int(Job.objects.get(pk=job.pk).heartbeat_at > before)}

    jobs.run_job(job.pk, work)
    job.refresh_from_db()
    assert job.result == {"moved": 1}
