"""The same form or request sent twice, one after the other and at once: one effect, and a friendly second answer."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest
from django.test import Client

from annotation.actions.adjudication import seen_of
from annotation.actions.leases import lease
from annotation.actions.tasks import add_raters
from annotation.models import GoldCase, Rating, RatingTask, Rubric, TaskResponse
from curation import tasks as curation
from curation.log import OPERATOR
from curation.models import (
    Comment,
    Item,
    Job,
    Release,
    Review,
    Revision,
    TranslationReview,
    TranslationRevision,
)
from finetune import tasks as training
from finetune.models import TrainingRun
from judging import tasks as judging
from judging.models import Judge, JudgeRun
from tests.factories.annotation import warn
from tests.factories.curation import leaf, make_item, make_member
from tests.factories.whole import Whole, make_whole
from tests.rig.at_once import at_once

BACKEND = "django.contrib.auth.backends.ModelBackend"
FRIENDLY = {200, 201, 302, 400, 403, 404, 409, 422}


def entered(person: Any) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(person, backend=BACKEND)
    return client


def counted() -> dict[str, int]:
    kinds = (
        Comment,
        GoldCase,
        Item,
        Job,
        Judge,
        JudgeRun,
        Rating,
        RatingTask,
        Release,
        Review,
        Revision,
        Rubric,
        TrainingRun,
        TranslationReview,
        TranslationRevision,
    )
    return {kind.__name__: kind.objects.count() for kind in kinds}


UNUSABLE = ["a\x00b", "あ" * 30_000, "-1", "9" * 30]
TINY = {"name": "twice", "repeat": 1, "epochs": 1, "batch_size": 4, "learning_rate": 0.1}
Form = tuple[Any, str, dict[str, Any], str]


def forms(whole: Whole) -> dict[str, Form]:
    """Of each form: who sends it, where to, what, and the kind of row it makes exactly one of."""
    return {
        **_of_texts(whole),
        "judge": (
            whole.person,
            "/d/demo/judges/new/",
            {"spec": json.dumps({"name": "twice", "model": "m"})},
            "Judge",
        ),
        "task": (
            whole.person,
            "/d/demo/tasks/new/",
            {
                "name": "twice",
                "release": whole.release.pk,
                "rubric": "safety5",
                "plan": "all",
                "arms": "without",
                "overlap": 1,
                "seed": 0,
            },
            "RatingTask",
        ),
        **_of_releases(whole),
        **_of_ratings(whole),
        **_of_rubrics(whole),
        "launch": (
            whole.person,
            "/d/demo/training/new/",
            TINY | {"launch": "1", "release": whole.release.pk},
            "TrainingRun",
        ),
    }


def _of_texts(whole: Whole) -> dict[str, Form]:
    author, reviewer = make_member(whole.dataset, "author"), make_member(whole.dataset, "reviewer")
    own = make_item(whole.dataset, state="draft", author=author)
    read = whole.items["in_review"]
    texts = {
        "question": "二度送る質問です。どうしますか。",
        "answer": "二度送る回答です。",
        "category": leaf(whole.dataset).pk,
    }
    return {
        "submit": (author, f"/d/demo/write/{own.pk}/submit/", texts | {"client_id": "one"}, "Revision"),
        "review": (
            reviewer,
            f"/d/demo/review/{read.pk}/",
            {"decision": "approve", "revision": read.current_revision_id, "client_id": "two"},
            "Review",
        ),
        "translation": (
            make_member(whole.dataset, "translator"),
            f"/d/demo/translate/{whole.release.items.first().item_id}/",
            {"question": "Twice?", "answer": "Once.", "client_id": "three"},
            "TranslationRevision",
        ),
        "comment": (
            whole.person,
            f"/d/demo/items/{read.pk}/comment/",
            {"text": "言いたいこと", "client_id": "four"},
            "Comment",
        ),
    }


def _of_releases(whole: Whole) -> dict[str, Form]:
    manager = make_member(whole.dataset, "release_manager")
    named = {"name": "r-0.2", "seed": 1, "test_per_leaf": 1}
    formats = {"formats": ["jsonl"], "output_field": "output"}
    return {
        "freeze": (manager, "/d/demo/releases/freeze/", named, "Job"),
        "export": (manager, "/d/demo/releases/r-0.1/export/", formats, "Job"),
    }


def _of_ratings(whole: Whole) -> dict[str, Form]:
    task, translation = whole.task, whole.items["approved"].translations.get()
    other = make_member(whole.dataset, "rater")
    add_raters(OPERATOR, task)
    warn(task)
    held = [lease(person, task) for person in (whole.rater, other)]
    given = [{"token": one.token, "score": 4, "client_id": one.token[:20]} for one in held if one]
    checked = {
        "decision": "approve",
        "revision": translation.current_revision_id,
        "safety_kept": "yes",
        "adequacy": "5",
        "fluency": "5",
        "client_id": "five",
    }
    judged = {"judge": whole.runner.pk, "mode": "noref", "repeats": 1}
    return {
        "rating": (whole.rater, f"/d/demo/rate/{task.pk}/submit/", given[0], "Rating"),
        "rating by the API": (other, f"/api/d/demo/tasks/{task.pk}/ratings/", given[1], "Rating"),
        "translation review": (
            make_member(whole.dataset, "bilingual_reviewer"),
            f"/d/demo/translate/check/{translation.pk}/",
            checked,
            "TranslationReview",
        ),
        "judge run": (whole.person, f"/d/demo/studies/{whole.task.pk}/start/", judged, "JudgeRun"),
    }


def _of_rubrics(whole: Whole) -> dict[str, Form]:
    rubric, rated = whole.task.rubric, TaskResponse.objects.filter(task=whole.outside).first()
    assert rated is not None
    case = {"use": "gold", "question": "二度送る質問です。", "response": "二度送る回答です。"}
    settled = {
        "score": "2",
        "reason": "説明に当たる。",
        "seen": seen_of(rated),
        "client_id": "six",
        "verb": "settle",
    }
    decided = f"/d/demo/tasks/{whole.outside.pk}/adjudicate/{rated.response_id}/"
    return {
        "rubric": (whole.person, "/d/demo/rubrics/bring/", {"name": "quality5"}, "Rubric"),
        "case": (
            whole.person,
            f"/d/demo/rubrics/{rubric.pk}/cases/",
            case | {f"accepted.{rubric.axis}": ["2"]},
            "GoldCase",
        ),
        "final value": (whole.person, decided, settled, "Rating"),
    }


@pytest.fixture(autouse=True)
def _nobody_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker is not part of this: a run waits, and so does a job."""
    tasks = (training.train, judging.judge, curation.export_release, curation.check_release)
    for task in (*tasks, curation.freeze_release):
        monkeypatch.setattr(task, "delay", lambda _number: None)


