"""The page of the exchange, its connection, and the address that webhooks call."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.actions import partner_jobs
from annotation.actions.exchanges import exchange_of
from annotation.actions.partner import sync
from annotation.actions.partner_server import connect
from annotation.actions.partner_server import test_of as connection_of
from annotation.label_studio import Partner, PartnerFailed
from annotation.models import Exchange, PartnerConflict, PartnerServer, Rating, RatingTask
from curation.errors import Invalid, NotAllowed
from curation.log import OPERATOR
from curation.models import Job, LogEntry, Membership, Person
from tests.factories.annotation import make_member, make_task, make_world_dataset
from tests.factories.partner import There
from tests.rig.commands import ended
from tests.rig.replay import Replay, replayed, told_again

pytestmark = pytest.mark.django_db
KEY = "a" * 40
PERSONAL = "eyJ.recorded.token"
URL = "http://127.0.0.1:1"


def address(task: RatingTask, rest: str = "") -> str:
    return f"/d/{task.dataset.slug}/tasks/{task.pk}/label-studio/{rest}"


def lead_of(task: RatingTask, client: Client) -> Person:
    lead = make_member(task.dataset, Membership.Role.LEAD)
    client.force_login(lead)
    return lead


@contextmanager
def answering(status: int, content: bytes, **headers: str) -> Iterator[str]:
    """Something on the loopback that is not Label Studio."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET  # as the base class calls it

        def log_message(self, *_words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


# --- The recorded exchange ---------------------------------------------------------------------------------------


def as_recorded(server: Replay, monkeypatch: pytest.MonkeyPatch) -> RatingTask:
    """A task whose four responses go by the marks of the recording, with one of its two annotators as a member."""
    task, people = make_task(make_world_dataset(), questions=2, raters=1)
    Person.objects.filter(pk=people[0].pk).update(email="Hanako@example.org")
    order = list(task.population.order_by("position").values_list("response_id", flat=True))
    marks = {pk: f"ref-{n}" for n, pk in enumerate(order)}
    monkeypatch.setattr("annotation.actions.partner_push.ref_of", lambda _exchange, pk: marks[pk])
    return task


def test_the_recorded_exchange_goes_through_with_a_personal_token(monkeypatch) -> None:
    with replayed("exchange") as server, Partner(url=server.url, key=PERSONAL) as partner:
        task = as_recorded(server, monkeypatch)
        found = partner.test()
        assert (found.kind, found.mail, found.version) == ("personal", "admin@example.com", "1.23.2")
        done = sync(OPERATOR, task, partner).as_dict()
        assert (done["pushed"], done["taken"], done["conflicts"]) == (4, 2, {"unknown": 1})
        sent = [(method, path) for method, path, _body, _who in server.sent if method != "GET"]
        project = done["projects"][0]
        assert sent == [
            ("POST", "/api/token/refresh/"),
            ("POST", "/api/projects/"),
            ("POST", f"/api/projects/{project}/import"),
        ]
        assert {who for _method, path, _body, who in server.sent if "refresh" not in path} == {
            f"Bearer {PERSONAL}"
        }
        again = sync(OPERATOR, task, partner).as_dict()
        assert (again["pushed"], again["conflicts"]) == (0, {"edited": 1, "deleted": 1})
        assert sorted(Rating.objects.values_list("score", "comment")) == [("", ""), ("4", "よい回答です。")]


def test_the_recorded_refusal_of_legacy_tokens_says_what_to_do() -> None:
    with (
        replayed("legacy_off") as server,
        Partner(url=server.url, key=KEY) as partner,
        pytest.raises(PartnerFailed) as failed,
    ):
        partner.test()
    assert failed.value.what == "legacy_off"
    assert "personal access token" in failed.value.sentence


# --- Connection ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "content", "headers", "what"),
    [
        (302, b"", {"Location": "/user/login/?next=/api/version"}, "login"),
        (301, b"", {"Location": "https://other.example.org/api/version"}, "login"),
        (200, b"<html>an intranet</html>", {}, "foreign"),
        (200, b'{"version": 1}', {}, "foreign"),
        (404, b"<html>nothing</html>", {}, "foreign"),
        (401, b'{"detail": "Invalid token."}', {}, "token"),
        (403, b'{"detail": "no"}', {}, "denied"),
        (500, b"oops", {}, "refused"),
        (400, b'{"detail": "no such thing"}', {}, "refused"),
    ],
)
def test_each_failure_of_a_connection_has_its_own_sentence(status, content, headers, what) -> None:
    with (
        answering(status, content, **headers) as url,
        Partner(url=url, key=KEY, tries=1) as partner,
        pytest.raises(PartnerFailed) as failed,
    ):
        partner.test()
    assert failed.value.what == what
    assert KEY not in failed.value.sentence
    assert "next=" not in failed.value.sentence


