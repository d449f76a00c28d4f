"""The quality of a large task: worked out by the worker, kept, and shown as it was while ratings come."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.actions import quality
from annotation.models import Rating, RatingTask, TaskQuality
from annotation.tasks import quality as work
from curation.models import Job, Person
from tests.annotation.test_quality_pages import address, rated, signed_in

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> tuple[RatingTask, Person]:
    """18 ratings, which counts as many here."""
    monkeypatch.setattr(quality, "INLINE_RATINGS", 17)
    return rated(responses=6)


def later(task: RatingTask, by: timedelta) -> None:
    """The kept result is older by so much, and a rating has gone since."""
    TaskQuality.objects.filter(task=task).update(created_at=timezone.now() - by)
    Rating.objects.filter(pk=Rating.objects.filter(task=task).order_by("pk").values("pk")[:1]).delete()


def test_page_waits_for_the_worker_then_shows_what_is_kept(large: tuple[RatingTask, Person]) -> None:
    task, lead = large
    client = signed_in(lead)
    body = client.get(address(task)).content.decode()
    job = Job.objects.get(kind="quality")
    assert (job.state, job.arguments["task"], job.target_url) == ("queued", task.pk, address(task))
    assert f'hx-get="{address(task)}"' in body
    polled = client.get(address(task), **HTMX)
    assert 'hx-trigger="every 2s"' in polled.content.decode()
    assert client.get(address(task, "quality_json")).headers["Location"] == address(task)
    assert client.get(address(task, "quality_csv")).headers["Location"] == address(task)
    work(job.pk)
    assert client.get(address(task), **HTMX).headers["HX-Refresh"] == "true"
    shown = client.get(address(task))
    assert shown.context["counts"]["ratings"] == 18
    assert "every 2s" not in shown.content.decode()
    assert list(Job.objects.values_list("pk", "state")) == [(job.pk, "succeeded")]


def test_while_ratings_come_the_last_numbers_stay_and_are_made_anew_once_a_minute(
    large: tuple[RatingTask, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    task, lead = large
    quality.quality_of(lead, task)
    monkeypatch.setattr(quality, "INLINE_RATINGS", 1)
    client = signed_in(lead)
    later(task, timedelta(seconds=50))
    young = client.get(address(task))
    assert young.context["counts"]["ratings"] == 18
    assert "時点の数値です" in young.content.decode()
    assert not Job.objects.exists()
    later(task, timedelta(seconds=61))
    old = client.get(address(task))
    assert old.context["counts"]["ratings"] == 18
    job = Job.objects.get()
    later(task, timedelta(seconds=61))
    assert client.get(address(task)).context["standing"].job == job
    work(job.pk)
    assert client.get(address(task)).context["counts"]["ratings"] == 15


def test_a_job_that_failed_is_told_and_not_repeated_on_the_same_rows(
    large: tuple[RatingTask, Person],
) -> None:
    task, lead = large
    client = signed_in(lead)
    client.get(address(task))
    Job.objects.update(state=Job.State.FAILED, message="out of memory")
    body = client.get(address(task)).content.decode()
    assert "品質を計算できませんでした。" in body
    assert "out of memory" in body
    assert "every 2s" not in body
    assert Job.objects.count() == 1


def test_numbers_of_other_code_are_not_shown(large: tuple[RatingTask, Person]) -> None:
    task, lead = large
    TaskQuality.objects.create(task=task, mark="old", result={"code_version": "quality-old"})
    assert "annotation/quality_waiting.html" in [
        one.name for one in signed_in(lead).get(address(task)).templates
    ]
