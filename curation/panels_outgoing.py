"""Sections of a release's page about what leaves the house: files, download links, publishing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from curation.actions.export_jobs import META_ORDERS, OUTPUT_FIELDS, archives_of, exports_of
from curation.actions.links import HOURS, MOST_HOURS, links_of
from curation.actions.publishing_jobs import PUBLISH, UNDER_WAY, jobs_of
from curation.forms_outgoing import format_choices
from curation.models import DownloadLink, Job, Person, Publication, Release
from curation.outgoing import why_not_out
from curation.registry import Panel, add_panel
from curation.rules import allows

SHOWN = 8
LINKS_SHOWN = 50
State = Publication.State
WhyNot = Callable[[Release], str | None]  # a page that asks more than once gives one that remembers


def register() -> None:
    for key, context in (("files", files_shown), ("links", links_shown), ("publish", publishing_shown)):
        add_panel(Panel(page="release", key=key, template=f"curation/_{key}.html", context=context))


def files_shown(*, person: Person, release: Release, **_subject: Any) -> dict[str, Any]:
    """The exports of a release, and the form for another."""
    jobs = list(exports_of(release)[:SHOWN])
    ready = archives_of(release, jobs)
    return {
        "release": release,
        "exports": [{"job": job, "ready": job.pk in ready} for job in jobs],
        "active": any(job.finished_at is None for job in jobs),
        "formats": format_choices(),
        "output_fields": OUTPUT_FIELDS,
        "meta_orders": [order for order in META_ORDERS if order],
        "may_export": allows(person, "export", release),
        "may_people": allows(person, "export_people", release),
    }


def links_shown(
    *, person: Person, release: Release, why_not: WhyNot = why_not_out, **_subject: Any
) -> dict[str, Any] | None:
    """For whoever may make links: those there are, and the archives that a new one can lead to."""
    if not allows(person, "make_link", release):
        return None
    why = why_not(release)
    jobs = exports_of(release).filter(state=Job.State.SUCCEEDED)[:SHOWN]
    ready = [job for job in jobs if not why or job.arguments["formats"] == ["ids"]]
    rows = list(links_of(release)[:LINKS_SHOWN])
    archives = archives_of(release, [*ready, *(row.job for row in rows)])
    links = [{"link": row, "state": state_of(row, there=row.job_id in archives)} for row in rows]
    return {
        "release": release,
        "links": links,
        "ready": [job for job in ready if job.pk in archives],
        "why_not": why,
        "hours": HOURS,
        "most_hours": MOST_HOURS,
    }


def state_of(link: DownloadLink, *, there: bool) -> str:
    """open, revoked, expired, or gone where the archive is."""
    if link.revoked_at:
        return "revoked"
    if link.expires_at <= timezone.now():
        return "expired"
    return "open" if there else "gone"


def publishing_shown(
    *, person: Person, release: Release, why_not: WhyNot = why_not_out, **_subject: Any
) -> dict[str, Any] | None:
    """For whoever may publish: what was published, the plan that waits, and how far a job is."""
    if not allows(person, "publish", release) or release.imported:
        return None
    rows = list(release.publications.select_related("person")[:SHOWN])
    job = jobs_of(release).first()
    active = job if job is not None and job.state in UNDER_WAY else None
    failed = job if job is not None and job.state == Job.State.FAILED and job.kind != PUBLISH else None
    return {
        "release": release,
        "published": [row for row in rows if row.state == State.PUBLISHED],
        "plan": next((row for row in rows if row.state != State.PUBLISHED), None),
        "job": active,
        "failed": failed,
        "why_not": why_not(release),
    }
