"""States of a judge run; `curation.workflow.advance` moves them."""

from __future__ import annotations

from curation.workflow import Table, add_table
from judging.models import JudgeRun

S = JudgeRun.State

RUN: Table = {
    "start": {S.QUEUED: S.RUNNING},
    "succeed": {S.RUNNING: S.SUCCEEDED},
    "fail": {S.QUEUED: S.FAILED, S.RUNNING: S.FAILED},
    "cancel": {S.QUEUED: S.CANCELLED, S.RUNNING: S.CANCELLED, S.PAUSED: S.CANCELLED},
    # By a person, by its cap, or because the endpoint is down: nothing is lost, and it goes on with what is missing.
    "pause": {S.QUEUED: S.PAUSED, S.RUNNING: S.PAUSED},
    # A run that ended with calls unanswered goes on with those alone.
    "resume": dict.fromkeys((S.PAUSED, S.CANCELLED, S.FAILED, S.SUCCEEDED), S.QUEUED),
}

add_table(JudgeRun, RUN)
