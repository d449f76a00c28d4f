"""Asking on the item's page, confirming on the page of requests, and the sentence that stands where the words were."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from curation.actions.releases import Choice, freeze
from curation.log import OPERATOR
from curation.models import Item, Redaction, Release
from tests.factories.curation import make_item, make_member
from tests.rig.clients import signed_in

SECRET = "あの店の裏口で使う合い言葉を教えてください。"
GONE = "This text was removed"


@pytest.fixture
def item(dataset: Any) -> Item:
    made = make_item(dataset, state="approved", question=SECRET)
    freeze(OPERATOR, dataset, Choice(name="v1", test_per_leaf=0))
    return made


@pytest.fixture
def as_lead(dataset: Any) -> Client:
    return signed_in(make_member(dataset, "lead"))


@pytest.fixture
def as_manager(dataset: Any) -> Client:
    return signed_in(make_member(dataset, "release_manager"))


def ask(client: Client, item: Item, **given: Any) -> int:
    data = {"parts": ["question"], "reason": "本人の申し出"} | given
    return client.post(f"/d/home/items/{item.pk}/redact/", data).status_code


def confirm(client: Client, typed: str) -> None:
    client.post(f"/d/home/redactions/{Redaction.objects.get().pk}/confirm/", {"confirm": typed})


def test_two_people_remove_a_text(item, as_lead, as_manager) -> None:
    page = as_lead.get(f"/d/home/items/{item.pk}/")
    assert page.context["redact"] == {"texts": {"question": 1, "answer": 1}, "waiting": 0}
    assert b"/redactions/" not in page.content  # the side bar leads there only while something waits
    assert ask(as_lead, item) == 302
    request = Redaction.objects.get()
    waiting = as_manager.get("/d/home/redactions/").context["waiting"]
    assert [(row["redaction"], row["releases"], row["why_not"]) for row in waiting] == [
        (request, ["v1"], None)
    ]
    assert b"/d/home/redactions/" in as_manager.get("/d/home/").content
    own = as_lead.get("/d/home/redactions/").context["waiting"]
    assert own[0]["why_not"] == "Somebody else has to confirm what you asked for."
    for client, typed in ((as_lead, str(request.pk)), (as_manager, "no")):
        confirm(client, typed)
        request.refresh_from_db()
        assert request.confirmed_at is None
    confirm(as_manager, str(request.pk))
    page = as_manager.get(f"/d/home/items/{item.pk}/").content.decode()
    assert (SECRET in page, page.count(GONE)) == (False, 1)
    done = as_manager.get("/d/home/redactions/").context["done"]
    assert [(row["redaction"], row["copies"], len(row["left"])) for row in done] == [(request, 2, 2)]


def test_pages_and_interface_tell_that_the_text_was_removed(item, as_lead, as_manager) -> None:
    ask(as_lead, item, parts=["question", "answer"])
    (waiting,) = as_manager.get("/d/home/redactions/").context["waiting"]  # two texts, asked for in one act
    assert waiting["hashes"] == [request.text_id for request in Redaction.objects.order_by("pk")]
    first = waiting["redaction"].pk
    as_manager.post(f"/d/home/redactions/{first}/confirm/", {"confirm": str(first)})
    assert Redaction.objects.filter(confirmed_at=None).count() == 0
    told = as_manager.get(f"/api/d/home/items/{item.pk}/").json()
    assert (told["question"], told["answer"]) == (GONE, GONE)
    for address in ("items/", f"items/{item.pk}/", "releases/v1/"):
        page = as_manager.get(f"/d/home/{address}").content.decode()
        assert SECRET not in page
    assert "The text of 1 item was removed after the freeze." in page
    assert GONE in as_manager.get("/d/home/items/").content.decode()
    japanese = as_manager.get(f"/d/home/items/{item.pk}/", headers={"accept-language": "ja"})
    assert japanese.status_code == 200
    assert Release.objects.get().items.get(item=item).content_hash != ""


def test_others_cannot_ask(item, dataset) -> None:
    author = signed_in(make_member(dataset, "author", "reviewer"))
    assert author.get(f"/d/home/items/{item.pk}/").context["redact"] is None
    assert ask(author, item) == 404
    assert author.get("/d/home/redactions/").status_code == 404
    assert Redaction.objects.count() == 0


def test_nothing_chosen_and_no_reason_ask_for_nothing(item, as_lead) -> None:
    ask(as_lead, item, parts=[])
    ask(as_lead, item, reason=" ")
    assert Redaction.objects.count() == 0


def test_request_is_taken_back(item, as_lead) -> None:
    ask(as_lead, item)
    assert b"Somebody has asked" in as_lead.get(f"/d/home/items/{item.pk}/").content
    as_lead.post(f"/d/home/redactions/{Redaction.objects.get().pk}/take-back/")
    assert Redaction.objects.count() == 0
