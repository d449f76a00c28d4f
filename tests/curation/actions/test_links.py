"""Download links: one archive for one person outside, for a while, and a record of every use."""

from __future__ import annotations

import hashlib
import zipfile
from datetime import timedelta
from io import BytesIO

import pytest
from django.test import Client
from django.utils import timezone

from curation.actions.export_jobs import Wish, archive_of, queue_export, remove_old, run_export
from curation.actions.jobs import run_job
from curation.actions.links import follow, links_of, make_link, revoke
from curation.actions.releases import Choice, Waiver, freeze
from curation.errors import Invalid, NotAllowed, WrongState
from curation.log import OPERATOR
from curation.models import DownloadLink, Item, Job, LogEntry, Redaction, Rights
from tests.factories.curation import make_dataset, make_item, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def dataset():
    return make_dataset("links")


@pytest.fixture
def manager(dataset):
    return make_member(dataset, "release_manager", name="mari")


@pytest.fixture
def release(dataset):
    make_item(dataset, state="approved")
    rights = Rights.objects.create(dataset=dataset, name="own", licence="CC-BY-4.0", terms="With care.")
    return frozen(dataset, rights)


def frozen(dataset, rights, name="v1"):
    waivers = [Waiver(gate=gate, reason="test", person="mari") for gate in ("quota", "rights")]
    return freeze(OPERATOR, dataset, Choice(name=name, test_per_leaf=0, rights=rights), waivers=waivers)


def written(release, *formats) -> Job:
    job = queue_export(OPERATOR, release, Wish(formats=formats or ("jsonl",)), target_url="")
    run_job(job.pk, run_export)
    job.refresh_from_db()
    assert (job.state, job.message) == ("succeeded", "")
    return job


def path_of(secret: str) -> str:
    return f"/download/{secret}/"


def body_of(response) -> bytes:
    return b"".join(response.streaming_content)


