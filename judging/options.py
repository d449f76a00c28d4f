"""What a person chose about a study: from an address, into one, and from a kept study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from curation.errors import Invalid
from curation.stats.data import StudyOptions
from judging.actions.studies import DEFAULTS, RESAMPLES, check_options
from judging.models import Mode

NAMES = ("epsilon", "majority", "target")
MOST_DIGITS = 6


def options_in(given: Mapping[str, str]) -> StudyOptions:
    """The options of an address: `epsilon`, `majority` (K or K/N), `target`; what is missing or empty is the usual.

    Raises Invalid for an impossible one.
    """
    said = {name: given.get(name, "").strip() for name in NAMES}
    at_least, of = _majority(said["majority"]) if said["majority"] else (DEFAULTS.at_least, DEFAULTS.of)
    target: Any = said["target"] or DEFAULTS.target
    found = StudyOptions(_epsilon(said["epsilon"]), at_least, of, target)
    check_options(Mode.REF, 0, RESAMPLES, found)
    return found


def _epsilon(given: str) -> float:
    if not given:
        return DEFAULTS.epsilon
    try:
        return float(given)
    except ValueError:
        raise Invalid(_("Epsilon is a number."), field="epsilon") from None


def _majority(given: str) -> tuple[int, int | None]:
    numbers = given.split("/")
    if len(numbers) > 2 or not all(n.isdecimal() and len(n) <= MOST_DIGITS for n in numbers):
        raise Invalid(_("The majority is K or K/N, two whole numbers."), field="majority")
    return int(numbers[0]), int(numbers[1]) if len(numbers) == 2 else None


def query_of(options: StudyOptions) -> dict[str, str]:
    """The same for an address; nothing for what is as usual."""
    found = {}
    if options.epsilon != DEFAULTS.epsilon:
        found["epsilon"] = f"{options.epsilon:g}"
    if (options.at_least, options.of) != (DEFAULTS.at_least, DEFAULTS.of):
        found["majority"] = majority_of(options)
    if options.target != DEFAULTS.target:
        found["target"] = options.target
    return found


def majority_of(options: StudyOptions) -> str:
    return f"{options.at_least}/{options.of}" if options.of else f"{options.at_least}"


def options_of(result: Mapping[str, Any]) -> StudyOptions:
    """Those of a kept study."""
    said = result["options"]
    majority = said["majority"]
    return StudyOptions(said["epsilon"], majority["at_least"], majority["of"], said["target"])
