from __future__ import annotations

from dataclasses import asdict
from typing import Any

from curation.doctor import NOTE, OK, WRONG, examine
from curation.log import Actor
from curation.management.base import BenchCommand, Outcome

MARKS = {OK: "ok   ", NOTE: "note ", WRONG: "WRONG"}


class Command(BenchCommand):
    help = "Look at the database, the broker, the workers, the disk and the packages, and say what to do."
    needs_dataset = False

    def act(self, *, actor: Actor, **options: Any) -> Outcome:
        found = examine()
        lines = []
        for finding in found:
            lines.append(f"{MARKS[finding.state]} {finding.key}: {finding.sentence}")
            if finding.advice:
                lines.append(f"      {finding.advice}")
        wrong = [finding.key for finding in found if finding.state == WRONG]
        return Outcome(
            sentence="\n".join(lines),
            payload={"findings": [asdict(finding) for finding in found], "wrong": wrong},
            failed=bool(wrong),
        )
