"""What has to hold before a version is frozen. Each gate names its items, so that they can be mended."""

from __future__ import annotations

from collections.abc import Callable

from curation.gates.draw import candidates
from curation.gates.plan import Plan, PlanItem, known_splits, releasable, translations_of
from curation.gates.review import approved, provisional, quota
from curation.gates.terms import rights
from curation.gates.texts import duplicates, leaks, near_duplicates, near_leaks
from curation.registry import Gate

GATES: tuple[Callable[[Plan], Gate], ...] = (
    approved,
    quota,
    provisional,
    duplicates,
    near_duplicates,
    leaks,
    near_leaks,
    rights,
)
NEVER_WAIVED = frozenset({"approved", "leaks"})

__all__ = [
    "GATES",
    "NEVER_WAIVED",
    "Gate",
    "Plan",
    "PlanItem",
    "candidates",
    "check",
    "known_splits",
    "releasable",
    "translations_of",
]


def check(plan: Plan) -> list[Gate]:
    """What every gate says of the plan."""
    return [gate(plan) for gate in GATES]
