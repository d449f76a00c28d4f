"""States of a judge run; `curation.workflow.advance` moves them."""

from __future__ import annotations

from curation.workflow import Table, add_table
from judging.models import JudgeRun

S = JudgeRun.State

RUN: Table = {
    "start": {S.QUEUED: S.RUNNING},
    "succeed": {S.RUNNING: S.SUCCEEDED},
    "fail": {S.QUEUED: S.FAILED, S.RUNNING: S.FAILED},
    "cancel": {S.QUEUED: S.CANCELLED, S.RUNNING: S.CANCELLED},
    # A run that ended with calls unanswered goes on with those alone.
    "resume": {S.CANCELLED: S.QUEUED, S.FAILED: S.QUEUED, S.SUCCEEDED: S.QUEUED},
}

add_table(JudgeRun, RUN)
