"""`python -m finetune.training JOB_DIR`: train, and leave outcome.json behind.

Exit codes: 0 succeeded or cancelled (outcome.json says which), 1 failed (outcome.json says why), 2 unusable
command line, 75 another process owns the folder (nothing was written).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from finetune.training.environment import Stop, prepare_environment
from finetune.training.job import Job
from finetune.training.outcome import run_to_outcome
from finetune.training.report import Report


def main(arguments: list[str] | None = None) -> int:
    """Run the job of the folder named on the command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m finetune.training", description="Train the job of a folder."
    )
    parser.add_argument("job_dir", type=Path, help="folder with job.json and the examples")
    folder = parser.parse_args(arguments).job_dir
    if not folder.is_dir():
        parser.error("JOB_DIR is not a folder.")
    prepare_environment()
    stop = Stop()
    stop.listen()

    def body(job: Job, report: Report) -> dict[str, Any]:
        from finetune.training.train import train

        return train(job, report=report, stop=stop)

    return run_to_outcome(folder, body)


if __name__ == "__main__":
    sys.exit(main())
