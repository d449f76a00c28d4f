"""A decision that sends work back says why."""

from __future__ import annotations

from django.utils.translation import gettext as _

from curation.errors import Invalid
from curation.reasons import reasons_for


def need_reason(decision: str, *parts: str, reason: str, comment: str) -> None:
    """Raises Invalid, naming the field, where neither a reason of the decision's list nor a comment says why.

    `parts`: what the reasons speak of, as in `reasons_for`.
    """
    known = {each.code: each for each in reasons_for(decision, *parts)}
    if reason and reason not in known:
        raise Invalid(
            _("This reason does not belong to this decision. Choose one from the list."), field="reason"
        )
    if not (reason or comment.strip()):
        raise Invalid(_("Say why: choose a reason or write a comment."), field="reason")
    if reason and known[reason].comment_required and not comment.strip():
        raise Invalid(_("Write the reason in so many words."), field="comment")
