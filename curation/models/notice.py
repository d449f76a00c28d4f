from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Mention(models.Model):
    """Somebody who is named in a comment; the name itself stands in its text."""

    comment = models.ForeignKey("curation.Comment", on_delete=models.CASCADE, related_name="mentions")
    person = models.ForeignKey("curation.Person", on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["comment", "person"], name="mention_once")]

    def __str__(self) -> str:
        return f"{self.comment_id} {self.person_id}"


class Notice(models.Model):
    """Something that happened and concerns one person. It holds ids and never a text.

    `actor` is there only where somebody spoke to the person: who decided what stays untold.
    """

    class Kind(models.TextChoices):
        SENT_BACK = "sent_back", _("Came back to you")
        OPENED = "opened", _("Open to other writers")
        ANSWER_ASKED = "answer_asked", _("Another answer is wanted")
        APPROVED = "approved", _("Accepted")
        FIXED = "fixed", _("Mended and accepted")
        MOVED = "moved", _("Moved")
        REJECTED = "rejected", _("Rejected")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        MENTIONED = "mentioned", _("Mentioned you")
        ANSWERED = "answered", _("Answered you")
        COMMENTED = "commented", _("Commented")
        HANDED = "handed", _("Handed to you")
        TAKEN = "taken", _("Handed to somebody else")
        HANDED_WRITING = "to_write", _("Handed to you")
        TAKEN_WRITING = "write_taken", _("Handed to somebody else")
        SETTLE = "settle", _("Two opinions differ")
        JOB = "job", _("Work ended")
        GUIDELINE = "guideline", _("New guideline")

    person = models.ForeignKey("curation.Person", on_delete=models.CASCADE, related_name="notices")
    dataset = models.ForeignKey("curation.Dataset", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind)
    item = models.ForeignKey(
        "curation.Item", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    comment = models.ForeignKey(
        "curation.Comment", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    job = models.ForeignKey("curation.Job", on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    actor = models.ForeignKey(
        "curation.Person", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["person", "dataset", "id"], name="notice_of_person"),
            models.Index(
                fields=["person", "dataset", "id"],
                condition=models.Q(seen_at=None),
                name="notice_unseen",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.person_id}"
