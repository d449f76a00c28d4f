import pytest
from django.test import Client

from curation.models import Person

pytestmark = pytest.mark.django_db


def test_operator_makes_an_account_and_cannot_delete_one() -> None:
    Person.objects.create_superuser("operator", password="a long pass phrase")
    client = Client()
    client.force_login(Person.objects.get(username="operator"))
    fields = {
        "username": "new",
        "display_name": "新しい人",
        "pseudonym": "author-9",
        "email": "new@example.org",
        "usable_password": "true",
        "password1": "another long phrase",
        "password2": "another long phrase",
    }

    answer = client.post("/admin/curation/person/add/", fields)

    assert answer.status_code == 302
    person = Person.objects.get(username="new")
    assert (person.display_name, person.pseudonym, person.check_password("another long phrase")) == (
        "新しい人",
        "author-9",
        True,
    )
    assert client.post(f"/admin/curation/person/{person.pk}/delete/").status_code == 403


def test_two_people_without_a_pseudonym_are_possible() -> None:
    Person.objects.create_superuser("operator", password="a long pass phrase")
    client = Client()
    client.force_login(Person.objects.get(username="operator"))

    for name in ("one", "two"):
        fields = {"username": name, "usable_password": "true", "pseudonym": ""}
        phrase = {"password1": "another long phrase", "password2": "another long phrase"}
        assert client.post("/admin/curation/person/add/", {**fields, **phrase}).status_code == 302

    assert list(Person.objects.filter(username__in=["one", "two"]).values_list("pseudonym", flat=True)) == [
        None,
        None,
    ]


def test_member_of_a_dataset_has_no_window() -> None:
    Person.objects.create_user("writer", password="a long pass phrase")
    client = Client()
    client.force_login(Person.objects.get(username="writer"))

    assert client.get("/admin/").status_code == 302
