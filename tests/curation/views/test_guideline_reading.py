"""A new version is told to those who work by it, and they say that they have read it; work goes on meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from curation.actions import guidelines as act
from curation.models import Guideline, GuidelineReading, LogEntry, Notice, Person
from tests.curation.actions.test_guidelines import NEW
from tests.factories.curation import make_item, make_member
from tests.rig.clients import signed_in

pytestmark = pytest.mark.django_db
AT = "/d/home/guideline/"
LINE = 'id="guideline-unread"'


@pytest.fixture
def lead(dataset: Any) -> Person:
    return make_member(dataset, "lead", "author", name="mio")


@pytest.fixture
def second(dataset: Any, lead: Any, author: Any, reviewer: Any) -> Guideline:
    """Version 2, brought into force while an author and a reviewer are there."""
    return act.write(lead, dataset, base=1, **NEW)


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_first_version_is_nothing_new(dataset, author, as_author) -> None:
    item = make_item(dataset, author=author)
    assert LINE not in page(as_author, f"/d/home/write/{item.pk}/")
    assert LINE not in page(as_author, AT)


def test_those_who_work_by_it_are_told_once_and_its_writer_is_not(dataset, second, author, reviewer) -> None:
    make_member(dataset, "author", person=reviewer)
    told = Notice.objects.filter(kind="guideline").values_list("person", flat=True)
    assert sorted(told) == sorted([author.pk, reviewer.pk])
    shown = page(signed_in(author), "/d/home/notices/")
    assert f'<a href="{AT}">Guideline</a> has a new version. See what is new in it.' in shown


def test_line_stands_on_the_work_pages_until_it_is_confirmed_and_stops_nothing(
    dataset, second, author, as_author, reviewer, as_reviewer
) -> None:
    begun, handed_in = make_item(dataset, author=author), make_item(dataset, state="in_review")
    places = [(as_author, f"/d/home/write/{begun.pk}/"), (as_reviewer, f"/d/home/review/{handed_in.pk}/")]
    for client, path in places:
        shown = page(client, path)
        assert LINE in shown
        assert NEW["changed"] in shown
        assert 'name="answer"' in shown or 'data-key="a"' in shown
        answer = client.post(f"{AT}2/read/", {"next": path})
        assert (answer.status_code, answer["Location"]) == (302, path)
        assert LINE not in page(client, path)
    assert not Notice.objects.filter(kind="guideline", seen_at=None).exists()


def test_script_takes_the_line_away_and_twice_is_once(dataset, second, author, as_author) -> None:
    for _ in range(2):
        answer = as_author.post(f"{AT}2/read/", headers={"HX-Request": "true"})
        assert (answer.status_code, answer.content) == (200, b"")
    assert GuidelineReading.objects.filter(person=author).count() == 1
    assert LogEntry.objects.filter(verb="read_guideline").count() == 1


def test_next_version_asks_again(dataset, second, lead, as_author) -> None:
    as_author.post(f"{AT}2/read/")
    act.write(lead, dataset, base=2, **NEW | {"text_ja": NEW["text_ja"] + "\n- 追記"})
    assert LINE in page(as_author, AT)
    assert LINE not in page(as_author, f"{AT}2/")


def test_lead_sees_who_has_read_it_and_others_do_not(dataset, second, lead, as_author, as_reviewer) -> None:
    as_author.post(f"{AT}2/read/")
    rows = signed_in(lead).get(AT).context["readers"]
    assert [(str(person), reading is not None) for person, reading in rows] == [
        ("ren", False),
        ("akari", True),
        ("mio", True),
    ]
    assert "Read by" not in page(as_reviewer, AT)


def test_stranger_and_those_who_do_not_work_by_it(dataset, second, as_stranger) -> None:
    assert as_stranger.post(f"{AT}2/read/").status_code == 404
    assert LINE not in page(signed_in(make_member(dataset, "translator")), AT)
