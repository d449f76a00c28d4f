"""What a model suggested to a writer."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Suggestion(models.Model):
    """What a person asked the drafting aid for, and what it wrote: theirs alone, and no part of the item.

    `asked` is the question that was sent, `prompt` what came before it, by name and version, and `prompt_hash` the SHA-256
    of its words. `failure` is the name of a failed call; `text` is empty then.
    """

    class Kind(models.TextChoices):
        ANSWER = "answer", _("A first answer")
        HARMLESS = "harmless", _("A harmless twin: the same words, no harm meant")
        EVASIVE = "evasive", _("An evasive twin: the same aim in other words")

    item = models.ForeignKey("curation.Item", on_delete=models.CASCADE, related_name="suggestions")
    person = models.ForeignKey("curation.Person", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind)
    asked = models.TextField()
    prompt = models.CharField(max_length=60, help_text="Name and version: see curation.aiding")
    prompt_hash = models.CharField(max_length=64)
    text = models.TextField(blank=True)
    failure = models.CharField(max_length=20, blank=True)
    job = models.ForeignKey("curation.Job", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.item_id} {self.person_id}"

    @property
    def part(self) -> str:
        """The field that it is meant for."""
        return "answer" if self.kind == self.Kind.ANSWER else "question"
