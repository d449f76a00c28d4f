"""What has to hold before a version is frozen. Each gate names its items, so that they can be mended."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import override

from curation.gates.draw import Asked, candidates, first_items
from curation.gates.personal import personal_data
from curation.gates.plan import Plan, PlanItem, fingerprint, known_splits, releasable, translations_of
from curation.gates.review import approved, guideline, provisional, quota
from curation.gates.terms import rights
from curation.gates.texts import duplicates, leaks, near_duplicates, near_leaks
from curation.gates.translations import translations
from curation.registry import Finding, Gate, gates

GATES: tuple[Callable[[Plan], Gate], ...] = (
    approved,
    guideline,
    quota,
    provisional,
    translations,
    duplicates,
    near_duplicates,
    leaks,
    near_leaks,
    personal_data,
    rights,
)
NEVER_WAIVED = frozenset({"approved", "leaks"})

__all__ = [
    "GATES",
    "NEVER_WAIVED",
    "Asked",
    "Finding",
    "Gate",
    "Plan",
    "PlanItem",
    "all_gates",
    "candidates",
    "check",
    "fingerprint",
    "first_items",
    "known_splits",
    "releasable",
    "translations_of",
]


def all_gates() -> tuple[Callable[[Plan], Gate], ...]:
    """Those of this floor in the order of the checklist, then those of the floors above."""
    return (*GATES, *gates())


def check(plan: Plan, told: Callable[[int, str], None] | None = None) -> list[Gate]:
    """What every gate says of the plan, in English whoever asks: pages retell it in the reader's language.

    `told` hears how many gates are done and which one is next.
    """
    said = []
    with override("en"):
        for number, gate in enumerate(all_gates()):
            if told:
                told(number, gate.__name__)
            said.append(gate(plan))
    return said
