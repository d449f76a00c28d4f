"""The lines of the side bar that ratings have."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from annotation import queries
from curation.models import Membership
from curation.registry import NavEntry

Role = Membership.Role
LEADERS = frozenset({Role.LEAD, Role.RESEARCHER})

ENTRIES = (
    NavEntry(
        "rate",
        _("Rate"),
        "rate",
        "annotation:rate",
        "g a",
        roles=frozenset({Role.RATER}),
        order=5,
        count=lambda person, dataset: sum(queries.waiting_per_task(person, dataset).values()),
        waits=_("responses for you to rate"),
    ),
    NavEntry("tasks", _("Rating tasks"), "list", "annotation:tasks", "g k", roles=LEADERS, order=7),
    NavEntry(
        "rubrics",
        _("Rubrics"),
        "guide",
        "annotation:rubrics",
        "g e",
        roles=LEADERS | {Role.REVIEWER},
        order=8,
    ),
)
