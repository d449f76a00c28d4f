"""How a program of this package ends: outcome.json and an exit code, whatever happened inside."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from finetune.training.errors import FolderInUse, Superseded, classify, frames_of
from finetune.training.job import Job, locked, read_job
from finetune.training.report import Report

NOT_OURS = 75


def run_to_outcome(folder: Path, body: Callable[[Job, Report], dict[str, Any]], *, prefix: str = "") -> int:
    """Hold the folder, run the body, and turn whatever happens into outcome.json and an exit code.

    Standard error gets the call stack of a failure without any message that could quote an example.
    """
    report = Report(folder, run=None, attempt=None, token=None, prefix=prefix)
    try:
        with locked(folder, name=f"{prefix}lock"):
            try:
                report.begin()
                job = read_job(folder)
                report = Report(folder, run=job.run, attempt=job.attempt, token=job.token, prefix=prefix)
                fields = body(job, report)
                job.require_token()
                report.conclude(**fields)
            except Superseded:
                raise
            except Exception as error:
                kind, sentence = classify(error)
                print(f"failed ({kind}): {sentence}\n{frames_of(error)}", file=sys.stderr)
                report.conclude("failed", **{"class": kind, "message": sentence})
                return 1
    except (FolderInUse, Superseded):
        print("Another process owns this job folder; nothing was written.", file=sys.stderr)
        return NOT_OURS
    return 0
