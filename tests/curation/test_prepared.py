"""Compiled once, they answer as Django's own queries do."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import transaction
from django.test import Client
from django.utils import timezone

from curation.actions.holding import hold
from curation.models import Item, Job, Lease, Person, Revision
from curation.prepared import Prepared, PreparedCount, delete, moment_slot, slot, update
from curation.queries import leaves_of
from curation.sessions import SessionStore
from tests.factories.curation import make_dataset, make_item, make_person

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


def test_delete_takes_what_matches_and_nothing_else() -> None:
    one, other = (make_item(make_dataset(), state="in_review") for _ in range(2))
    now = timezone.now()
    for item, part in ((one, "review"), (one, "write"), (other, "write")):
        times = {"taken_at": now, "beat_at": now, "expires_at": now}
        Lease.objects.create(item=item, part=part, person=make_person(), **times)
    assert delete(Lease, item=one, part="write") == 1
    left = Lease.objects.order_by("pk").values_list("item", "part")
    assert list(left) == [(one.pk, "review"), (other.pk, "write")]
    assert delete(Lease, item=one, part="write") == 0


def test_tuples_come_in_the_order_that_was_asked_for() -> None:
    revision = make_item(make_dataset(), state="in_review").current_revision
    assert revision is not None
    Revision.objects.filter(pk=revision.pk).update(attributes={"needs_expert": [True]}, sources=["本"])
    row = ("sources", "number", "attributes", "item_id")
    asked = Prepared(lambda: Revision.objects.filter(pk=slot(1)).values_list(*row))
    (found,) = asked.tuples({slot(1): revision.pk})
    assert list(found) == [["本"], 1, {"needs_expert": [True]}, revision.item_id]
    assert asked.tuples({slot(1): revision.pk + 1}) == []


def test_rows_carry_what_was_loaded_along() -> None:
    items = [make_item(make_dataset(), state=state) for state in ("in_review", "draft")]
    asked = Prepared(
        lambda: (
            Item.objects.filter(dataset=slot(1)).select_related("current_revision__category").order_by("pk")
        )
    )
    shown = [
        (row.pk, row.current_revision and row.current_revision.category.name)
        for item in items
        for row in asked.rows({slot(1): item.dataset_id})
    ]
    assert shown == [(items[0].pk, items[0].current_revision.category.name), (items[1].pk, None)]


def test_holding_reads_the_row_anew_and_keeps_the_dataset_alone() -> None:
    item = make_item(make_dataset(), state="in_review")
    held = Item.objects.select_related("dataset", "question", "current_revision").get(pk=item.pk)
    dataset = held.dataset
    Item.objects.filter(pk=item.pk).update(state="rejected", current_revision=None)
    with transaction.atomic():
        hold(held)
    assert (held.state, held.current_revision) == ("rejected", None)
    assert held.dataset is dataset
    assert "question" not in held._state.fields_cache
    held.pk = item.pk + 1
    with pytest.raises(Item.DoesNotExist), transaction.atomic():
        hold(held)


def test_leaves_share_what_stands_above_them() -> None:
    one, two, three = leaves_of(make_dataset())
    assert one.parent is two.parent
    assert [each.parent.parent.label for each in (one, three)] == ["誤情報", "悪用"]
    assert [each.path.split("\t")[-1] for each in (one, two, three)] == ["医療相談", "金融相談", "個人犯罪"]