def test_a_key_that_is_none_and_a_server_that_is_away_are_told_apart() -> None:
    for key in ("", "sk-123", "A" * 40):
        with pytest.raises(PartnerFailed) as failed:
            Partner(url=URL, key=key)
        assert failed.value.what == ("token" if key else "unset")
    pauses: list[float] = []
    with (
        Partner(url=URL, key=KEY, tries=6, pause=pauses.append) as partner,
        pytest.raises(PartnerFailed) as failed,
    ):
        partner.test()
    assert failed.value.what == "down"
    assert [round(pause / 0.5 / 2**n) for n, pause in enumerate(pauses)] == [1] * 5  # doubled, with jitter


def test_the_operator_keeps_a_server_encrypted_and_nobody_else(tmp_path) -> None:
    dataset = make_world_dataset()
    with replayed("exchange") as server:
        with pytest.raises(NotAllowed):
            connect(make_member(dataset, Membership.Role.LEAD), dataset, {"url": server.url, "key": PERSONAL})
        for spec in ({"url": "ftp://x", "key": KEY}, {"url": "http://u:p@x", "key": KEY}, {"url": URL}):
            with pytest.raises(Invalid):
                connect(OPERATOR, dataset, spec)
        file = tmp_path / "server.json"
        file.write_text(f'{{"url": "{server.url}", "key": "{PERSONAL}"}}')
        code, said = ended("connect_labelstudio", file, "--dataset", dataset.slug, "--json")
        assert (code, PERSONAL in said, '"kind": "personal"' in said) == (0, False, True)
        kept = PartnerServer.objects.get()
        assert (kept.url, PERSONAL in kept.encrypted_key) == (server.url, False)
        assert connection_of(dataset).mail == "admin@example.com"
        assert PERSONAL not in str(LogEntry.objects.values())


# --- The page -----------------------------------------------------------------------------------------------------


def test_the_page_does_not_wait_for_the_server_and_says_how_the_connection_is(client, settings) -> None:
    settings.LABEL_STUDIO_URL, settings.LABEL_STUDIO_API_KEY = URL, KEY
    task, _people = make_task(make_world_dataset(), raters=0)
    lead_of(task, client)
    page = client.get(address(task))
    assert (page.status_code, URL in page.content.decode()) == (200, True)
    part = client.get(address(task, "connection/")).content.decode()
    assert URL in part
    assert KEY not in part
    with replayed("exchange") as server:
        settings.LABEL_STUDIO_URL, settings.LABEL_STUDIO_API_KEY = server.url, PERSONAL
        part = client.get(address(task, "connection/")).content.decode()
    assert "admin@example.com" in part
    assert "1.23.2" in part
    assert PERSONAL not in part
    assert "anew/" not in part


def test_a_new_project_is_offered_where_the_old_one_was_deleted_there(client, settings) -> None:
    task, _people = make_task(make_world_dataset(), raters=0)
    lead_of(task, client)
    version = {"asked": "GET /api/version", "status": 200, "body": {"label-studio-os-package": {}}}
    who = {"asked": "GET /api/current-user/whoami", "status": 200, "body": {"email": "a@example.org"}}
    gone = {"asked": "GET /api/projects/1/", "status": 404, "body": {"detail": "Not found."}}
    for reply, offered in ((gone, True), (gone | {"status": 200}, False), (gone | {"status": 501}, False)):
        with told_again([version, who, reply]) as server:
            settings.LABEL_STUDIO_URL, settings.LABEL_STUDIO_API_KEY = server.url, KEY
            There(task, url=server.url)
            part = client.get(address(task, "connection/")).content.decode()
        assert ("a@example.org" in part, address(task, "anew/") in part) == (True, offered)


