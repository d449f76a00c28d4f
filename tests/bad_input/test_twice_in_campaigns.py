"""The forms of a campaign sent twice, one after the other and at once, and with what they cannot use."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

import pytest
from django.db.models import Count
from django.test import Client

from annotation import tasks as annotation
from annotation.models import (
    Assignment,
    Exchange,
    GoldCase,
    PartnerConflict,
    PracticeAnswer,
    Qualification,
    Rater,
    Rating,
    RatingTask,
    Rubric,
    TaskRater,
)
from curation.models import Job, LogEntry, Membership
from tests.factories.annotation import make_member, make_task, make_world_dataset
from tests.factories.campaigns import Form, make_midst
from tests.factories.partner import There
from tests.rig.at_once import at_once
from tests.rig.replay import told_again

BACKEND = "django.contrib.auth.backends.ModelBackend"
FRIENDLY = {200, 201, 202, 302, 400, 403, 404, 409, 422}
KINDS = (Assignment, GoldCase, Job, PracticeAnswer, Qualification, Rater, Rating, Rubric, TaskRater)
UNUSABLE = ["a\x00b", "あ" * 30_000, "-1", "9" * 30]


def counted() -> Counter[str]:
    """All that a campaign holds: rows by kind, what became of them, and what the log says."""
    found = Counter({kind.__name__: kind.objects.count() for kind in KINDS})
    found |= {state: n for state, n in Assignment.objects.values_list("state").annotate(Count("pk")) if n}
    del found["leased"]
    found["superseded"] = Rating.objects.filter(superseded=True).count()
    found["drafts"] = Assignment.objects.exclude(draft={}).count()
    found["warned"] = Rater.objects.filter(warned_at__isnull=False).count()
    found["paused"] = TaskRater.objects.filter(paused=True).count()
    found["closed"] = RatingTask.objects.filter(state="closed").count()
    found["signed"] = Rubric.objects.filter(signed_at__isnull=False).count()
    found["decided"] = PartnerConflict.objects.exclude(decision="").count()
    found["hints"] = Exchange.objects.filter(hinted_at__isnull=False).count()
    for verb, n in LogEntry.objects.order_by().values_list("verb").annotate(Count("pk")):
        found[f"log {verb}"] = n
    return found


def changed(before: Counter[str]) -> dict[str, int]:
    now = counted()
    return {name: now[name] - before[name] for name in now | before if now[name] != before[name]}


def client_of(form: Form) -> Client:
    client = Client(raise_request_exception=False, headers=form.headers)
    client.force_login(form.person, backend=BACKEND)
    return client


def sent(client: Client, form: Form, given: dict[str, Any]) -> int:
    options = {"content_type": "application/json"} if form.json else {}
    return int(client.post(form.address, given, **options).status_code)


@pytest.fixture(autouse=True)
def _nobody_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker is not part of this: a job waits, and so does a pull."""
    monkeypatch.setattr(annotation.synchronise, "delay", lambda _number: None)
    monkeypatch.setattr(annotation.pull, "apply_async", lambda *_given, **_more: None)


@pytest.mark.both_databases(slow=("sqlite",))
@pytest.mark.django_db
def test_form_of_a_campaign_sent_twice_has_one_effect() -> None:
    for name, form in make_midst().forms().items():
        client, before = client_of(form), counted()
        answers = [sent(client, form, form.given) for _time in range(2)]
        assert set(answers) <= FRIENDLY, (name, answers)
        assert (name, changed(before)) == (name, form.changes)


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_form_of_a_campaign_sent_twice_at_once_has_one_effect() -> None:
    for name, form in make_midst().forms().items():
        clients, before = [client_of(form), client_of(form)], counted()
        answers = at_once([partial(sent, client, form, form.given) for client in clients])
        assert set(answers) <= FRIENDLY, (name, answers)
        assert (name, changed(before)) == (name, form.changes)


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_project_that_is_gone_there_is_forgotten_once(settings: Any) -> None:
    task, _people = make_task(make_world_dataset(), raters=0, questions=1)
    lead = make_member(task.dataset, Membership.Role.LEAD)
    gone = {"asked": "GET /api/projects/1/", "status": 404, "body": {"detail": "Not found."}}
    with told_again([gone]) as server:
        settings.LABEL_STUDIO_URL, settings.LABEL_STUDIO_API_KEY = server.url, "a" * 40
        There(task, url=server.url)
        address = f"/d/{task.dataset.slug}/tasks/{task.pk}/label-studio/anew/"
        form = Form(person=lead, address=address, given={}, changes={"log start_anew": 1})
        clients, before = [client_of(form), client_of(form)], counted()
        answers = at_once([partial(sent, client, form, {}) for client in clients])
    assert (answers, changed(before)) == ([302, 302], form.changes)


@pytest.mark.both_databases(slow=("sqlite",))
@pytest.mark.django_db
def test_form_of_a_campaign_refuses_what_it_cannot_use() -> None:
    """Every field at once. A version's title may be any text that a column holds."""
    forms = {name: form for name, form in make_midst().forms().items() if form.given}
    clients = {name: client_of(form) for name, form in forms.items()}
    before = counted()
    for name, form in forms.items():
        for value in UNUSABLE if name != "new version" else UNUSABLE[:1]:
            given = {key: [value] if isinstance(old, list) else value for key, old in form.given.items()}
            assert sent(clients[name], form, given) in FRIENDLY - {201}, (name, value)
        assert (name, changed(before)) == (name, {})
