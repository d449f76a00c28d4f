"""Download links: one person outside gets one archive for a while, without an account. Only a link's hash is kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db.models import Count, OuterRef, Subquery
from django.db.models.fields import CharField, IntegerField
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from curation.actions.export_jobs import archive_of
from curation.errors import Invalid, NotAllowed, WrongState
from curation.log import Actor, Operator, person_of, record
from curation.models import DownloadLink, Job, LogEntry, Release
from curation.outgoing import why_not_out
from curation.rules import require

HOURS = 72
MOST_HOURS = 30 * 24
LONGEST = 200


def make_link(
    actor: Actor, release: Release, job: Job, *, for_whom: str, hours: int = HOURS
) -> tuple[DownloadLink, str]:
    """A link for a named recipient to one finished export, and its secret, which is told this once."""
    require(actor, "make_link", release)
    person = person_of(actor)
    if person is None:
        raise NotAllowed(_("A link needs a person who answers for it."))
    for_whom = " ".join(for_whom.split())
    if not 0 < len(for_whom) <= LONGEST:
        raise Invalid(_("Say who the link is for, in at most 200 characters."), field="for_whom")
    if not 1 <= hours <= MOST_HOURS:
        raise Invalid(_("A link is valid for 1 hour to 30 days."), field="hours")
    if job.arguments["formats"] != ["ids"] and (why := why_not_out(release)):
        raise Invalid(why)
    if job.arguments["release"] != release.pk or archive_of(job) is None:
        raise Invalid(_("There is no archive to link to: write the files first."), field="job")
    secret = secrets.token_urlsafe(32)
    link = DownloadLink.objects.create(
        job=job,
        release=release,
        token_hash=hash_of(secret),
        for_whom=for_whom,
        person=person,
        expires_at=timezone.now() + timedelta(hours=hours),
    )
    record(actor, "make_link", link, dataset=release.dataset, job=job.pk, hours=hours)
    return link, secret


def hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def revoke(actor: Actor, link: DownloadLink) -> None:
    """The link leads nowhere from now on."""
    require(actor, "revoke", link)
    if not DownloadLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=timezone.now()):
        raise WrongState(_("The link was revoked already."))
    record(actor, "revoke", link, dataset=link.release.dataset)


def follow(secret: str) -> tuple[DownloadLink, Path] | None:
    """The link of that secret and its archive; None where it leads nowhere (any more), whatever the reason."""
    wanted = hash_of(secret)
    rows = DownloadLink.objects.select_related("job", "release__dataset")
    link = rows.filter(token_hash=wanted, revoked_at=None, expires_at__gt=timezone.now()).first()
    if link is None or not constant_time_compare(link.token_hash, wanted):
        return None
    if link.job.arguments["formats"] != ["ids"] and why_not_out(link.release):
        return None
    archive = archive_of(link.job)
    return (link, archive) if archive else None


def log_download(link: DownloadLink, *, first: int) -> None:
    """Who the link was for and which archive: by their ids. `first` is the first byte asked for."""
    files = len(link.job.result.get("files", []))
    details = {
        "job": link.job_id,
        "sha256": link.job.result.get("sha256", ""),
        "files": files,
        "first": first,
    }
    record(Operator(name=f"link {link.pk}"), "download", link, dataset=link.release.dataset, **details)


def links_of(release: Release) -> Any:
    """The release's links with `downloads`: how often each was followed from the first byte."""
    entries = LogEntry.objects.filter(
        object_type="downloadlink",
        verb="download",
        object_id=Cast(OuterRef("pk"), CharField()),
        details__first=0,
    )
    counted = entries.order_by().values("object_id").annotate(number=Count("pk")).values("number")
    number = Coalesce(Subquery(counted, output_field=IntegerField()), 0)
    return release.links.select_related("job", "person").annotate(downloads=number)