def test_without_a_server_the_page_says_who_connects_one(client, settings) -> None:
    settings.LABEL_STUDIO_URL = ""
    task, _people = make_task(make_world_dataset(), raters=0)
    lead_of(task, client)
    assert "LABEL_STUDIO_URL" in client.get(address(task)).content.decode()


def test_strangers_raters_and_whoever_still_rates_have_no_such_page(client) -> None:
    task, people = make_task(make_world_dataset(), raters=1)
    for person in (people[0], make_member(make_world_dataset(), Membership.Role.LEAD)):
        client.force_login(person)
        assert client.get(address(task)).status_code == 404
    Membership.objects.create(dataset=task.dataset, person=people[0], role=Membership.Role.LEAD)
    client.force_login(people[0])
    for rest in ("", "connection/"):
        assert client.get(address(task, rest)).status_code == 404
    for rest in ("sync/", "conflicts/1/"):
        assert client.post(address(task, rest)).status_code == 404


def conflicts(settings: Any, n: int) -> tuple[RatingTask, There]:
    """A task with n annotations off the scale, by a rater whom their mail names."""
    settings.LABEL_STUDIO_URL, settings.LABEL_STUDIO_API_KEY = URL, KEY
    task, people = make_task(make_world_dataset(), raters=1)
    RatingTask.objects.filter(pk=task.pk).update(external=False)
    Person.objects.filter(pk=people[0].pk).update(email="a@example.org")
    there = There(task, mails={3: "a@example.org"})
    for number in range(1, n + 1):
        there.has(number, 100 + number, "7")
    there.read()
    return task, there


def test_the_page_lists_conflicts_by_the_same_queries_and_takes_decisions(client, settings) -> None:
    counted = []
    for n in (1, 3):
        task, _there = conflicts(settings, n)
        lead_of(task, client)
        client.get(address(task))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page = client.get(address(task)).content.decode()
        assert page.count("safety: 7") == n
        assert "modelsecret" not in page
        counted.append(len(queries))
    assert counted[0] == counted[1]
    found = PartnerConflict.objects.filter(exchange__task=task).order_by("pk")[0]
    answer = client.post(address(task, f"conflicts/{found.pk}/"), {"decision": "ignore"})
    assert answer.status_code == 302
    found.refresh_from_db()
    assert (found.decision, found.annotation.status, found.annotation.never_again) == ("ignore", "left", True)
    client.post(address(task, f"conflicts/{found.pk}/"), {"decision": "keep", "rater": "x"})
    found.refresh_from_db()
    assert found.decision == "ignore"


def test_the_button_makes_one_job_that_shows_its_failure(
    client, settings, django_capture_on_commit_callbacks
) -> None:
    settings.LABEL_STUDIO_URL, settings.LABEL_STUDIO_API_KEY = URL, KEY
    task, _people = make_task(make_world_dataset(), raters=0)
    lead = lead_of(task, client)
    client.post(address(task, "sync/"))
    client.post(address(task, "sync/"))
    job = Job.objects.get()
    assert (job.kind, job.person, job.state, job.arguments["dry_run"]) == (
        "label_studio",
        lead,
        "queued",
        False,
    )
    Job.objects.update(state="running", heartbeat_at="2026-01-01T00:00:00Z")
    partner_jobs.reconcile()
    job.refresh_from_db()
    assert job.state == "failed"
    assert job.message in client.get(address(task)).content.decode()


def test_a_job_synchronises_shows_its_result_and_a_look_writes_nothing(client, settings, monkeypatch) -> None:
    with replayed("exchange") as server:
        settings.LABEL_STUDIO_URL, settings.LABEL_STUDIO_API_KEY = server.url, PERSONAL
        task = as_recorded(server, monkeypatch)
        lead = lead_of(task, client)
        look = partner_jobs.queue_sync(lead, task, dry_run=True)
        Job.objects.filter(pk=look.pk).update(state="running")
        told = partner_jobs.carry_out(Job.objects.get(pk=look.pk))
        assert (told["dry_run"], told["pushed"], Exchange.objects.count()) == (True, 4, 0)
        assert [method for method, _path, _body, _who in server.sent if method != "GET"] == [
            "POST"
        ]  # the refresh
    Job.objects.filter(pk=look.pk).update(state="succeeded", finished_at=timezone.now(), result=told)
    assert "回答4件を送り、評価0件を取り込みます" in client.get(address(task)).content.decode()


