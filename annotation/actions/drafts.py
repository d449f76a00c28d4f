"""What a rater has typed and not submitted yet, kept with the lease. Drafts are not logged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.actions.leases import rater_of
from annotation.actions.practice import checked_scores
from annotation.models import Assignment, RatingTask
from curation.actions.texts import cleaned, keepable
from curation.errors import Invalid, WrongState
from curation.models import Person
from curation.prepared import Prepared, slot
from curation.rules import require

A = Assignment.State
OPEN = (A.LEASED, A.EXPIRED)


def save_draft(
    person: Person,
    task: RatingTask,
    *,
    token: str,
    comment: str = "",
    scores: Mapping[str, object] | None = None,
) -> Assignment:
    """Keep a comment and the points chosen so far with the lease, also with one that ran out meanwhile.

    Raises Invalid for a token that is not the person's or a point outside the scale, WrongState once the response is
    rated or skipped: a late draft must not stand beside what was decided.
    """
    require(person, "save_draft", task)
    keepable({"token": token})
    mine = Assignment.objects.filter(task=task, rater=rater_of(person, task), token=token)
    found = mine.first()
    if found is None:
        raise Invalid(_("This response was not given to you. Open the page again."), field="token")
    cleaned(comment, field="comment")  # refuses what no column holds; the text itself stays as it is typed
    chosen = {axis: point for axis, point in checked_scores(task, scores or {}).items() if point}
    found.draft = {"comment": comment, "scores": chosen, "saved_at": timezone.now().isoformat()}
    if not mine.filter(state__in=OPEN).update(draft=found.draft):
        raise WrongState(_("This response is decided already."))
    return found


TASK, RATER, RESPONSE = slot(1), slot(2), slot(3)


def _left() -> QuerySet[Assignment]:
    earlier = Assignment.objects.filter(task=TASK, rater=RATER, response=RESPONSE, state=A.EXPIRED)
    return earlier.exclude(draft={}).order_by("-pk").only("draft")[:1]


_LEFT = Prepared(_left)


def draft_of(held: Assignment) -> dict[str, Any]:
    """The lease's draft, else the newest that an earlier lease of the same response left to the same rater."""
    if held.draft:
        return dict(held.draft)
    left = _LEFT.first({TASK: held.task_id, RATER: held.rater_id, RESPONSE: held.response_id})
    return dict(left.draft) if left else {}
