"""The guideline's pages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from curation.actions import guidelines as act
from curation.models import Guideline, Person
from tests.curation.actions.test_guidelines import EN, JA, NEW
from tests.factories.curation import make_member
from tests.rig.clients import signed_in

pytestmark = pytest.mark.django_db
AT = "/d/home/guideline/"


@pytest.fixture
def lead(dataset: Any) -> Person:
    return make_member(dataset, "lead", name="mio")


@pytest.fixture
def as_lead(lead: Person) -> Client:
    return signed_in(lead)


def page(client: Client, path: str = AT, **options: Any) -> str:
    answer = client.get(path, **options)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("role", ["author", "rater", "translator", "researcher"])
def test_every_member_reads_the_newest_and_every_older_version(dataset, lead, role) -> None:
    act.write(lead, dataset, base=1, **NEW)
    client = signed_in(make_member(dataset, role))
    newest, older = page(client), page(client, f"{AT}1/")
    assert '<section id="guideline-2" tabindex="-1"><h2>' in newest
    assert "2. Writing" in newest
    assert "Looking after yourself" not in newest
    assert "Looking after yourself" in older
    assert "Version 2 has followed this one." in older
    assert "Not yet reviewed" in newest
    assert client.get(f"{AT}3/").status_code == 404


def test_stranger_finds_none_of_the_pages(dataset, as_stranger) -> None:
    for path in ("", "1/", "new/", "2/since/1/"):
        assert as_stranger.get(AT + path).status_code == 404
    for path in ("draft/", "1/sign/"):
        assert as_stranger.post(AT + path).status_code == 404


@pytest.mark.parametrize(
    ("more", "asked"), [(0, 9), (1, 10), (3, 10)]
)  # whether it was read, from version 2 on
def test_page_asks_the_same_number_of_queries(
    dataset, lead, as_author, more, asked, django_assert_num_queries
) -> None:
    for n in range(more):
        act.write(lead, dataset, base=n + 1, **NEW | {"text_ja": JA + f"\n\n{n}回目"})
    page(as_author)
    with django_assert_num_queries(asked):
        page(as_author)


def test_what_changed_stands_on_the_page_and_in_the_difference(dataset, lead, as_author) -> None:
    act.write(lead, dataset, base=1, **NEW)
    act.write(
        lead, dataset, base=2, **NEW | {"text_ja": JA.replace("自然に", "短く"), "changed": "短くします"}
    )
    assert "短くします" in page(as_author)
    assert f'href="{AT}3/since/2/"' in page(as_author)
    shown = page(as_author, f"{AT}3/since/2/")
    assert "<del>自然に</del><ins>短く</ins>書きます。" in shown
    assert as_author.get(f"{AT}3/since/9/").status_code == 404


def test_lead_alone_writes_the_next_version(dataset, as_lead, as_author, as_reviewer) -> None:
    for client in (as_author, as_reviewer):
        assert client.get(f"{AT}new/").status_code == 404
        assert client.post(f"{AT}new/", {}).status_code == 404
        assert "New version" not in page(client)
    sent = as_lead.post(f"{AT}new/", {**NEW, "base": "1", "version": "0", "act": "write"})
    assert (sent.status_code, sent["Location"]) == (302, f"{AT}2/")
    assert Guideline.objects.get(version=2).text_ja == JA


def test_refused_version_keeps_what_was_typed_and_names_the_field(dataset, as_lead) -> None:
    answer = as_lead.post(f"{AT}new/", {**NEW, "changed": "", "base": "1", "act": "write"})
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "Say what is new, for those who know the version before." in shown
    assert "自然に書きます。" in shown
    assert (
        '<textarea class="hero" id="changed" name="changed" lang="ja" rows="3" maxlength="2000" aria-inv'
        in shown
    )


def test_after_a_conflict_the_page_goes_on_from_what_came(dataset, lead, as_lead) -> None:
    act.write(make_member(dataset, "lead"), dataset, base=1, **NEW)
    mine = {**NEW, "text_ja": JA.replace("自然に", "短く"), "act": "write"}
    answer = as_lead.post(f"{AT}new/", {**mine, "base": "1"})
    shown = answer.content.decode()
    assert answer.status_code == 409
    assert "<del>自然に</del><ins>短く</ins>" in shown
    assert '<input type="hidden" name="base" value="2">' in shown
    assert as_lead.post(f"{AT}new/", {**mine, "base": "2"})["Location"] == f"{AT}3/"


def saved(client: Client, fields: dict[str, str], version: int = 0, name: str = "a") -> Any:
    body = {"client_id": name, "base_version": version, "fields": fields}
    return client.post(f"{AT}draft/", json.dumps(body), content_type="application/json")


def test_draft_is_saved_shown_again_and_previewed(dataset, as_lead, as_author) -> None:
    assert saved(as_lead, NEW).json()["version"] == 1
    met = saved(as_lead, NEW | {"changed": "別の窓"}, name="b")
    assert (met.status_code, met.json()["fields"]) == (409, NEW)
    assert saved(as_author, NEW).status_code == 404
    assert NEW["changed"] in page(as_lead, f"{AT}new/")
    preview = page(as_lead, f"{AT}new/?preview=1", headers={"HX-Request": "true"})
    assert preview.startswith('<div id="preview"')
    assert "<ol><li><b>Protect.</b> Do no harm.</li></ol>" in preview
    assert "<textarea" not in preview


def test_without_script_the_draft_is_saved_by_a_button(dataset, as_lead) -> None:
    sent = as_lead.post(f"{AT}new/", {**NEW, "version": "0", "act": "save"})
    assert (sent.status_code, sent["Location"]) == (302, f"{AT}new/")
    assert EN in page(as_lead, f"{AT}new/").replace("&#x27;", "'")


def test_reviewer_signs_what_somebody_else_wrote(dataset, lead, as_lead, as_reviewer, as_author) -> None:
    act.write(lead, dataset, base=1, **NEW)
    assert "Sign as native reader" in page(as_reviewer)
    assert "Sign as native reader" not in page(as_lead)
    assert as_author.post(f"{AT}2/sign/").status_code == 404
    as_lead.post(f"{AT}2/sign/")
    assert "Not yet reviewed" in page(as_author)
    as_reviewer.post(f"{AT}2/sign/")
    assert "Not yet reviewed" not in page(as_author)
    assert "Signed by ren on" in page(as_author)