# --- Hints --------------------------------------------------------------------------------------------------------


def hooked(secret: str = "s3cret") -> Exchange:
    task, _people = make_task(make_world_dataset(), raters=0)
    exchange = exchange_of(task, URL)
    exchange.secret_hash = hashlib.sha256(secret.encode()).hexdigest()
    exchange.pushed_at = timezone.now()
    exchange.save()
    return exchange


def hint(client: Client, pk: int, body: bytes = b"{}", **headers: str) -> int:
    return client.post(
        f"/hooks/label-studio/{pk}/", body, content_type="application/json", headers=headers
    ).status_code


def test_a_hint_needs_the_secret_and_nothing_else(settings) -> None:
    settings.CELERY_TASK_ALWAYS_EAGER = False
    exchange, client = hooked(), Client(enforce_csrf_checks=True)
    right = {"X-Teinei-Secret": "s3cret"}
    assert [hint(client, exchange.pk, **given) for given in ({}, {"X-Teinei-Secret": "other"})] == [404, 404]
    assert hint(client, exchange.pk + 1, **right) == 404
    assert client.get(f"/hooks/label-studio/{exchange.pk}/", headers=right).status_code == 405
    assert hint(client, exchange.pk, b"x" * (2 << 20), **right) == 413
    exchange.refresh_from_db()
    assert exchange.hinted_at is None
    for body in (b"", b"not JSON at all", b'{"action": "ANNOTATION_CREATED"}', b"[1]", b"\xff"):
        assert hint(client, exchange.pk, body, **right) == 202
    exchange.refresh_from_db()
    assert exchange.hinted_at is not None


def test_an_exchange_without_a_secret_has_no_address() -> None:
    exchange = hooked()
    Exchange.objects.update(secret_hash="")
    assert [hint(Client(), exchange.pk, **{"X-Teinei-Secret": word}) for word in ("", "-", "s3cret")] == [
        404
    ] * 3


def test_many_hints_queue_one_pull(monkeypatch, django_capture_on_commit_callbacks) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(
        "annotation.tasks.pull.apply_async", lambda *given, **more: sent.append((given, more))
    )
    exchange = hooked()
    with django_capture_on_commit_callbacks(execute=True):
        assert [partner_jobs.hint(exchange) for _n in range(50)] == [True] + [False] * 49
    assert sent == [((((exchange.pk,)),), {"countdown": 2})]


def test_the_clock_takes_up_lost_hints_and_leaves_servers_alone_that_fail(settings) -> None:
    settings.LABEL_STUDIO_URL = URL
    exchange, now = hooked(), timezone.now()
    minute = timezone.timedelta(minutes=1)
    rows = Exchange.objects.filter(pk=exchange.pk)

    def due(**state: Any) -> list[bool]:
        rows.update(
            **{"pulled_at": now, "compared_at": now, "hinted_at": None, "failures": 0, "failed_at": None}
            | state
        )
        return [everything for _pk, everything in partner_jobs.due(now)]

    assert due() == []
    assert due(pulled_at=now - 5 * minute) == [False]
    assert due(pulled_at=now - 5 * minute, compared_at=now - 60 * minute) == [True]
    assert due(hinted_at=now) == []
    assert due(hinted_at=now - minute) == [False]
    assert due(pulled_at=None, failed_at=now - 19 * minute, failures=2) == []
    assert due(pulled_at=None, failed_at=now - 20 * minute, failures=2) == [False]
    assert due(pulled_at=None, failed_at=now - 60 * minute, failures=200) == [False]
    assert due(pulled_at=now - 5 * minute, holder="x", held_until=now + minute) == []
    assert due(pulled_at=now - 5 * minute, holder="x", held_until=now) == [False]
    RatingTask.objects.update(state="closed")
    assert due(pulled_at=None, holder="") == []
