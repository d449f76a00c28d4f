"""The checks of an item for programs: the same findings, dismissals and refusals as on the page."""

from __future__ import annotations

import pytest
from django.test import Client

from curation.models import Dismissal
from tests.factories.curation import make_dataset, make_item, make_member

pytestmark = pytest.mark.django_db
ASKED = "会社の人から電話がありました。番号は090-3141-5926です。出てもよいでしょうか。"


def call(person, method, item, body=None):
    client = Client(headers={"accept-language": "en"})
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    path = f"/api/d/{item.dataset.slug}/items/{item.pk}/checks/"
    answer = getattr(client, method)(path, data=body, content_type="application/json")
    return answer.status_code, answer.json() if answer.content else None


def test_findings_are_told_dismissed_and_brought_back() -> None:
    dataset = make_dataset("api")
    author = make_member(dataset, "author")
    item = make_item(dataset, author=author, question=ASKED, answer="")
    code, body = call(author, "get", item)
    length, phone = body["findings"]
    assert (code, length["check"], length["level"], length["places"]) == (200, "length", "pass", [])
    assert (phone["check"], phone["part"], phone["dismissed"]) == ("phone", "question", None)
    assert phone["places"] == [{"start": 18, "end": 31, "text": "090-3141-5926", "instead": ""}]
    assert phone["sentence"] == "Looks like a telephone number"
    code, body = call(author, "post", item, {"finding": phone["finding"], "reason": "架空の番号です。"})
    said = body["findings"][1]["dismissed"]
    assert (code, said["by"], said["reason"]) == (201, author.pseudonym, "架空の番号です。")
    code, body = call(author, "delete", item, {"finding": phone["finding"]})
    assert (code, body["findings"][1]["dismissed"], Dismissal.objects.count()) == (200, None, 0)


def test_what_is_refused_says_why() -> None:
    dataset = make_dataset("api")
    author = make_member(dataset, "author")
    item = make_item(dataset, author=author, question=ASKED)
    assert call(author, "post", item, {"finding": "0" * 32, "reason": "ない。"})[0] == 409
    assert call(author, "post", item, {"finding": "0" * 32})[0] == 400
    assert call(make_member(dataset, "author"), "get", item)[0] == 403
    assert call(make_member(make_dataset("else"), "author"), "get", item)[0] == 404
