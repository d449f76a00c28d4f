"""Verdicts that a judge gave elsewhere: in bulk, repeatable, what is unclear set apart, a failure never a score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from annotation.actions.rubrics import scale_of
from annotation.matching import responses_of
from annotation.models import RatingTask
from curation.actions.datasets import take_turns
from curation.actions.texts import longest
from curation.formats import Quarantined, VerdictRow, ratings
from curation.formats.faults import Fault, gettext_noop
from curation.log import Actor, record
from curation.rules import require
from judging.actions.judges import imported_judge
from judging.models import Attempt, Judge, JudgeCall, Verdict
from judging.parsing import LONGEST_REASON

Key = tuple[int, int, str, int]  # judge, response, mode, repeat
CHUNK = 500
LONGEST_NAME = longest(Judge, "name")
MOST_REPEATS = 1000


@dataclass(kw_only=True)
class VerdictsImported:
    """New verdicts, those that were there already, judges made on the way, and the rows set apart."""

    new: int = 0
    known: int = 0
    judges: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)


@transaction.atomic
def import_verdicts(actor: Actor, task: RatingTask, rows: Sequence[VerdictRow]) -> VerdictsImported:
    """Keep verdicts on a task's responses; judges that are not known are made by their name.

    The same file twice changes nothing. Set apart, never guessed: a response that the task does not hold, a score
    outside the rubric's scale, another verdict where one stands, and a judge that is run here.
    """
    require(actor, "import_verdicts", task.dataset)
    take_turns(task.dataset)  # another import adds nothing between the look at what stands and the writing
    done = VerdictsImported()
    inside, scale = responses_of(task), scale_of(task.rubric)
    judges: dict[str, Judge] = {}
    found: dict[Key, tuple[VerdictRow, str]] = {}
    for row in rows:
        try:
            judge = _judge(task, row, judges, done)
            score = "" if row.status != "ok" else str(ratings.score(row.score, scale))
            if row.repeat > MOST_REPEATS:
                raise Fault(gettext_noop("%(field)s is too large"), field="repeat")
            response = inside.find(row.item, row.model, row.response_sha256)
            if response is None:
                raise Fault(
                    gettext_noop("the task %(task)s holds no such response"),
                    field="item",
                    content=row.item,
                    task=task.name,
                )
            key = (judge.pk, response.pk, row.mode, row.repeat)
            if key in found:
                raise Fault(gettext_noop("the same entry stands already in another row; keep one of them"))
            found[key] = (row, score)
        except Fault as fault:
            done.quarantined.append(_apart(row, fault))
    done.judges = sorted(judges)
    fresh = _new(found, task, done)
    _write(fresh)
    given = {key[0] for key in fresh}
    for judge in judges.values():
        if judge.imported and judge.pk in given:
            judge.rubrics.add(task.rubric)
    done.quarantined.sort(key=lambda apart: apart.row or 0)
    record(actor, "import_verdicts", task, new=done.new, known=done.known, apart=len(done.quarantined))
    return done


def _judge(task: RatingTask, row: VerdictRow, judges: dict[str, Judge], done: VerdictsImported) -> Judge:
    if len(row.judge) > LONGEST_NAME:
        raise Fault(gettext_noop("%(field)s is too long"), field="judge")
    if row.judge not in judges:
        judge, made = imported_judge(task.dataset, row.judge)
        judges[row.judge] = judge
        if made:
            done.made.append(row.judge)
    if judges[row.judge].endpoint_id is not None:
        raise Fault(
            gettext_noop("the judge %(judge)s is run here, so its verdicts cannot come from a file"),
            field="judge",
            judge=row.judge,
        )
    return judges[row.judge]


def _apart(row: VerdictRow, fault: Fault) -> Quarantined:
    values = {"field": fault.field, **fault.values}
    return Quarantined(row.row, fault.template, field=fault.field, excerpt=fault.excerpt, values=values)


def _new(
    found: dict[Key, tuple[VerdictRow, str]], task: RatingTask, done: VerdictsImported
) -> dict[Key, tuple[VerdictRow, str]]:
    """Those that do not stand yet. A verdict that says something else than the standing one is set apart."""
    stands: dict[Key, tuple[str, str]] = {}
    rows = Verdict.objects.filter(
        call__judge__in={key[0] for key in found}, call__response__in_tasks__task=task
    ).values_list("call__judge", "call__response", "call__mode", "call__repeat", "status", "score")
    for judge, response, mode, repeat, status, score in rows:
        stands[(judge, response, mode, repeat)] = (status, score)
    fresh: dict[Key, tuple[VerdictRow, str]] = {}
    for key, (row, score) in found.items():
        standing = stands.get(key)
        if standing is None:
            fresh[key] = (row, score)
        elif standing == (row.status, score):
            done.known += 1
        else:
            fault = Fault(
                gettext_noop("another verdict stands here already: %(stands)s"),
                field="score",
                stands=standing[1] or standing[0],
            )
            done.quarantined.append(_apart(row, fault))
    done.new = len(fresh)
    return fresh


def _write(fresh: dict[Key, tuple[VerdictRow, str]]) -> None:
    calls: dict[Key, JudgeCall] = {
        key: JudgeCall(judge_id=key[0], response_id=key[1], mode=key[2], repeat=key[3]) for key in fresh
    }
    # A call without a verdict may be there from elsewhere: it is taken, not doubled.
    JudgeCall.objects.bulk_create(calls.values(), batch_size=CHUNK, ignore_conflicts=True)
    ids: dict[Key, int] = {}
    for judge in {key[0] for key in fresh}:
        wanted = sorted({key[1] for key in fresh if key[0] == judge})
        for start in range(0, len(wanted), CHUNK):
            rows = JudgeCall.objects.filter(judge=judge, response__in=wanted[start : start + CHUNK])
            for pk, response, mode, repeat in rows.values_list("pk", "response", "mode", "repeat"):
                ids[(judge, response, mode, repeat)] = pk
    Attempt.objects.bulk_create(
        (
            Attempt(call_id=ids[key], number=1, reply=row.raw, request={"imported": True})
            for key, (row, _score) in fresh.items()
            if row.raw
        ),
        batch_size=CHUNK,
        ignore_conflicts=True,
    )
    Verdict.objects.bulk_create((_verdict(ids[key], *pair) for key, pair in fresh.items()), batch_size=CHUNK)


def _verdict(call: int, row: VerdictRow, score: str) -> Verdict:
    values: dict[str, Any] = {"reason": (row.raw or "")[:LONGEST_REASON], "parser_version": "import"}
    return Verdict(call_id=call, status=row.status, score=score, **values)
