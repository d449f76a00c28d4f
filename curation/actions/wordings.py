"""What goes with the words of a draft or a revision: criteria of the answer, and how the characters came in."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from curation import origins
from curation.actions.texts import keepable
from curation.errors import Invalid
from curation.formats.criteria import criteria_of
from curation.formats.faults import Fault
from curation.models import Draft, Revision


def kept_criteria(value: Any) -> dict[str, list[str]]:
    """The criteria in the shape in which they are kept. Raises Invalid, naming the field."""
    keepable({"criteria": value})
    try:
        return criteria_of(value)
    except Fault as fault:
        raise Invalid(_(fault.template) % {"field": fault.field, **fault.values}, field=fault.field) from None


def origins_after(
    held: Draft | Revision | None, given: dict[str, Any] | None, texts: dict[str, str]
) -> dict[str, Any]:
    """How the characters of each text came in, as the page says or else as `held` does; parts of no known origin are out."""
    found = {}
    for part, text in texts.items():
        before = getattr(held, part) if held else ""
        known = held.origins.get(part) if held else None
        said = origins.sound((given or {}).get(part))
        runs = origins.fitted(said, text, held=known, before=before)
        if any(kind != "unknown" for kind, _number in runs):
            found[part] = runs
    return found


def origins_of_submit(
    held: Draft | Revision | None,
    given: dict[str, Any] | None,
    *,
    typed: dict[str, str],
    cleaned: dict[str, str],
) -> dict[str, Any]:
    """The same for a submit, whose texts lose the blanks at their ends."""
    runs = origins_after(held, given, typed)
    return {
        part: origins.carried(runs[part], typed[part], text) if text != typed[part] else runs[part]
        for part, text in cleaned.items()
        if part in runs and text
    }
