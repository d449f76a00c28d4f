"""What the pages of the guideline and of the reasons share: the versions beside one, and what may be done to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from curation.models import Codebook, Guideline
from curation.rules import allows
from curation.views.gate import MemberRequest


def beside(
    request: MemberRequest,
    found: Guideline | Codebook | None,
    versions: Sequence[Guideline | Codebook],
    *,
    write: str,
) -> dict[str, Any]:
    """For a version's page: `versions` are all of them, newest first, `write` is the verb that makes the next."""
    before = [row for row in versions if found and row.version < found.version]
    return {
        "versions": versions,
        "newest": versions[0] if versions else None,
        "before": before[0] if before else None,
        "may_write": allows(request.user, write, request.dataset),
        "may_sign": found is not None and found.signed_at is None and allows(request.user, "sign", found),
    }
