"""Against a real Label Studio server: everything that its own users, a cut line and a killed process do to an exchange."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from celery import current_app
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from annotation.actions.partner import pull_changes, start_anew, sync
from annotation.actions.partner_conflicts import decide
from annotation.actions.partner_jobs import reconcile
from annotation.actions.partner_push import REF
from annotation.label_studio import Partner, PartnerFailed
from annotation.models import Exchange, PartnerConflict, PartnerProject, Rating, RatingTask
from annotation.queries import current
from curation.errors import Invalid
from curation.log import OPERATOR
from curation.models import Person
from tests.factories.annotation import make_task, make_world_dataset
from tests.rig.broker import forget_pools
from tests.rig.label_studio import TOKEN, LabelStudio

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def campaign(questions: int, mails: list[str], **given: Any) -> tuple[RatingTask, list[Person]]:
    """A task over two models' answers, whose raters have these mails."""
    task, people = make_task(make_world_dataset(), questions=questions, raters=len(mails), **given)
    for person, mail in zip(people, mails, strict=True):
        Person.objects.filter(pk=person.pk).update(email=mail)
    return task, people


def synced(server: LabelStudio, task: RatingTask, key: str = TOKEN, **given: Any) -> dict[str, Any]:
    with Partner(url=server.url, key=key) as partner:
        return sync(OPERATOR, task, partner, **given).as_dict()


def standing(task: RatingTask) -> Counter[str]:
    return Counter(current(Rating.objects.filter(task=task)).values_list("score", flat=True))


def marks(server: LabelStudio, project: int) -> list[str]:
    return [row["data"][REF] for row in server.tasks(project)]


def test_both_kinds_of_token_say_what_they_are_and_what_is_wrong(label_studio) -> None:
    personal = label_studio.personal_token()
    for key, kind in ((TOKEN, "legacy"), (personal, "personal")):
        with Partner(url=label_studio.url, key=key) as partner:
            found = partner.test()
        assert (found.kind, found.mail, found.version) == (kind, "admin@example.com", "1.23.2")
    wrong = {"a" * 40: "token", f"{personal[:-4]}aaaa": "token", "sk-nonsense": "token"}
    for key, what in wrong.items():
        with pytest.raises(PartnerFailed) as failed, Partner(url=label_studio.url, key=key) as partner:
            partner.test()
        assert failed.value.what == what
        assert key not in failed.value.sentence
    label_studio.allow_legacy(False, personal)
    try:
        with pytest.raises(PartnerFailed) as failed, Partner(url=label_studio.url, key=TOKEN) as partner:
            partner.test()
        assert failed.value.what == "legacy_off"
    finally:
        label_studio.allow_legacy(True, personal)
    # The access token of a personal token lives 300 s; one that is not accepted any more is replaced on the way.
    with Partner(url=label_studio.url, key=personal) as partner:
        partner.access = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjF9.c2lnbmF0dXJl"
        assert partner.users()[1] == "admin@example.com"
        assert partner.access.startswith("eyJ")
        assert partner.access != "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjF9.c2lnbmF0dXJl"


def test_two_hundred_go_out_blind_and_two_people_annotate_edit_and_delete(label_studio) -> None:
    mails = ["hanako@example.org", "taro@example.org"]
    task, _people = campaign(100, mails, overlap=2)
    first = synced(label_studio, task)
    assert (first["pushed"], first["taken"]) == (200, 0)
    (project,) = first["projects"]
    rows = label_studio.tasks(project)
    assert (len(rows), len({row["data"][REF] for row in rows})) == (200, 200)
    assert "modelsecret" not in str(rows)
    one, two = (label_studio.sign_up(mail) for mail in mails)
    made = {}
    for n, row in enumerate(rows[:12]):
        made[n] = label_studio.annotate(one, row["id"], "4", comment="よい回答です。")["id"]
        label_studio.annotate(two, row["id"], "5" if n else "cannot_decide")
    second = synced(label_studio, task)
    assert (second["pushed"], second["taken"], second["conflicts"]) == (0, 24, {})
    assert standing(task) == {"4": 12, "5": 11, "": 1}
    assert Rating.objects.filter(comment="よい回答です。", seconds=4.0).count() == 12
    third = synced(label_studio, task)
    assert (third["pushed"], third["taken"], third["known"], Rating.objects.count()) == (0, 0, 24, 24)

    label_studio.edit(one, made[0], "1")
    label_studio.delete(one, made[1])
    exchange = Exchange.objects.select_related("task__dataset", "task__rubric").get(task=task)
    with Partner(url=label_studio.url, key=TOKEN) as partner:
        changed = pull_changes(exchange, partner, everything=False)
    assert changed is not None
    assert dict(changed.conflicts) == {"edited": 1, "deleted": 1}
    assert standing(task) == {"4": 12, "5": 11, "": 1}  # nothing moves before somebody decided
    for conflict in PartnerConflict.objects.filter(decision=""):
        decide(OPERATOR, task, conflict.pk, decision="take")
    assert standing(task) == {"1": 1, "4": 10, "5": 11, "": 1}
    assert Rating.objects.count() == 25
    fourth = synced(label_studio, task)
    assert (fourth["taken"], fourth["conflicts"], fourth["waiting"]) == (0, {}, 0)
    with label_studio.client() as admin:  # a task with the work of both
        admin.delete(f"/api/tasks/{rows[2]['id']}/").raise_for_status()
    fifth = synced(label_studio, task)
    assert (fifth["pushed"], fifth["taken"], fifth["conflicts"]) == (1, 0, {"deleted": 2})


