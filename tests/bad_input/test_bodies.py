"""JSON that no database keeps, sent to the API and to autosave: told, and nothing is written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from curation.models import Comment, Draft, Item, Revision
from tests.factories.curation import leaf, make_dataset, make_item, make_member

DEEP = "[" * 60 + "]" * 60
VALUES = {
    "NUL": '"a\\u0000b"',
    "half a pair": '"\\ud800"',
    "infinity": "1e400",
    "NaN": "NaN",
    "deep": DEEP,
    "very deep": "[" * 20_000 + "]" * 20_000,
}
REFUSED = {400, 409, 422}


@pytest.fixture
def own() -> tuple[Client, Item]:
    dataset = make_dataset(slug="demo")
    author = make_member(dataset, "author")
    client = Client(raise_request_exception=False)
    client.force_login(author, backend="django.contrib.auth.backends.ModelBackend")
    return client, make_item(dataset, state="draft", author=author, category=leaf(dataset))


def counts() -> tuple[int, ...]:
    return tuple(kind.objects.count() for kind in (Comment, Draft, Revision))


def sent(client: Client, verb: str, address: str, body: str) -> int:
    answer: Any = getattr(client, verb)(address, body, content_type="application/json")
    return int(answer.status_code)


@pytest.mark.both_databases
@pytest.mark.django_db
def test_bodies_of_the_api_that_no_database_keeps(own: tuple[Client, Item]) -> None:
    client, item = own
    here, before, wrong = f"/api/d/demo/items/{item.pk}/", counts(), []
    texts = {"question": "質問です。", "answer": "回答です。"}
    bodies = [
        ("put", "draft/", {"version": 0, "client_id": "c"}, ("question", "answer", "client_id", "version")),
        ("post", "submit/", texts | {"client_id": "c"}, ("question", "answer", "client_id", "base")),
        ("post", "comment/", {"body": "x", "client_id": "c"}, ("body", "client_id")),
    ]
    for verb, end, given, fields in bodies:
        inner = [f'"{name}": %s' for name in fields]
        if end != "comment/":
            inner += ['"attributes": {"a": %s}', '"sources": [%s]']
        for field in inner:
            for name, value in VALUES.items():
                whole = json.dumps(given)[:-1] + ", " + field % value + "}"
                status = sent(client, verb, here + end, whole)
                if status not in REFUSED:
                    wrong.append((status, end, field, name))
    assert wrong == []
    assert counts() == before


@pytest.mark.both_databases
@pytest.mark.django_db
@pytest.mark.parametrize("value", ["a\0b", "9" * 5000, "x" * 500])
def test_autosave_with_a_bad_token_is_told(own: tuple[Client, Item], value: str) -> None:
    client, item = own
    for name in ("version", "client_id"):
        given = {"question": "質問", "version": "0", "client_id": "c"} | {name: value}
        for address in (f"/d/demo/write/{item.pk}/draft/", f"/d/demo/write/{item.pk}/submit/"):
            assert client.post(address, given).status_code < 500, (address, name)
    for body in VALUES.values():
        status = sent(client, "post", f"/d/demo/write/{item.pk}/draft/", f'{{"version": {body}}}')
        assert 400 <= status < 500
