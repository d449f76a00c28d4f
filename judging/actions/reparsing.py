"""Verdicts made again from stored replies, without a call: for when the parser has learnt to read more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from curation import llm
from curation.errors import Conflict, Invalid
from curation.log import Actor, record
from curation.rules import require
from judging.actions.keeping import parser_of, verdict_of, verdict_row
from judging.models import Attempt, Judge, JudgeCall, JudgeRun, Verdict
from judging.queries import UNANSWERED

CHUNK = 500
FIELDS = ["status", "score", "reason", "parser_version"]


@transaction.atomic
def reparse(actor: Actor, judge: Judge) -> dict[str, Any]:
    """Read again every stored reply that an older parser read. {"parser", "read", "changed"}.

    The log keeps what each changed verdict was. Raises Invalid for a judge that ran elsewhere, Conflict while it runs.
    """
    require(actor, "reparse", judge)
    if judge.endpoint_id is None:
        raise Invalid(
            _("The judge %(name)s ran elsewhere, so there are no replies of its own to read again.")
            % {"name": judge.name},
            field="judge",
        )
    if JudgeRun.objects.filter(judge=judge, state__in=["queued", "running"]).exists():
        raise Conflict(_("This judge is running. Read its replies again when it is done."))
    calls = outdated(judge)
    read = changed = 0
    for start in range(0, len(calls), CHUNK):
        chunk = calls[start : start + CHUNK]
        before, after = _read_again(judge, chunk)
        Verdict.objects.bulk_create(
            after, update_conflicts=True, unique_fields=["call"], update_fields=FIELDS
        )
        differ = [
            {"call": one.call_id, "was": list(before[one.call_id]), "is": [one.status, one.score]}
            for one in after
            if before[one.call_id][:2] != (one.status, one.score)
        ]
        read, changed = read + len(after), changed + len(differ)
        if after:
            record(actor, "reparse", judge, parser=parser_of(judge), read=len(after), changed=differ)
    return {"parser": parser_of(judge), "read": read, "changed": changed}


def outdated(judge: Judge) -> list[int]:
    """The calls whose answer was read by another version of the parser than today's."""
    rows = Verdict.objects.filter(call__judge=judge).exclude(parser_version=parser_of(judge))
    return list(rows.exclude(status__in=UNANSWERED).order_by("call").values_list("call", flat=True))


def _read_again(judge: Judge, calls: Sequence[int]) -> tuple[dict[int, tuple[str, str, str]], list[Verdict]]:
    """(status, score, parser) before by call, and the verdicts as they read now."""
    rows = Verdict.objects.filter(call__in=calls)
    before = {
        call: (status, score, parser)
        for call, status, score, parser in rows.values_list("call", "status", "score", "parser_version")
    }
    responses = {
        call.pk: call.response
        for call in JudgeCall.objects.filter(pk__in=calls).select_related("response__text")
    }
    after = []
    for call, attempts in _answers(Attempt.objects.filter(call__in=calls).order_by("call", "number")).items():
        fence = str(attempts[0].request.get("fence", ""))
        replies = [llm.reply_of(one.reply) for one in attempts]
        after.append(verdict_row(judge, call, verdict_of(judge, replies, fence, responses[call])))
    return before, after


def _answers(attempts: Iterable[Attempt]) -> dict[int, list[Attempt]]:
    """By call, the attempts of its last turn that were answered: the reply, and that after the judge was told."""
    found: dict[int, list[Attempt]] = defaultdict(list)
    for one in attempts:
        if one.http_status == 200 and not one.error:
            if not one.request.get("repair"):
                found[one.call_id].clear()
            found[one.call_id].append(one)
    return found
