"""The page of a study that is kept, on a temporary SQLite, through Django's test client."""

from __future__ import annotations

import os
from io import StringIO
from typing import Any

from bench.machine import timed
from bench.made_study import Scores, Size, made_scores, path

TASK, JUDGE = "bench", "judge"


def page_times(size: Size, *, runs: int) -> dict[str, Any]:
    """Milliseconds of a kept study's page; and where the process remembers nothing of it, so that all rows are read."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.test_settings"
    import django

    django.setup()
    from django.core.cache import cache
    from django.core.management import call_command
    from django.test import Client, override_settings

    call_command("migrate", verbosity=0)
    with override_settings(ALLOWED_HOSTS=["testserver"]):
        client, url = Client(), _world(size)
        client.force_login(_researcher())
        answers: list[Any] = []

        def get() -> None:
            answers.append(client.get(url))

        def get_anew() -> None:
            cache.clear()
            get()

        anew, shown = timed(get_anew, runs=3), timed(get, runs=runs)
    last = answers[-1]
    if last.status_code != 200 or b"pearson" not in last.content.lower():
        raise RuntimeError(f"The study's page answered {last.status_code}.")
    wall = sorted(1000 * one for one in shown.wall)
    return {
        "wall_ms": {"min": round(wall[0], 1), "median": round(wall[len(wall) // 2], 1)},
        "cpu_ms": {"min": round(1000 * min(shown.cpu), 1)},
        "nothing_remembered_ms": {"wall": round(1000 * min(anew.wall)), "cpu": round(1000 * min(anew.cpu))},
        "runs": runs,
        "bytes": len(last.content),
    }


def _researcher() -> Any:
    from curation.models import Dataset, Membership, Person

    person = Person.objects.create(username="researcher", locale="en")
    Membership.objects.create(dataset=Dataset.objects.get(), person=person, role=Membership.Role.RESEARCHER)
    return person


def _world(size: Size) -> str:
    """A dataset with the ratings and verdicts of a made-up study, imported and computed. -> the page's address."""
    from django.core.management import call_command
    from django.urls import reverse

    from annotation.actions.ratings_import import import_ratings
    from annotation.actions.rubrics import load_rubric
    from curation.log import OPERATOR
    from curation.models import Dataset
    from judging.actions.studies import study_of
    from judging.actions.verdicts import import_verdicts
    from judging.models import Judge

    call_command("load_taxonomy", "ac2", stdout=StringIO(), stderr=StringIO())
    call_command("create_dataset", "bench", taxonomy="ac2", stdout=StringIO(), stderr=StringIO())
    dataset, scores = Dataset.objects.get(), made_scores(size)
    rubric = load_rubric(OPERATOR, dataset)
    task = import_ratings(OPERATOR, dataset, task=TASK, rows=_ratings(size, scores), rubric=rubric).task
    import_verdicts(OPERATOR, task, _verdicts(size, scores))
    judge = Judge.objects.get()
    study_of(OPERATOR, task, judge, "ref")
    return (
        reverse("judging:study", kwargs={"dataset": dataset.slug, "pk": task.pk})
        + f"?judge={judge.pk}&mode=ref"
    )


def _ratings(size: Size, scores: Scores) -> list[Any]:
    from curation.formats import RatingRow

    return [
        RatingRow(
            0,
            f"q{q}",
            f"model {m:02}",
            f"rater {r}",
            int(scores.ratings[q, m, r]),
            category=" > ".join(path(q, size.questions)),
        )
        for q in range(size.questions)
        for m in range(size.models)
        for r in range(size.raters)
    ]


def _verdicts(size: Size, scores: Scores) -> list[Any]:
    from curation.formats import VerdictRow

    return [
        VerdictRow(0, f"q{q}", f"model {m:02}", JUDGE, int(given[q, m, r]), mode=mode, repeat=r + 1)
        for mode, given in scores.verdicts.items()
        for q in range(size.questions)
        for m in range(size.models)
        for r in range(size.repeats)
    ]
