"""What this floor hangs into the pages below."""

from __future__ import annotations

from typing import Any

from curation.models import Person, Release
from finetune.queries import runs_visible_to


def runs_of_release(*, person: Person, release: Release) -> dict[str, Any] | None:
    """Runs trained on a release; nothing where the person may not see runs or there are none."""
    runs = list(runs_visible_to(person, release.dataset).filter(mixture__releases=release)[:20])
    return {"runs": runs} if runs else None
