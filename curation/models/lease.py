from __future__ import annotations

import secrets

from django.db import models


def new_token() -> str:
    return secrets.token_urlsafe(24)


class Lease(models.Model):
    """Who has an item in hand: one person an item and part of the work; somebody else's turn comes when it runs out.

    A reviewer holds one at a time, in however many windows. `handed`: given to them by somebody else, not begun yet.
    """

    class Part(models.TextChoices):
        WRITE = "write"
        REVIEW = "review"

    item = models.ForeignKey("curation.Item", on_delete=models.CASCADE, related_name="leases")
    part = models.CharField(max_length=6, choices=Part)
    person = models.ForeignKey("curation.Person", on_delete=models.CASCADE, related_name="leases")
    token = models.CharField(max_length=40, unique=True, default=new_token)
    handed = models.BooleanField(default=False)
    taken_at = models.DateTimeField()
    beat_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "part"], name="lease_once"),
            models.UniqueConstraint(
                fields=["person"],
                condition=models.Q(part="review", handed=False),
                name="lease_one_review_a_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.part} {self.item_id} {self.person_id}"
