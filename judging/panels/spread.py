"""The spread of people's scores in a table, for models and for categories."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.translation import gettext as _

from curation.reading import Cell, Reading


def spread_of_people(reading: Reading, *at: str) -> Cell:
    """The spread within the part of the study at that place, marked where it is small."""
    own = reading.cell(*at, "spread", "human_sd")
    if not reading.at(*at, "spread", "restricted"):
        return own
    badge = format_html('{} <span class="badge badge--warn">{}</span>', own.html, _("range-restricted"))
    return Cell(badge, own.plain)
