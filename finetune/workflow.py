"""States of a run and of an evaluation. Registered at start; `curation.workflow.advance` is the only writer."""

from __future__ import annotations

from curation.workflow import Table, add_table
from finetune.models import Evaluation, TrainingRun

R, E = TrainingRun.State, Evaluation.State

RUN: Table = {
    "start": {R.QUEUED: R.RUNNING},
    "succeed": {R.RUNNING: R.SUCCEEDED},
    "fail": {R.QUEUED: R.FAILED, R.RUNNING: R.FAILED},
    "cancel": {R.QUEUED: R.CANCELLED, R.RUNNING: R.CANCELLED},
    "lose": {R.RUNNING: R.LOST},
    "resume": {R.CANCELLED: R.QUEUED, R.FAILED: R.QUEUED, R.LOST: R.QUEUED},
}

EVALUATION: Table = {
    "start": {E.QUEUED: E.RUNNING},
    "succeed": {E.RUNNING: E.SUCCEEDED},
    "fail": {E.QUEUED: E.FAILED, E.RUNNING: E.FAILED},
    "cancel": {E.QUEUED: E.CANCELLED, E.RUNNING: E.CANCELLED},
}


add_table(TrainingRun, RUN)
add_table(Evaluation, EVALUATION)
