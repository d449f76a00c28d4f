"""The lines of the side bar that judges and studies have."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from annotation.queries import TASK_ROLES
from curation.registry import NavEntry

ENTRIES = (
    NavEntry("study", _("Studies"), "study", "judging:studies", "g s", roles=TASK_ROLES, order=8),
    NavEntry(
        "leaderboard", _("Leaderboard"), "list", "judging:leaderboard", "g m", roles=TASK_ROLES, order=8
    ),
    NavEntry(
        "judges",
        _("Judges"),
        "judge",
        "judging:judges",
        "g u",
        roles=TASK_ROLES,
        order=9,
        also=("judging:runs",),
    ),
)
