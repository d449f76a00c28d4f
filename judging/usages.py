"""Which verdicts and studies rest on items that were taken out of a release."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_noop

from annotation.usages import responses_to
from curation.models import Person, Release
from curation.registry import Use, Withdrawn
from judging.models import JudgeCall, Study
from judging.queries import runs_visible_to


def used_in(withdrawn: Withdrawn) -> Iterator[Use]:
    """Judge runs, studies and the release's leaderboard."""
    runs = list(_runs(withdrawn))
    yield from runs
    yield from _studies(withdrawn)
    if runs:
        yield _leaderboard(withdrawn, runs)


def _address(withdrawn: Withdrawn, name: str, **keys: int) -> str:
    return reverse(f"judging:{name}", kwargs={"dataset": withdrawn.release.dataset.slug, **keys})


def _runs(withdrawn: Withdrawn) -> Iterator[Use]:
    """Runs that called on responses to the items; calls whose run is gone count for none."""
    held: dict[tuple[int, str], list[tuple[int | None, str | None, int | None]]] = {}
    rows = JudgeCall.objects.filter(response__in=responses_to(withdrawn).values("pk"), run__isnull=False)
    columns = ("run", "run__judge__name", "response__item", "response__question_text", "verdict")
    for run, judge, *rest in rows.order_by("run").values_list(*columns):
        held.setdefault((run, judge), []).append((rest[0], rest[1], rest[2]))
    for (run, judge), found in held.items():
        yield Use(
            kind=gettext_noop("judge run"),
            key=run,
            name=f"{judge} #{run}",
            url=_address(withdrawn, "run", pk=run),
            items=withdrawn.names((item, text) for item, text, _verdict in found),
            means=gettext_noop("Calls about withdrawn items: %(calls)s. Verdicts of them: %(verdicts)s."),
            values={"calls": len(found), "verdicts": sum(verdict is not None for *_, verdict in found)},
        )


def _studies(withdrawn: Withdrawn) -> Iterator[Use]:
    """The newest study of each task, judge and mode whose population holds responses to the items."""
    responses = responses_to(withdrawn).values("pk")
    rows = Study.objects.filter(task__population__response__in=responses).distinct().order_by("-pk")
    columns = ("pk", "task", "task__name", "judge", "judge__name", "mode")
    held: dict[tuple[int, int, str], tuple[int, str]] = {}
    for pk, task, task_name, judge, judge_name, mode in rows.values_list(*columns):
        held.setdefault((task, judge, mode), (pk, f"{task_name} · {judge_name} · {mode}"))
    pairs: dict[int, list[tuple[int | None, str | None]]] = {}
    of_tasks = responses_to(withdrawn).filter(in_tasks__task__in={key[0] for key in held})
    for task, item, text in of_tasks.values_list("in_tasks__task", "item", "question_text"):
        pairs.setdefault(task, []).append((item, text))
    for (task, judge, mode), (pk, name) in held.items():
        asked = urlencode({"judge": judge, "mode": mode})
        yield Use(
            kind=gettext_noop("study"),
            key=pk,
            name=name,
            url=f"{_address(withdrawn, 'study', pk=task)}?{asked}",
            items=withdrawn.names(pairs.get(task, [])),
            means=gettext_noop("Its figures count responses to withdrawn items: %(responses)s."),
            values={"responses": len(pairs.get(task, []))},
        )


def _leaderboard(withdrawn: Withdrawn, runs: list[Use]) -> Use:
    release = withdrawn.release
    return Use(
        kind=gettext_noop("leaderboard"),
        key=release.pk,
        name=release.name,
        url=f"{_address(withdrawn, 'leaderboard')}?{urlencode({'release': release.name})}",
        items=sorted({name for run in runs for name in run.items}),
        means=gettext_noop("Models are compared by verdicts on withdrawn items: %(verdicts)s."),
        values={"verdicts": sum(run.values["verdicts"] for run in runs)},
    )


SHOWN = 20


def runs_on(*, person: Person, release: Release) -> dict[str, Any] | None:
    """For the release's page: judge runs over its items, as far as the person may see them."""
    found = runs_visible_to(person, release.dataset).filter(Q(release=release) | Q(task__release=release))
    runs = list(found.select_related("judge").order_by("-pk")[:SHOWN])
    return {"runs": runs} if runs else None
