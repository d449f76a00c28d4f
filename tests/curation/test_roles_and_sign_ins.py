import io
import json

import pytest
from django.core.management import call_command
from django.test import Client

from curation.models import LogEntry, Membership, Person
from tests.factories.curation import make_dataset

pytestmark = pytest.mark.django_db


def test_give_role_makes_the_first_lead() -> None:
    dataset = make_dataset()
    person = Person.objects.create_user("first", password="a long pass phrase")
    out = io.StringIO()

    call_command(
        "give_role", "first", "lead", dataset=dataset.slug, json=True, stdout=out, stderr=io.StringIO()
    )

    assert json.loads(out.getvalue()) == {"dataset": dataset.slug, "person": "first", "role": "lead"}
    given = Membership.objects.filter(dataset=dataset, person=person).values_list("role", flat=True)
    assert list(given) == ["lead"]


def test_give_role_to_nobody_writes_nothing() -> None:
    dataset = make_dataset()

    with pytest.raises(SystemExit) as stopped:
        call_command(
            "give_role", "nobody", "lead", dataset=dataset.slug, stdout=io.StringIO(), stderr=io.StringIO()
        )

    assert stopped.value.code == 2
    assert Membership.objects.filter(dataset=dataset).count() == 0


def test_sign_in_leaves_an_entry(client: Client) -> None:
    person = Person.objects.create_user("writer", password="a long pass phrase")

    answer = client.post("/accounts/login/", {"login": "writer", "password": "a long pass phrase"})

    assert answer.status_code == 302
    entry = LogEntry.objects.get(verb="sign_in")
    assert (entry.person, entry.object_type, entry.object_id) == (person, "person", str(person.pk))


def test_failed_sign_in_leaves_none(client: Client) -> None:
    Person.objects.create_user("writer", password="a long pass phrase")

    client.post("/accounts/login/", {"login": "writer", "password": "wrong"})

    assert LogEntry.objects.filter(verb="sign_in").count() == 0
