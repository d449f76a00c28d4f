"""The same form sent twice, one after the other: one effect, and a friendly second answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from annotation.models import Rating, RatingTask
from curation.models import Comment, Item, Job, Release, Review, Revision, TranslationRevision
from finetune.models import TrainingRun
from judging.models import Judge
from tests.factories.curation import leaf, make_item, make_member
from tests.factories.whole import Whole, make_whole

BACKEND = "django.contrib.auth.backends.ModelBackend"
FRIENDLY = {200, 201, 302, 400, 403, 404, 409, 422}


def entered(person: Any) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(person, backend=BACKEND)
    return client


def counted() -> dict[str, int]:
    kinds = (
        Comment,
        Item,
        Job,
        Judge,
        Rating,
        RatingTask,
        Release,
        Review,
        Revision,
        TrainingRun,
        TranslationRevision,
    )
    return {kind.__name__: kind.objects.count() for kind in kinds}  # type: ignore[attr-defined]


def forms(whole: Whole) -> dict[str, tuple[Any, str, dict[str, Any], str]]:
    """Of each form: who sends it, where to, what, and the kind of row it makes exactly one of."""
    author, reviewer = make_member(whole.dataset, "author"), make_member(whole.dataset, "reviewer")
    own = make_item(whole.dataset, state="draft", author=author)
    read = whole.items["in_review"]
    category = leaf(whole.dataset).pk
    texts = {
        "question": "二度送る質問です。どうしますか。",
        "answer": "二度送る回答です。",
        "category": category,
    }
    tiny = {
        "name": "twice",
        "release": whole.release.pk,
        "repeat": 1,
        "epochs": 1,
        "batch_size": 4,
        "learning_rate": 0.1,
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
            f"/d/demo/translate/{whole.release.items.first().item_id}/",  # type: ignore[union-attr]
            {"question": "Twice?", "answer": "Once.", "client_id": "three"},
            "TranslationRevision",
        ),
        "comment": (
            whole.person,
            f"/d/demo/items/{read.pk}/comment/",
            {"text": "言いたいこと", "client_id": "four"},
            "Comment",
        ),
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
                "overlap": 1,
                "seed": 0,
            },
            "RatingTask",
        ),
        "launch": (
            whole.person,
            "/d/demo/training/new/",
            tiny | {"launch": "1"},
            "TrainingRun",
        ),
    }


@pytest.fixture(autouse=True)
def _nobody_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker is not part of this: a run waits."""
    from finetune import tasks

    monkeypatch.setattr(tasks.train, "delay", lambda _run: None)


def made(before: dict[str, int]) -> dict[str, int]:
    now = counted()
    return {kind: now[kind] - before[kind] for kind in now if now[kind] != before[kind]}


@pytest.mark.both_databases
@pytest.mark.django_db
def test_form_sent_twice_has_one_effect_and_a_friendly_answer() -> None:
    for name, (person, address, given, kind) in forms(make_whole()).items():
        client = entered(person)
        before = counted()
        answers = [client.post(address, given).status_code for _time in range(2)]
        assert set(answers) <= FRIENDLY, (name, answers)
        assert made(before).get(kind) == 1, (name, made(before))
