"""What leaves the house from a release's page: files, links, publishing; and who is offered what."""

from __future__ import annotations

import re

import pytest

from curation.actions.releases import Choice, Waiver, freeze
from curation.log import OPERATOR
from curation.models import DownloadLink, Job, Publication, Rights
from tests.factories.curation import make_item, make_member
from tests.rig.clients import signed_in

pytestmark = pytest.mark.django_db(transaction=True)
REPO = "lab/careful"
PAGE = "/d/home/releases/v1/"


@pytest.fixture
def release(dataset):
    make_item(dataset, state="approved")
    rights = Rights.objects.create(dataset=dataset, name="own", licence="CC-BY-4.0", terms="With care.")
    waivers = [Waiver(gate="quota", reason="test", person="mari")]
    return freeze(OPERATOR, dataset, Choice(name="v1", test_per_leaf=0, rights=rights), waivers=waivers)


@pytest.fixture
def client(dataset):
    return signed_in(make_member(dataset, "release_manager", name="mari"))


def shown(client) -> str:
    answer = client.get(PAGE)
    assert answer.status_code == 200
    return answer.content.decode()


def test_from_files_to_a_link_that_a_stranger_follows(release, client) -> None:
    assert "Write the files first" in shown(client)
    answer = client.post(f"{PAGE}export/", {"formats": "csv", "csv_encoding": "utf-8-sig"})
    assert (answer.status_code, answer["Location"]) == (302, f"{PAGE}#exports")
    job = Job.objects.get()
    assert (job.state, job.arguments["csv_encoding"]) == ("succeeded", "utf-8-sig")
    page = shown(client)
    assert all(one["path"] in page and one["sha256"] in page for one in job.result["files"])
    made = client.post(f"{PAGE}links/", {"job": job.pk, "for_whom": "Professor Y", "hours": 24})
    assert made["Cache-Control"] == "no-store"
    secret = re.search(r"/download/([\w-]{43})/", made.content.decode())[1]
    stranger = signed_in(make_member(release.dataset, "author"))
    stranger.logout()
    assert stranger.get(f"/download/{secret}/").status_code == 200
    page = shown(client)
    assert ("Professor Y" in page, secret in page) == (True, False)
    client.post(f"{PAGE}links/{DownloadLink.objects.get().pk}/revoke/")
    assert "Revoked" in shown(client)
    gone = stranger.get(f"/download/{secret}/")
    assert (gone.status_code, "Ask its sender for a new one." in gone.content.decode()) == (404, True)


def test_what_cannot_be_chosen_is_said(release, client) -> None:
    for given in ({}, {"formats": "exe"}, {"formats": "csv", "csv_encoding": "latin-1"}):
        client.post(f"{PAGE}export/", given)
    assert Job.objects.count() == 0
    assert "Choose at least one format." in shown(client)


def test_plan_is_looked_at_and_published_by_its_name(release, client, hub) -> None:
    assert "Nothing is sent before you type" in shown(client)
    client.post(f"{PAGE}publish/", {"repo": REPO, "seen": "private"})
    plan = Publication.objects.get()
    page = shown(client)
    assert all(one["path"] in page for one in plan.plan["files"])
    assert ("With care." in page, hub.asked) == (True, [])
    client.post(f"{PAGE}publish/{plan.pk}/", {"confirm": "lab/other"})
    plan.refresh_from_db()
    assert (plan.state, hub.asked, "Type the repository&#x27;s name exactly" in shown(client)) == (
        "planned",
        [],
        True,
    )
    client.post(f"{PAGE}publish/{plan.pk}/", {"confirm": REPO})
    plan.refresh_from_db()
    assert (plan.state, plan.revision) == ("published", hub.repos[REPO].head)
    assert plan.url in shown(client)


def test_failure_is_on_the_page_with_the_way_on(release, client, hub, settings) -> None:
    settings.HF_TOKEN = ""
    client.post(f"{PAGE}publish/", {"repo": REPO, "seen": "public"})
    plan = Publication.objects.get()
    client.post(f"{PAGE}publish/{plan.pk}/", {"confirm": REPO})
    page = shown(client)
    assert ("HF_TOKEN" in page, "Nothing was written on the hub." in page, 'name="confirm"' in page) == (
        True,
        True,
        True,
    )


def test_terms_that_forbid_it_take_the_place_of_the_form(dataset, client) -> None:
    make_item(dataset, state="approved")
    waivers = [Waiver(gate="quota", reason="test", person="mari")]
    freeze(OPERATOR, dataset, Choice(name="v1", test_per_leaf=0), waivers=waivers)
    page = shown(client)
    assert ("frozen without terms" in page, 'name="repo"' in page) == (True, False)


def test_who_may_not_is_offered_nothing(release, dataset) -> None:
    researcher = signed_in(make_member(dataset, "researcher"))
    page = shown(researcher)
    assert ('id="exports"' in page, 'id="links"' in page, 'id="publish"' in page) == (True, False, False)
    for path in ("links/", "links/1/revoke/", "publish/", "publish/1/"):
        assert researcher.post(PAGE + path).status_code == 404
    assert researcher.get(f"{PAGE}publishing/").status_code == 404
    author = signed_in(make_member(dataset, "author"))
    assert "Write the files" not in shown(author)
    author.post(f"{PAGE}export/", {"formats": "csv"})
    assert Job.objects.count() == 0


def test_sections_are_asked_for_again(release, client) -> None:
    assert client.get(f"{PAGE}files/").content.decode().strip().startswith('<div id="export-list">')
    assert 'id="publish"' in client.get(f"{PAGE}publishing/").content.decode()
