"""Questions of a release from elsewhere, as they stand on pages of results for whoever may not read them."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from annotation.models import RatingTask, Response
from curation.access import passed_on
from curation.models import Person, Text
from curation.rules import allows


def may_read_texts(person: Person, task: RatingTask) -> bool:
    """Whether the person may read the questions and reference answers of the task outside their own rating work."""
    release = task.release
    return release is None or passed_on(release) or allows(person, "read_texts", release)


def cover(person: Person, task: RatingTask, responses: Iterable[Response]) -> None:
    """Put a sentence in the place of each question, in memory alone, where the person may not read it."""
    if may_read_texts(person, task):
        return
    sentence = _("The terms of this release keep its texts to release managers and researchers with access.")
    for response in responses:
        response.question_text = Text(hash=response.question_hash, body=sentence)
