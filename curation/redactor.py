"""What the ground floor does about a text that is redacted."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from curation.errors import Invalid
from curation.models import (
    Comment,
    Dismissal,
    DownloadLink,
    Draft,
    Item,
    Job,
    KeptDraft,
    LogEntry,
    Person,
    Publication,
    Release,
    ReleaseItem,
    Review,
    Revision,
    Suggestion,
    Translation,
    TranslationDraft,
    TranslationReview,
)
from curation.queries import redacted_rows
from curation.redaction import (
    concerned_items,
    concerned_translations,
    datasets_with,
    frozen_with,
    of_text,
    wipe,
)
from curation.registry import RedactedText, Redactor
from curation.workflow import advance

EXPORT = "export_release"  # the kind of an export's job; its files lie in a folder of the job's number


def remove(gone: RedactedText) -> dict[str, int]:
    """Take the words out of drafts, discussion, reviews, jobs and files, and the items out of what goes on."""
    rows = frozen_with(gone.hash)
    revisions = Revision.objects.filter(of_text("", gone.hash))
    # A row or revision of the text itself loses all that could quote it: a conversation's turns, where it came from.
    bare: dict[str, object] = {"attributes": {}, "sources": []}
    criteria = Revision.objects.filter(of_text("", gone.hash)).exclude(criteria={})
    return {
        "exports": _remove_exports(gone.releases),
        "release_rows": rows.count(),
        "attributes": criteria.update(criteria={})
        + revisions.exclude(**bare).update(**bare)
        + ReleaseItem.objects.filter(of_text("", gone.hash)).exclude(**bare).update(**bare),
        "drafts": _wipe_drafts(gone),
        "comments": len(wipe(Comment.objects.all(), ["body"], gone.pieces))
        + len(wipe(Review.objects.exclude(comment=""), ["comment"], gone.pieces))
        + len(wipe(TranslationReview.objects.exclude(comment=""), ["comment"], gone.pieces))
        + len(wipe(Dismissal.objects.all(), ["reason"], gone.pieces)),
        "sources": len(wipe(Revision.objects.exclude(**bare), ["attributes", "sources"], gone.pieces))
        + len(wipe(Revision.objects.exclude(criteria={}), ["criteria"], gone.pieces)),
        "jobs": len(wipe(Job.objects.all(), ["message", "arguments", "result"], gone.pieces)),
        "items_withdrawn": _withdraw(gone),
        "translations_sent_back": _send_back(gone),
        "vectors": _forget_vectors(gone.hash),
    }


def _forget_vectors(digest: str) -> int:
    """What the search by meaning keeps of the text."""
    from curation import lookalikes

    return lookalikes.forget([digest])


def _wipe_drafts(gone: RedactedText) -> int:
    """Windows that are open on such a draft get a conflict instead of saving the words again."""
    texts, further = ["question", "answer"], ["attributes", "sources", "criteria"]
    count = len(wipe(KeptDraft.objects.all(), texts + further, gone.pieces))
    count += len(wipe(Suggestion.objects.all(), ["asked", "text"], gone.pieces))
    for model in (Draft, TranslationDraft):
        columns = texts + (further if model is Draft else [])
        wiped = wipe(model._default_manager.all(), columns, gone.pieces)
        count += model._default_manager.filter(pk__in=wiped).update(version=F("version") + 1, client_id="")
    return count


def _withdraw(gone: RedactedText) -> int:
    """Items that had the text are withdrawn: no queue shows them, no later release takes them."""
    found = list(concerned_items(gone.hash).exclude(state=Item.State.WITHDRAWN))
    for item in found:
        advance(item, "withdraw", actor=gone.actor, redacted=gone.hash)
    return len(found)


def _send_back(gone: RedactedText) -> int:
    """A translation that had the text waits for a translator again."""
    states = [Translation.State.IN_REVIEW, Translation.State.APPROVED]
    found = list(concerned_translations(gone.hash).filter(state__in=states))
    for translation in found:
        advance(translation, "request_changes", actor=gone.actor, redacted=gone.hash)
    return len(found)


def _exports_of(releases: frozenset[int]) -> list[Job]:
    jobs = Job.objects.filter(kind=EXPORT).order_by("pk")
    return [job for job in jobs if job.arguments.get("release") in releases]


def _remove_exports(releases: frozenset[int]) -> int:
    """Delete the files of every export of these releases; they can be written again without the text.

    Raises Invalid while one is being written: what it read before would come back after.
    """
    count = 0
    for job in _exports_of(releases):
        if job.state == Job.State.RUNNING:
            raise Invalid(
                _("An export of a release with this text is being written. Try again when it has ended.")
            )
        folder = Path(settings.TEINEI_VAR) / "exports" / str(job.pk)
        if folder.is_dir():
            shutil.rmtree(folder)
            count += 1
    return count


def by_hand(digest: str) -> list[str]:
    """Copies that left the system, and those that lie beside the database."""
    releases = frozenset(frozen_with(digest).values_list("release", flat=True))
    said = []
    names = ", ".join(Release.objects.filter(pk__in=releases).order_by("pk").values_list("name", flat=True))
    published = Publication.objects.filter(release__in=releases, state=Publication.State.PUBLISHED)
    said += [
        _(
            "%(release)s is published at %(url)s: publish a version without the text and delete the files there."
        )
        % {"release": row.release.name, "url": row.url or row.repo}
        for row in published.select_related("release")
    ]
    fetched = LogEntry.objects.filter(object_type="release", object_id__in=[str(pk) for pk in releases])
    exported = fetched.filter(verb__in=["export", "download"]).count()
    if exported:
        said.append(
            ngettext(
                "%(names)s was exported or downloaded %(n)d time: ask whoever has the files to delete them.",
                "%(names)s was exported or downloaded %(n)d times: ask whoever has the files to delete them.",
                exported,
            )
            % {"names": names, "n": exported}
        )
    links = DownloadLink.objects.filter(release__in=releases)
    said += [
        _("%(who)s was given a download link: ask them to delete the files.") % {"who": link.for_whom}
        for link in links
    ]
    said.append(_("Backups made before still hold the text: delete them, or redact again after a restore."))
    said.append(
        _(
            "Other wordings of the same text, and what people keep in their browsers, are not found: look at the items."
        )
    )
    return said


def panel_of_release(*, person: Person, release: Release, **_subject: Any) -> dict[str, Any] | None:
    """How many rows of a release have lost their text; nothing is shown where none has."""
    redacted = redacted_rows(release)
    return {"redacted": redacted} if redacted else None


REDACTOR = Redactor(key="curation", datasets=datasets_with, remove=remove, by_hand=by_hand)
