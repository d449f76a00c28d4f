"""Compiled once, they answer as Django's own queries do."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from curation.models import Job, Person
from curation.prepared import Prepared, PreparedCount, moment_slot, slot, update
from curation.sessions import SessionStore
from tests.factories.curation import make_dataset, make_person

DATASET, MOMENT = slot(1), moment_slot(1)
pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def test_update_writes_plain_values_and_says_how_many() -> None:
    person, dataset = make_person(), make_dataset()
    job = Job.objects.create(dataset=dataset, kind="export", person=person)
    other = Job.objects.create(dataset=dataset, kind="export", person=person)
    at = timezone.now()
    values = {"person": None, "result": {"行": [1, None]}, "message": "50 %", "started_at": at}
    assert update(Job, {"id": job.pk, "dataset": dataset}, values) == 1
    job.refresh_from_db()
    assert (job.person, job.result, job.message, job.started_at) == (None, {"行": [1, None]}, "50 %", at)
    other.refresh_from_db()
    assert (other.person, other.message) == (person, "")
    assert update(Job, {"id": job.pk, "message": "other"}, {"message": "lost"}) == 0
    job.refresh_from_db()
    assert job.message == "50 %"


def test_person_is_found_by_key_and_by_anything_else() -> None:
    person = make_person()
    assert Person.objects.get(pk=person.pk) == person
    assert Person.objects.get(pk=str(person.pk)) == Person.objects.get(username=person.username) == person
    for key in (person.pk + 1, -1, 2**70):
        with pytest.raises(Person.DoesNotExist):
            Person.objects.get(pk=key)


def test_session_ends_with_its_time(client: Client) -> None:
    person = make_person()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    key = client.session.session_key
    assert SessionStore(key)["_auth_user_id"] == str(person.pk)
    Session.objects.filter(pk=key).update(expire_date=timezone.now() - timedelta(seconds=1))
    late = SessionStore(key)
    assert (late.get("_auth_user_id"), late.session_key) == (None, None)
    assert SessionStore("unknown").get("_auth_user_id") is None


def test_a_count_keeps_its_limit_and_a_moment_is_a_value_like_any() -> None:
    dataset, now = make_dataset(), timezone.now()
    for n in range(3):
        job = Job.objects.create(dataset=dataset, kind="export", person=make_person())
        Job.objects.filter(pk=job.pk).update(started_at=now + timedelta(microseconds=n))
    since = Job.objects.filter(dataset=DATASET, started_at__gt=MOMENT)
    count, first_two = PreparedCount(lambda: since), PreparedCount(lambda: since[:2])
    rows = Prepared(lambda: since.order_by("started_at"))
    for earlier, expected in (
        (timedelta(microseconds=-1), 3),
        (timedelta(0), 2),
        (timedelta(microseconds=2), 0),
    ):
        values = {DATASET: dataset.pk, MOMENT: now + earlier}
        assert count.of(values) == len(rows.rows(values)) == expected
        assert first_two.of(values) == min(expected, 2)