class Hooks(ThreadingHTTPServer):
    """Passes what Label Studio calls on to the site's own address, in the test's process; `lost` swallows it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Hook)
        self.came: list[tuple[str, int]] = []
        self.lost = False
        self.arrived = threading.Event()


class _Hook(BaseHTTPRequestHandler):
    server: Hooks

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.lost:
            self.close_connection = True
            return
        headers = {"X-Teinei-Secret": self.headers.get("X-Teinei-Secret", "")}
        started = time.monotonic()
        answer = Client().post(self.path, body, content_type="application/json", headers=headers)
        connection.close()
        self.server.came.append((self.path, answer.status_code))
        self.send_response(answer.status_code)
        self.end_headers()
        assert time.monotonic() - started < 1
        self.server.arrived.set()

    def log_message(self, *_words: object) -> None:
        pass


@pytest.fixture
def nobody_works() -> Iterator[None]:
    """Messages stay in a queue: a hint only marks its exchange."""
    before = current_app.conf.task_always_eager
    current_app.conf.task_always_eager = False
    yield
    current_app.conf.task_always_eager = before
    forget_pools()


@pytest.mark.usefixtures("nobody_works")
def test_a_webhook_is_a_hint_and_a_lost_one_is_made_good_by_the_clock(label_studio, settings) -> None:
    hooks = Hooks()
    threading.Thread(target=hooks.serve_forever, daemon=True).start()
    settings.LABEL_STUDIO_URL, settings.LABEL_STUDIO_API_KEY = label_studio.url, TOKEN
    settings.LABEL_STUDIO_WEBHOOK_URL = f"http://127.0.0.1:{hooks.server_port}"
    settings.CELERY_TASK_ALWAYS_EAGER = (
        False  # nobody works on the queue here: a hint only marks the exchange
    )
    try:
        task, _people = campaign(3, ["jiro@example.org"])
        (project,) = synced(label_studio, task)["projects"]
        rows, who = label_studio.tasks(project), label_studio.sign_up("jiro@example.org")
        exchange = Exchange.objects.get(task=task)
        label_studio.annotate(who, rows[0]["id"], "4")
        assert hooks.arrived.wait(20)
        assert hooks.came == [(f"/hooks/label-studio/{exchange.pk}/", 202)]
        exchange.refresh_from_db()
        assert exchange.hinted_at is not None
        label_studio.annotate(who, rows[1]["id"], "4")  # a second hint changes nothing
        hooks.lost = True
        label_studio.annotate(who, rows[2]["id"], "2")
        Exchange.objects.filter(pk=exchange.pk).update(hinted_at="2026-01-01T00:00:00Z")
        reconcile()
        assert standing(task) == {"4": 2, "2": 1}
        exchange.refresh_from_db()
        assert (exchange.hinted_at, exchange.failures, exchange.holder) == (None, 0, "")
        label_studio.annotate(who, rows[3]["id"], "1")  # lost as well: no hint tells of it
        reconcile()
        assert standing(task) == {"4": 2, "2": 1}  # its turn has not come
        Exchange.objects.filter(pk=exchange.pk).update(pulled_at="2026-01-01T00:00:00Z")
        reconcile()
        assert standing(task) == {"4": 2, "2": 1, "1": 1}
    finally:
        hooks.shutdown()
        hooks.server_close()


def test_a_server_killed_and_started_again_in_mid_exchange_gets_everything_once(label_studio) -> None:
    task, _people = campaign(200, ["shiro@example.org"])
    killed: list[str] = []
    starting: list[threading.Thread] = []

    def cut(done: int, _total: int, what: str) -> None:
        if done >= 200 and what not in killed:
            killed.append(what)
            for thread in starting:
                thread.join()
            label_studio.kill()
            starting.append(threading.Thread(target=label_studio.start))
            starting[-1].start()

    def exchanged() -> list[int]:
        with Partner(url=label_studio.url, key=TOKEN, tries=60, pause=lambda _n: time.sleep(0.5)) as partner:
            return sync(OPERATOR, task, partner, progress=cut).projects

    (project,) = exchanged()
    assert killed == ["push", "pull"]
    found = marks(label_studio, project)
    assert (len(found), len(set(found))) == (400, 400)
    who = label_studio.sign_up("shiro@example.org")
    for row in label_studio.tasks(project)[::99]:  # on all four pages of 100
        label_studio.annotate(who, row["id"], "4")
    killed.remove("pull")
    assert exchanged() == [project]
    assert (killed, standing(task)) == (["push", "pull"], {"4": 5})
    assert synced(label_studio, task)["pushed"] == 0


def test_a_server_that_is_away_is_said_so_and_the_next_one_goes_on(label_studio) -> None:
    task, _people = campaign(3, [])
    synced(label_studio, task)
    label_studio.kill()
    try:
        with (
            Partner(url=label_studio.url, key=TOKEN, tries=2, pause=lambda _seconds: None) as partner,
            pytest.raises(PartnerFailed) as failed,
        ):
            sync(OPERATOR, task, partner)
        exchange = Exchange.objects.get(task=task)
        assert (failed.value.what, exchange.failures, exchange.holder) == ("down", 1, "")
        assert exchange.failure == failed.value.sentence
    finally:
        label_studio.start()
    synced(label_studio, task)
    exchange = Exchange.objects.get(task=task)
    assert (exchange.failures, exchange.failure) == (0, "")


def test_a_project_that_was_deleted_there_is_no_list_of_deletions(label_studio) -> None:
    task, _people = campaign(3, ["saburo@example.org"])
    (project,) = synced(label_studio, task)["projects"]
    who = label_studio.sign_up("saburo@example.org")
    label_studio.annotate(who, label_studio.tasks(project)[0]["id"], "4")
    assert synced(label_studio, task)["taken"] == 1
    with label_studio.client() as admin:
        admin.delete(f"/api/projects/{project}/").raise_for_status()
    with pytest.raises(PartnerFailed) as failed:
        synced(label_studio, task)
    assert (failed.value.what, standing(task), PartnerConflict.objects.count()) == ("gone", {"4": 1}, 0)
    with Partner(url=label_studio.url, key=TOKEN) as partner:
        start_anew(OPERATOR, task, partner)
        with pytest.raises(Invalid):
            start_anew(OPERATOR, task, partner)
    again = synced(label_studio, task)
    assert (again["pushed"], again["conflicts"], standing(task)) == (6, {}, {"4": 1})
    assert again["projects"] != [project]


PUSH = """
import django
django.setup()
from annotation.actions.partner import sync
from annotation.label_studio import Partner
from annotation.models import RatingTask
from curation.errors import Invalid
from curation.log import OPERATOR
task = RatingTask.objects.select_related("dataset", "rubric").get(pk={task})
with Partner(url={url!r}, key={key!r}) as partner:
    sync(OPERATOR, task, partner, progress=lambda done, _total, what: print(what, done, flush=True))
