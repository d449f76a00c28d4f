"""What the rating floor does about a text that is redacted."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.actions.leases import give_back
from annotation.models import (
    Assignment,
    GoldCase,
    PartnerAnnotation,
    PartnerProject,
    Rating,
    RatingTask,
    Response,
    TaskResponse,
)
from curation.models import ReleaseItem
from curation.redaction import wipe
from curation.registry import RedactedText, Redactor


def with_text(digest: str) -> QuerySet[Response]:
    """Responses to the question, and those that are the text themselves."""
    return Response.objects.filter(Q(question_text=digest) | Q(question_hash=digest) | Q(text=digest))


def datasets_with(digest: str) -> set[int]:
    cases = GoldCase.objects.filter(reference_text=digest).values_list("rubric__dataset", flat=True)
    return {*with_text(digest).values_list("dataset", flat=True), *cases}


def remove(gone: RedactedText) -> dict[str, int]:
    """Copies in conversations, comments and drafts; nobody is given such a response again."""
    held = _held(gone.hash)
    for one in held:
        give_back(one)
    rows = TaskResponse.objects.filter(response__in=with_text(gone.hash))
    written = Rating.objects.exclude(comment="")
    partners = PartnerAnnotation.objects.exclude(comment="")
    cases = GoldCase.objects.exclude(explanation_ja="", explanation_en="")
    return {
        "leases_given_back": len(held),
        "responses_no_longer_offered": rows.filter(offered=True).update(offered=False),
        "conversations": len(wipe(Response.objects.exclude(turns=[]), ["turns"], gone.pieces)),
        "rating_comments": len(wipe(written, ["comment"], gone.pieces))
        + len(wipe(partners, ["comment"], gone.pieces)),
        "rating_drafts": len(wipe(Assignment.objects.exclude(draft={}), ["draft"], gone.pieces))
        + len(wipe(Assignment.objects.exclude(reason=""), ["reason"], gone.pieces)),
        "explanations": len(wipe(cases, ["explanation_ja", "explanation_en"], gone.pieces)),
    }


def _held(digest: str) -> list[Assignment]:
    """Leases that would show the text: as question, as response, or as the reference answer beside them."""
    keys = ReleaseItem.objects.filter(answer_text=digest).values("release", "external_id")
    shown = Q(response__in=with_text(digest)) | Q(gold__reference_text=digest)
    for row in keys:
        shown |= Q(task__release=row["release"], response__item_key=row["external_id"], with_reference=True)
    return list(Assignment.objects.filter(shown, state=Assignment.State.LEASED).order_by("pk"))


def by_hand(digest: str) -> list[str]:
    """What was pushed to a partner, and answers that may repeat the question."""
    responses = with_text(digest)
    said = []
    pushed = PartnerProject.objects.filter(
        exchange__task__population__response__in=responses, exchange__pushed_at__isnull=False
    )
    tasks = RatingTask.objects.filter(exchanges__projects__in=pushed).distinct().order_by("pk")
    said += [
        _("Responses of %(task)s were sent to Label Studio: delete those with this text there.")
        % {"task": task.name}
        for task in tasks
    ]
    answers = responses.filter(question_hash=digest, text__redacted_at=None, text_known=True).count()
    if answers:
        said.append(
            ngettext(
                "%(n)d answer of a model to this question is kept: redact it too if it repeats the question.",
                "%(n)d answers of models to this question are kept: redact those that repeat the question.",
                answers,
            )
            % {"n": answers}
        )
    return said


REDACTOR = Redactor(key="annotation", datasets=datasets_with, remove=remove, by_hand=by_hand)
