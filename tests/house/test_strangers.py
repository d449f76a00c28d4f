"""Every address of the site, asked by a stranger: it does not exist, leads to the sign-in page, or refuses.

The list comes from the URL conf, so that a new address is covered by itself.
"""

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from curation.models import Membership
from tests.factories.addresses import address_of, every_name
from tests.factories.curation import make_dataset, make_item, make_member, make_person
from tests.factories.whole import make_whole

pytestmark = pytest.mark.django_db
# Open to everybody on purpose: health, signing in and out, language, the schema of the API, examples of parts.
OPEN = (
    "healthz",
    "accounts/",
    "admin/login/",
    "admin/logout/",
    "i18n/",
    "api/schema/",
    "static/",
    "styleguide/",
)
# For whoever is signed in, of whatever dataset: the way to one's own datasets, and preferences.
SIGNED_IN = ("", "preferences/")
FILLED = {
    "int": lambda name, pk: str(pk),
    "slug": lambda name, pk: "guarded" if name == "dataset" else "any",
    "str": lambda name, pk: "any",
    "uuid": lambda name, pk: "00000000-0000-4000-8000-000000000000",
}


def patterns(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for each in resolver.url_patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from patterns(each, route)
        else:
            yield route, each


def addresses() -> list[str]:
    """Routes of path(), which all of ours are; those of regular expressions belong to packages that are open."""
    found = {route for route, _pattern in patterns(get_resolver())}
    return sorted(route for route in found if not route.startswith(OPEN) and "(" not in route)


def filled(route: str, pk: int) -> str:
    """The route with something in each of its places; the dataset is the guarded one."""

    def place(found: re.Match[str]) -> str:
        return FILLED.get(found["kind"], FILLED["str"])(found["name"], pk)

    return "/" + re.sub(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>", place, route)


@pytest.fixture
def guarded():
    dataset = make_dataset("guarded")
    return dataset, make_item(dataset, state="approved")


def answers(client: Client, path: str) -> dict[str, tuple[int, str]]:
    found = {}
    for method in ("get", "post"):
        answer = getattr(client, method)(path)
        found[method] = (answer.status_code, answer.headers.get("Location", ""))
    return found


def test_there_are_addresses_to_ask() -> None:
    assert len([route for route in addresses() if route.startswith("d/<slug:dataset>/")]) > 30
    assert len([route for route in addresses() if route.startswith("api/d/<slug:dataset>/")]) > 10


def gets_in(code: int, location: str) -> bool:
    led_to_sign_in = code == 302 and ("/accounts/login/" in location or "/admin/login/" in location)
    return not led_to_sign_in and code not in (403, 404, 405)


def test_nobody_gets_in_without_signing_in(guarded) -> None:
    """No address changes anything for a stranger, so that one dataset stands for all of them."""
    found = {route: answers(Client(), filled(route, guarded[1].pk)) for route in addresses()}
    open_to_strangers = {
        route: told for route, told in found.items() if any(gets_in(*each) for each in told.values())
    }
    assert open_to_strangers == {}


def finds_something(code: int, location: str) -> bool:
    return (code != 302 or "/admin/login/" not in location) and code not in (404, 405)


def test_member_of_another_dataset_finds_nothing(guarded) -> None:
    other = make_member(make_dataset("other"), "author", "reviewer", "lead", "release_manager", "researcher")
    client = Client()
    client.force_login(other, backend="django.contrib.auth.backends.ModelBackend")
    asked = [route for route in addresses() if route not in SIGNED_IN]
    found = {route: answers(client, filled(route, guarded[1].pk)) for route in asked}
    assert client.session["_auth_user_id"] == str(other.pk)  # signed in to the end
    shown = {
        route: told for route, told in found.items() if any(finds_something(*each) for each in told.values())
    }
    assert shown == {}


def test_where_there_is_a_row_behind_every_address_a_member_of_another_dataset_finds_none() -> None:
    whole = make_whole("guarded")
    client = Client()
    other = make_member(make_dataset("other"), *Membership.Role.values)
    client.force_login(other, backend="django.contrib.auth.backends.ModelBackend")
    asked = [address_of(name, whole.keys(name)) for name in every_name()]
    within = [address for address in asked if address.startswith(("/d/", "/api/d/", "/hooks/"))]
    assert len(within) > 100
    found = {address: {code for code, _to in answers(client, address).values()} for address in within}
    assert {address: codes for address, codes in found.items() if not codes <= {404, 405}} == {}


def test_a_person_without_any_dataset_is_told_so() -> None:
    client = Client()
    client.force_login(make_person(), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/").status_code == 200
