"""The freeze page: choices, the gates' answers with links to mend, waivers by a second person, and the freeze itself."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from curation.actions.items import withdraw
from curation.models import Job, Release, Waiver
from tests.factories.curation import leaf, make_dataset, make_item, make_member
from tests.rig.clients import signed_in

pytestmark = pytest.mark.django_db
START = "/d/pages/releases/freeze/"
CHOICES = {"name": "v1", "seed": "1", "test_per_leaf": "0", "terms": "自由", "note": "初版"}


@pytest.fixture
def dataset():
    return make_dataset("pages")


@pytest.fixture
def manager(dataset):
    return make_member(dataset, "release_manager", name="mari")


@pytest.fixture
def lead(dataset):
    return make_member(dataset, "lead", name="rei")


@pytest.fixture
def post(django_capture_on_commit_callbacks):
    """Post, and let the job that the page queued run at once."""

    def send(person, path, given=None):
        with django_capture_on_commit_callbacks(execute=True):
            return signed_in(person).post(path, given or {})

    return send


def drafted(post, manager, **other) -> str:
    return post(manager, START, CHOICES | other).headers["Location"]


def page(person, path: str) -> str:
    answer = signed_in(person).get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_a_release_is_chosen_checked_and_frozen_with_its_name_typed(dataset, manager, post) -> None:
    make_item(dataset, state="approved")
    address = drafted(post, manager)
    shown = page(manager, address)
    assert ("Nothing stops the freeze" in shown, "1.0.0" in shown, "The first version." in shown) == (
        True,
    ) * 3
    post(manager, f"{address}confirm/", {"confirm": "v2"})
    assert Release.objects.count() == 0
    post(manager, f"{address}confirm/", {"confirm": "v1"})
    release = Release.objects.get()
    assert (release.terms, release.note, release.version, release.frozen_by) == (
        "自由",
        "初版",
        "1.0.0",
        manager,
    )
    assert "/d/pages/releases/v1/" in page(manager, address)


def test_a_taken_name_is_said_at_its_field(dataset, manager, post) -> None:
    make_item(dataset, state="approved")
    post(manager, f"{drafted(post, manager)}confirm/", {"confirm": "v1"})
    answer = post(manager, START, CHOICES)
    assert (answer.status_code, "v1 is frozen already" in answer.content.decode()) == (200, True)


def test_findings_lead_to_where_they_are_mended(dataset, manager, post) -> None:
    item = make_item(dataset, state="approved", question="連絡は mari@dummy-corp.jp までお願いします。")
    make_item(dataset, state="approved", category=leaf(dataset, 1))
    shown = page(manager, drafted(post, manager, test_per_leaf="1"))
    assert f'<a href="/d/pages/items/{item.pk}/">{item.external_id}</a>' in shown
    assert "In the question. It looks like a mail address." in shown
    assert f'href="/d/pages/coverage/#leaf-{leaf(dataset).pk}"' in shown
    assert "mari@dummy-corp.jp" not in shown
    assert f'id="leaf-{leaf(dataset).pk}"' in page(manager, "/d/pages/coverage/")


def test_a_lead_waives_and_the_manager_freezes(dataset, manager, lead, post) -> None:
    make_item(dataset, state="approved")
    address = drafted(post, manager, test_per_leaf="1")
    shown = page(manager, address)
    assert ('name="confirm"' in shown, re.search('id="gate-([a-z_]+)"', shown)[1]) == (False, "quota")
    post(manager, f"{address}waive/", {"gate": "quota", "reason": "mine"})
    assert Waiver.objects.count() == 0
    post(lead, f"{address}waive/", {"gate": "quota", "reason": ""})
    assert Waiver.objects.count() == 0
    answer = post(lead, f"{address}waive/", {"gate": "quota", "reason": "a pilot"})
    assert answer.headers["Location"] == f"{address}#gate-quota"
    assert "Waived by rei: a pilot" in page(manager, address)
    post(manager, f"{address}confirm/", {"confirm": "v1"})
    said = {gate["key"]: (gate["state"], gate["waived"]) for gate in Release.objects.get().gates}
    assert said["quota"] == ("waived", {"gate": "quota", "reason": "a pilot", "person": "rei"})


def test_a_waiver_counts_no_longer_once_the_gate_finds_something_else(dataset, manager, lead, post) -> None:
    make_item(dataset, state="approved")
    first = drafted(post, manager, test_per_leaf="1")
    post(lead, f"{first}waive/", {"gate": "quota", "reason": "a pilot"})
    for _each in range(2):
        make_item(dataset, state="approved", category=leaf(dataset, 1))
    second = post(manager, f"{first}again/").headers["Location"]
    shown = page(manager, second)
    assert ("No longer counts" in shown, 'name="confirm"' in shown) == (True, False)
    post(manager, f"{second}confirm/", {"confirm": "v1"})
    assert Release.objects.count() == 0


def test_a_draft_says_that_items_have_changed_and_is_not_frozen(dataset, manager, lead, post) -> None:
    make_item(dataset, state="approved")
    gone = make_item(dataset, state="approved")
    address = drafted(post, manager)
    withdraw(lead, gone, reason="written twice")
    shown = page(manager, address)
    assert ("have changed since" in shown, 'name="confirm"' in shown) == (True, False)
    assert ("Nothing stops the freeze" in shown, "What the gates said" in shown) == (False, True)
    post(manager, f"{address}confirm/", {"confirm": "v1"})
    assert (Release.objects.count(), Job.objects.get(kind="freeze_release").state) == (0, "failed")
    assert "Items changed since the gates were asked." in page(manager, address)
    again = post(manager, f"{address}again/").headers["Location"]
    post(manager, f"{again}confirm/", {"confirm": "v1"})
    assert Release.objects.get().size == 1


def test_the_same_press_twice_makes_one_job_and_one_release(dataset, manager) -> None:
    make_item(dataset, state="approved")
    client = signed_in(manager)
    addresses = {client.post(START, CHOICES).headers["Location"] for _each in range(2)}
    assert (len(addresses), Job.objects.filter(kind="check_release").count()) == (1, 1)


def test_two_managers_freeze_a_release_once(dataset, manager, post) -> None:
    make_item(dataset, state="approved")
    other = make_member(dataset, "release_manager")
    address = drafted(post, manager)
    waiting = signed_in(manager)
    waiting.post(f"{address}confirm/", {"confirm": "v1"})
    signed_in(other).post(f"{address}confirm/", {"confirm": "v1"})
    assert Job.objects.filter(kind="freeze_release").count() == 1
    assert waiting.get(address, headers={"HX-Request": "true"}).headers.get("HX-Refresh") is None


def test_a_check_whose_worker_died_can_be_asked_again(dataset, manager, post) -> None:
    make_item(dataset, state="approved")
    address = signed_in(manager).post(START, CHOICES).headers["Location"]
    long_ago = timezone.now() - timedelta(minutes=5)
    Job.objects.update(state="running", heartbeat_at=long_ago)
    assert "The worker went away" in page(manager, address)
    again = post(manager, f"{address}again/").headers["Location"]
    assert [job.state for job in Job.objects.order_by("pk")] == ["failed", "succeeded"]
    assert "Nothing stops the freeze" in page(manager, again)


def test_the_page_says_that_no_worker_listens(dataset, manager, settings) -> None:
    address = signed_in(manager).post(START, CHOICES).headers["Location"]
    settings.CELERY_TASK_ALWAYS_EAGER = False
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    assert "No worker is listening" in page(manager, address)


def test_strangers_and_other_roles_find_no_draft(dataset, manager, post) -> None:
    address = drafted(post, manager)
    stranger = make_member(make_dataset("elsewhere"), "release_manager")
    for person in (stranger, make_member(dataset, "author", "reviewer", "researcher")):
        client = signed_in(person)
        assert client.get(address).status_code == 404
        for act in ("waive", "confirm", "again"):
            assert client.post(f"{address}{act}/", {"gate": "quota", "confirm": "v1"}).status_code == 404


def test_a_lead_finds_the_draft_and_may_not_freeze(dataset, lead, manager, post) -> None:
    make_item(dataset, state="approved")
    address = drafted(post, manager)
    assert 'name="confirm"' not in page(lead, address)
    assert signed_in(lead).post(f"{address}confirm/", {"confirm": "v1"}).status_code == 404


@pytest.mark.parametrize("value", ["x", "999999999999999999999", "-1", "²", ""])
def test_choices_begin_with_those_of_a_draft_or_without(dataset, manager, value) -> None:
    assert signed_in(manager).get(START, {"from": value}).status_code == 200


def test_a_checklist_costs_the_same_for_any_number_of_findings(dataset, manager, lead, post) -> None:
    asked = []
    client = signed_in(manager)
    for number in (1, 3):
        while dataset.items.count() < number:
            n = dataset.items.count()
            make_item(dataset, state="approved", question=f"{n}番の窓口は a{n}@dummy-corp.jp ですか。")
        address = drafted(post, manager, name=f"v{number}", test_per_leaf="1")
        post(lead, f"{address}waive/", {"gate": "quota", "reason": "a pilot"})
        client.get(address)
        with CaptureQueriesContext(
            connection,
        ) as held:
            assert client.get(address).status_code == 200
        asked.append(len(held))
    assert asked[0] == asked[1]
    assert asked[0] == 17
