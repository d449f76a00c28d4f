"""What may leave the house: why a release must not go out, whether by a link or to a hub."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from curation.access import not_redistributable, terms_used, why_not_usable
from curation.models import Redaction, Release, ReleaseItem


def why_not_out(release: Release) -> str | None:
    """None where the release's texts may be passed on, else the reason. Ids alone may always be."""
    terms = release.rights
    if release.imported:
        return _("This release was published elsewhere: it is not passed on from here.")
    if not terms and not release.terms:
        return _("The release was frozen without terms, and nothing goes out without them.")
    if terms.get("redistributable") is False:
        return _("The terms of the release forbid passing it on.")
    return why_not_usable(release) or _why_not_items(release)


def _why_not_items(release: Release) -> str | None:
    if ids := not_redistributable(release):
        message = _("Items must not be redistributed. The first: %(ids)s.")
        return message % {"ids": ", ".join(ids[:10])}
    frozen = {row["name"]: row for row in release.snapshot.get("rights", [])}
    for name in sorted(terms_used(release) - {release.rights.get("name")}):
        row = frozen.get(name, {})
        if row.get("inherits") and row.get("terms", "").strip() not in release.terms:
            return _("Terms that derivatives must carry are missing from those of the release: %(name)s.") % {
                "name": name
            }
    return None


def waiting_redactions(release: Release) -> int:
    """How many of its texts somebody wants redacted, and nobody has confirmed."""
    return sum(1 for _row in _concerning(release, Redaction.objects.filter(confirmed_at=None)))


def last_redaction(release: Release) -> datetime | None:
    """When one of its texts was last redacted: files that were written before hold it."""
    rows = Redaction.objects.filter(confirmed_at__isnull=False).order_by("-confirmed_at")
    found = next(_concerning(release, rows), None)
    return found.confirmed_at if found else None


def _concerning(release: Release, rows: QuerySet[Redaction]) -> Iterator[Redaction]:
    for row in rows.filter(dataset=release.dataset_id):
        if _holds(release.pk, release.root_hash, row.text_id):
            yield row


@lru_cache(maxsize=4096)
def _holds(pk: int, root_hash: str, text: str) -> bool:
    """Whether a text stands in a release, as its frozen rows name it: asked once by a process."""
    told = ReleaseItem.objects.filter(release=pk).annotate(told=Cast("translations", TextField())).order_by()
    return told.filter(Q(question_text=text) | Q(answer_text=text) | Q(told__contains=text)).exists()