def test_whoever_has_the_link_gets_the_archive_and_it_is_logged(release, manager) -> None:
    job = written(release)
    link, secret = make_link(manager, release, job, for_whom="山田様（大学）")
    assert (len(secret), link.token_hash) == (43, hashlib.sha256(secret.encode()).hexdigest())
    assert timedelta(hours=71) < link.expires_at - timezone.now() <= timedelta(hours=72)
    response = Client().get(path_of(secret))
    body = body_of(response)
    assert response.status_code == 200
    assert hashlib.sha256(body).hexdigest() == job.result["sha256"]
    names = {name.partition("/")[2] for name in zipfile.ZipFile(BytesIO(body)).namelist()}
    assert names == {one["path"] for one in job.result["files"]}
    headers = {
        name: response[name] for name in ("Cache-Control", "Referrer-Policy", "X-Content-Type-Options")
    }
    assert headers == {
        "Cache-Control": "private, no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    assert response["Content-Disposition"] == 'attachment; filename="v1.zip"'
    assert "Set-Cookie" not in response.headers
    entry = LogEntry.objects.get(verb="download")
    assert (entry.actor, entry.object_id) == (f"link {link.pk}", str(link.pk))
    assert entry.details["sha256"] == job.result["sha256"]
    assert secret not in str(LogEntry.objects.values_list("details", "actor"))
    assert links_of(release).get().downloads == 1


def test_expired_revoked_and_unknown_answer_alike(release, manager) -> None:
    job = written(release)
    expired, first = make_link(manager, release, job, for_whom="a")
    DownloadLink.objects.filter(pk=expired.pk).update(expires_at=timezone.now())
    revoked, second = make_link(manager, release, job, for_whom="b")
    revoke(manager, revoked)
    with pytest.raises(WrongState):
        revoke(manager, revoked)
    client = Client()
    answers = [client.get(path_of(secret)) for secret in (first, second, "a" * 43, "短い")]
    assert [answer.status_code for answer in answers] == [404] * 4
    assert len({answer.content for answer in answers}) == 1
    assert LogEntry.objects.filter(verb="download").count() == 0


def test_parts_of_an_archive(release, manager) -> None:
    job = written(release)
    _link, secret = make_link(manager, release, job, for_whom="a")
    client, url, size = Client(), path_of(secret), job.result["bytes"]
    whole = body_of(client.get(url))
    part = client.get(url, headers={"range": "bytes=10-19"})
    assert (part.status_code, part["Content-Range"], body_of(part)) == (
        206,
        f"bytes 10-19/{size}",
        whole[10:20],
    )
    rest = client.get(url, headers={"range": f"bytes={size - 5}-", "if-range": part["ETag"]})
    assert (rest.status_code, body_of(rest)) == (206, whole[-5:])
    changed = client.get(url, headers={"range": "bytes=5-", "if-range": '"other"'})
    assert (changed.status_code, body_of(changed)) == (200, whole)
    outside = client.get(url, headers={"range": f"bytes={size}-"})
    assert (outside.status_code, outside["Content-Range"]) == (416, f"bytes */{size}")
    head = client.head(url)
    assert (head.status_code, head["Content-Length"], head["Accept-Ranges"]) == (200, str(size), "bytes")
    assert client.post(url).status_code == 405
    # The whole twice; a part that goes on is logged and not counted, a head or a refusal neither.
    assert LogEntry.objects.filter(verb="download").count() == 4
    assert links_of(release).get().downloads == 2


def test_what_a_link_asks_for(release, manager, dataset) -> None:
    job = written(release)
    for given in ({"for_whom": " "}, {"for_whom": "a" * 201}, {"for_whom": "a", "hours": 721}):
        with pytest.raises(Invalid):
            make_link(manager, release, job, **given)
    with pytest.raises(NotAllowed):
        make_link(make_member(dataset, "researcher"), release, job, for_whom="a")
    with pytest.raises(NotAllowed):
        make_link(OPERATOR, release, job, for_whom="a")
    assert DownloadLink.objects.count() == 0


def test_terms_that_forbid_passing_on_allow_ids_alone(dataset, manager) -> None:
    make_item(dataset, state="approved")
    rights = Rights.objects.create(dataset=dataset, name="own", terms="No.", redistributable=False)
    release = frozen(dataset, rights)
    with pytest.raises(Invalid, match="forbid"):
        make_link(manager, release, written(release), for_whom="a")
    _link, secret = make_link(manager, release, written(release, "ids"), for_whom="a")
    assert follow(secret) is not None


def test_link_ends_where_an_item_may_not_be_passed_on_any_more(release, dataset, manager) -> None:
    _link, secret = make_link(manager, release, written(release), for_whom="a")
    closed = Rights.objects.create(dataset=dataset, name="closed", redistributable=False)
    Item.objects.update(rights=closed)
    assert follow(secret) is None


def test_archive_with_a_text_redacted_since_is_not_given(release, dataset, manager) -> None:
    job = written(release)
    _link, secret = make_link(manager, release, job, for_whom="a")
    text = release.items.get().question_text
    Redaction.objects.create(
        text=text,
        dataset=dataset,
        reason="asked",
        asked_by=manager,
        confirmed_by=make_member(dataset, "lead"),
        confirmed_at=timezone.now(),
    )
    assert (follow(secret), archive_of(job)) == (None, None)
    assert remove_old() == 1
    job.refresh_from_db()
    assert job.result["removed"]


def test_old_archives_go_but_not_while_a_link_leads_there(release, manager, settings) -> None:
    settings.TEINEI_EXPORT_DAYS = 30
    job = written(release)
    link, _secret = make_link(manager, release, job, for_whom="a", hours=720)
    Job.objects.update(finished_at=timezone.now() - timedelta(days=31))
    assert (remove_old(), archive_of(job) is not None) == (0, True)
    revoke(manager, link)
    assert (remove_old(), archive_of(job), remove_old()) == (1, None, 0)
    job.refresh_from_db()
    assert [one["path"] for one in job.result["files"]] != []  # what it held stays known
