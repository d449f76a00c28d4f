"""The line of the side bar that training has."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from curation.registry import NavEntry
from finetune.queries import RUN_ROLES, runs_active

TRAINING = NavEntry(
    "training",
    _("Training"),
    "training",
    "finetune:training",
    "g f",
    roles=RUN_ROLES,
    order=10,
    count=runs_active,
)
