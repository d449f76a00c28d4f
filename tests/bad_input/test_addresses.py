"""Every address of the site, asked with junk behind the question mark by a person who may see it."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from django.test import Client

from tests.factories.addresses import address_of, every_name
from tests.factories.whole import Whole, make_whole

pytestmark = pytest.mark.django_db

NAMES = [
    "page",
    "q",
    "category",
    "after",
    "before",
    "state",
    "split",
    "judge",
    "mode",
    "judge_score",
    "human_score",
    "failure",
    "model",
    "cursor",
    "page_size",
    "decide",
    "again",
    "next",
    "attribute",
    "author",
    "locale",
    "release",
    "task",
    "tab",
    "limit",
    "offset",
    "format",
    "answered",
    "axis",
    "show",
    "rater",
    "other",
    "arm",
    "stretch",
    "gold",
    "from",
]
TURNS = 2
JUNK = [
    "abc",
    "-1",
    "0",
    "99999999999999999999",
    "9" * 5000,
    "%00",
    "%ed%a0%80",
    "%ff%fe",
    "';--",
    "x" * 5000,
    "%C2%B2",
    "1e400",
    "NaN",
    "[]",
    "{}",
    "../../etc/passwd",
    "bz0xJnA9OTk5OTk5OTk5OTk5OTk5OTk5OTk5OQ%3D%3D",  # a cursor of DRF: o=1&p=9999...
    "cD0lMDA%3D",  # a cursor: p=%00
    "bz0tMQ%3D%3D",  # a cursor: o=-1
]
REPEATED = "&".join(3 * ["q=1&q=%00&page=1&page=-1&page&category=x&judge_score=1&judge_score=%00"])
# A page that names a judge it does not know is none: those two go apart, so that they hide nothing of the others.
APART = ("judge", "mode")
ANSWERS = {200, 204, 301, 302, 400, 404}


EVERY = every_name()


def queries(number: int) -> Iterator[str]:
    """Every parameter with one kind of junk each. The kinds go round with the number: all pages together meet all."""
    for turn in range(TURNS):
        kinds = [JUNK[(number + turn * len(JUNK) // TURNS + at) % len(JUNK)] for at in range(len(NAMES))]
        pairs = list(zip(NAMES, kinds, strict=True))
        yield "&".join(f"{name}={junk}" for name, junk in pairs if name not in APART)
    yield REPEATED
    yield "&".join(f"{name}={junk}" for name, junk in pairs if name in APART)


def visit(client: Client, address: str, query: str) -> tuple[int, str]:
    """The status, and the beginning of what was asked."""
    answer = client.get(f"{address}?{query}")
    if answer.streaming:
        b"".join(answer.streaming_content)
    return answer.status_code, f"{address}?{query[:80]}"


def both(whole: Whole) -> list[Client]:
    """Signed in as one who may see everything, and as a rater for the pages of rating."""
    clients = []
    for person in (whole.person, whole.rater):
        client = Client(raise_request_exception=False)
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        clients.append(client)
    return clients


def test_the_list_of_addresses_is_whole() -> None:
    """The walk finds pages of every floor and the API; a new one joins by itself."""
    floors = {name.partition(":")[0] for name in EVERY}
    assert {"curation", "annotation", "judging", "finetune", "curation_api"} <= floors
    assert len(EVERY) > 60


@pytest.mark.both_databases(slow=("postgres",))
def test_every_address_answers_junk_behind_the_question_mark(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="django.request")
    whole = make_whole()
    chief, rater = both(whole)
    wrong = []
    for number, name in enumerate(EVERY):
        client = rater if name.startswith("annotation:rate") else chief
        address = address_of(name, whole.keys(name))
        assert client.get(address).status_code in {200, 302, 404, 405}, address
        for query in queries(number):
            status, asked = visit(client, address, query)
            if status == 405:  # for POST alone: the query is never looked at
                break
            if status not in ANSWERS:
                wrong.append((status, asked))
    assert wrong == []


def test_no_address_takes_an_order() -> None:
    """A column that an address may name is a column that strangers can sort by, and so read."""
    whole = make_whole()
    for client in both(whole):
        asked = [address_of(name, whole.keys(name)) for name in EVERY]
        codes = {client.get(f"{address}?order_by=author__password").status_code for address in asked}
        assert codes == {400}
    for name in ("ordering", "sort"):
        assert client.get(f"/api/d/{whole.keys('')['dataset']}/items/?{name}=-pk").json()["field"] == name
