from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Batch(models.Model):
    """One verb for many items: looked at first, carried out a piece at a time, taken back where nobody came after.

    Holds numbers and ids, never texts. `state` moves by `advance` alone.
    """

    class State(models.TextChoices):
        PREPARED = "prepared", _("Prepared")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        UNDOING = "undoing", _("Being taken back")
        UNDONE = "undone", _("Taken back")

    class Verb(models.TextChoices):
        MOVE = "move", _("Move to another category")
        REQUEST_CHANGES = "request_changes", _("Send back")
        OPEN = "open_to_all", _("Open to all writers")
        WITHDRAW = "withdraw", _("Withdraw")
        REOPEN = "reopen", _("Reopen")

    dataset = models.ForeignKey("curation.Dataset", on_delete=models.CASCADE, related_name="batches")
    person = models.ForeignKey("curation.Person", on_delete=models.PROTECT, related_name="+")
    verb = models.CharField(max_length=16, choices=Verb)
    arguments = models.JSONField(default=dict, help_text="Category, reasons by part, whether open to all")
    filters = models.JSONField(default=dict, help_text="Which filters chose the items; never words")
    state = models.CharField(max_length=8, choices=State, default=State.PREPARED)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "batches"
        indexes = [models.Index(fields=["dataset", "-id"], name="batch_newest")]

    def __str__(self) -> str:
        return f"{self.verb} {self.pk}"


class BatchItem(models.Model):
    """What a batch found an item to be, what it made of it, and why not."""

    class Outcome(models.TextChoices):
        PENDING = "pending"
        REFUSED = "refused"
        DONE = "done"
        UNDONE = "undone"
        LEFT = "left"

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="rows")
    item = models.ForeignKey("curation.Item", on_delete=models.CASCADE, related_name="+")
    before = models.JSONField(default=dict, help_text="As it was looked at: state, revision, category, open")
    after = models.JSONField(
        default=dict, help_text="The same once done, with its newest log entry and review"
    )
    outcome = models.CharField(max_length=7, choices=Outcome, default=Outcome.PENDING)
    why = models.TextField(blank=True, help_text="A sentence of a rule, never of a text")
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "item"], name="batch_item_once")]
        indexes = [models.Index(fields=["batch", "outcome", "item"], name="batch_rows")]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.item_id}"