def made(before: dict[str, int]) -> dict[str, int]:
    now = counted()
    return {kind: now[kind] - before[kind] for kind in now if now[kind] != before[kind]}


@pytest.mark.both_databases
@pytest.mark.django_db
def test_form_sent_twice_has_one_effect_and_a_friendly_answer() -> None:
    for name, (person, address, given, kind) in forms(make_whole()).items():
        client = entered(person)
        before = counted()
        answers = [sent(client, address, given) for _time in range(2)]
        assert set(answers) <= FRIENDLY, (name, answers)
        assert made(before).get(kind) == 1, (name, made(before))


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_form_sent_twice_at_once_has_one_effect() -> None:
    for name, (person, address, given, kind) in forms(make_whole()).items():
        clients = [entered(person), entered(person)]
        before = counted()
        answers = at_once([partial(sent, client, address, given) for client in clients])
        assert set(answers) <= FRIENDLY, (name, answers)
        assert made(before).get(kind) == 1, (name, answers, made(before))


@pytest.mark.slow
@pytest.mark.both_databases
@pytest.mark.django_db
def test_form_with_what_it_cannot_use_in_every_field_writes_nothing() -> None:
    """But for those whose only field may say anything that a column holds."""
    whole = make_whole()
    chosen = {name: form for name, form in forms(whole).items() if name not in ("comment", "translation")}
    clients = {name: entered(form[0]) for name, form in chosen.items()}
    before = counted()
    for name, (_person, address, given, _kind) in chosen.items():
        for value in UNUSABLE:
            junk = {key: [value] if isinstance(old, list) else value for key, old in given.items()}
            assert sent(clients[name], address, junk) in FRIENDLY - {201}, (name, value)
        assert (name, made(before)) == (name, {})


def sent(client: Client, address: str, given: dict[str, Any]) -> int:
    """The status; the API takes JSON."""
    options = {"content_type": "application/json"} if address.startswith("/api/") else {}
    return int(client.post(address, given, **options).status_code)