"""


@pytest.mark.both_databases
def test_a_pusher_killed_outright_leaves_nothing_twice(label_studio) -> None:
    task, _people = campaign(300, [])
    code = f"""
import django.conf
django.conf.settings.DATABASES["default"].update({_database()!r})
{PUSH.format(task=task.pk, url=label_studio.url, key=TOKEN)}"""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.test_settings"}
    words = [sys.executable, "-c", code]
    pusher = subprocess.Popen(
        words, cwd=django_settings.BASE_DIR, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert pusher.stdout
    for line in pusher.stdout:
        if line == "push 300\n":
            break
    time.sleep(0.05)  # the fourth piece is on its way
    pusher.send_signal(signal.SIGKILL)
    pusher.wait()
    pusher.stdout.close()
    exchange = Exchange.objects.get(task=task)
    assert exchange.holder != ""  # it still seems to be at it
    Exchange.objects.filter(pk=exchange.pk).update(held_until=timezone.now())
    done = synced(label_studio, task)
    assert done["pushed"] in (200, 300)  # of 600, as far as the fourth piece came
    found = marks(label_studio, done["projects"][0])
    assert (len(found), len(set(found))) == (600, 600)
    assert PartnerProject.objects.filter(exchange=exchange).count() == 1


def _database() -> dict[str, Any]:
    wanted = ("ENGINE", "NAME", "HOST", "PORT", "USER", "PASSWORD", "OPTIONS")
    return {name: connection.settings_dict[name] for name in wanted}


def test_a_project_made_just_before_a_crash_is_found_and_what_came_twice_goes(label_studio) -> None:
    task, _people = campaign(3, [])
    (project,) = synced(label_studio, task)["projects"]
    rows = label_studio.tasks(project)
    with label_studio.client() as admin:
        admin.post(f"/api/projects/{project}/import", json=[{"data": row["data"]} for row in rows[:2]])
    PartnerProject.objects.update(project_id=None)  # as if it had died before it could write it down
    done = synced(label_studio, task)
    assert (done["projects"], done["pushed"]) == ([project], 0)
    assert marks(label_studio, project) == [row["data"][REF] for row in rows]


def test_an_address_that_is_not_label_studios(label_studio) -> None:
    for path, what in (("/user/login", "foreign"), ("/projects", "login")):
        with (
            pytest.raises(PartnerFailed) as failed,
            Partner(url=f"{label_studio.url}{path}", key=TOKEN) as partner,
        ):
            partner.test()
        assert failed.value.what in (what, "foreign")
    assert httpx.get(f"{label_studio.url}/health").status_code == 200
