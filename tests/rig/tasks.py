"""Tasks that only the tests' worker knows."""

import time
from pathlib import Path

from celery import shared_task


@shared_task(name="tests.note")
def note(path: str, seconds: float) -> None:
    """Write a line at the beginning and one at the end, so that a test sees how often it began."""
    with Path(path).open("a", encoding="utf-8") as lines:
        lines.write("begin\n")
    time.sleep(seconds)
    with Path(path).open("a", encoding="utf-8") as lines:
        lines.write("end\n")
