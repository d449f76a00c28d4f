"""How a dataset's people work together: one row of settings for each dataset."""

from __future__ import annotations

from django.db import models


class Routine(models.Model):
    """What the lead sets for the daily work. A dataset without a row goes by the defaults."""

    dataset = models.OneToOneField("curation.Dataset", on_delete=models.CASCADE, related_name="routine")
    soft_cap = models.PositiveSmallIntegerField(
        default=100, help_text="Percent of a leaf's target from which others are said to need people more"
    )
    hard_cap = models.PositiveSmallIntegerField(
        null=True, blank=True, default=150, help_text="Percent of a leaf's target at which taking is refused"
    )
    reserve_hours = models.PositiveSmallIntegerField(
        default=24, help_text="For how long a taken cell is kept for a person"
    )
    lease_minutes = models.PositiveSmallIntegerField(
        default=15, help_text="How long a reviewer holds an item without a sign of life"
    )
    twice_share = models.PositiveSmallIntegerField(
        default=0, help_text="Percent of what is submitted that two people review, blind"
    )
    second_after_fix = models.BooleanField(
        default=False, help_text="Whether somebody else looks at what a reviewer mended"
    )
    bands = models.JSONField(
        default=dict,
        blank=True,
        help_text="Least and most characters by part; a part not named has the checks' own",
    )
    aid = models.ForeignKey(
        "curation.Endpoint",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="The model that writers may ask for suggestions; none: the drafting aid is off",
    )

    def __str__(self) -> str:
        return f"routine of {self.dataset_id}"
