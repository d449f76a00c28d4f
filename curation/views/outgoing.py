"""What leaves the house from a release's page: files, download links, and publishing on a hub."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from curation.actions.export_jobs import Wish, archive_of, exports_of, queue_export
from curation.actions.links import follow, links_of, log_download, make_link, revoke
from curation.actions.publishing_jobs import queue_plan, queue_publish
from curation.byte_ranges import Unreadable, asked_for, piece
from curation.forms_outgoing import ExportForm, LinkForm, PlanForm
from curation.log import record
from curation.models import DownloadLink, Publication, Release
from curation.panels_outgoing import files_shown, publishing_shown
from curation.queries import ITEM_ROLES, releases_visible_to
from curation.rules import allows
from curation.views.gate import MemberRequest, attempt, member


def _found(request: MemberRequest, name: str) -> Release:
    visible = releases_visible_to(request.user, request.dataset)
    return get_object_or_404(visible.select_related("dataset"), name=name)


def _page(request: MemberRequest, name: str) -> str:
    return reverse("curation:release", kwargs={"dataset": request.dataset.slug, "name": name})


def _say_faults(request: HttpRequest, form: Any) -> None:
    for faults in form.errors.values():
        for fault in faults:
            messages.error(request, fault)


@require_GET
@member(*ITEM_ROLES)
def files(request: MemberRequest, name: str) -> HttpResponse:
    """The section of the release's page, asked for again while something is being written."""
    found = _found(request, name)
    context = {"panel": files_shown(person=request.user, release=found), "release": found}
    return render(request, "curation/_files.html#state", context)


@require_GET
@member(*ITEM_ROLES)
def publishing(request: MemberRequest, name: str) -> HttpResponse:
    """The section about publishing, asked for again while something goes on."""
    found = _found(request, name)
    shown = publishing_shown(person=request.user, release=found)
    if shown is None:
        raise Http404
    return render(request, "curation/_publish.html#state", {"panel": shown, "release": found})


@require_POST
@member(*ITEM_ROLES)
def export(request: MemberRequest, name: str) -> HttpResponse:
    found, url = _found(request, name), _page(request, name)
    form = ExportForm(request.POST)
    if form.is_valid():
        wish = Wish(**form.cleaned_data)
        attempt(
            request,
            lambda: queue_export(request.user, found, wish, target_url=url),
            _("The files are being written and checked."),
        )
    else:
        _say_faults(request, form)
    return redirect(f"{url}#exports")


@never_cache
@require_safe
@member(*ITEM_ROLES)
def download(request: MemberRequest, name: str, job: int) -> HttpResponseBase:
    """The archive of one export; every download is logged."""
    found = _found(request, name)
    row = get_object_or_404(exports_of(found), pk=job)
    path = archive_of(row) if allows(request.user, "export", found) else None
    if path is None:
        raise Http404
    if request.method == "GET":
        record(request.user, "download", found, job=row.pk)
    return FileResponse(path.open("rb"), as_attachment=True, filename=path.name)


@require_POST
@member(*ITEM_ROLES)
def link_make(request: MemberRequest, name: str) -> HttpResponse:
    """The new link is shown on the page that answers, and never again."""
    found = _found(request, name)
    if not allows(request.user, "make_link", found):
        raise Http404
    form = LinkForm(request.POST)
    if not form.is_valid():
        _say_faults(request, form)
        return redirect(f"{_page(request, name)}#links")
    given = form.cleaned_data
    job = get_object_or_404(exports_of(found), pk=given["job"])
    made: list[tuple[DownloadLink, str]] = []
    attempt(
        request,
        lambda: made.append(
            make_link(request.user, found, job, for_whom=given["for_whom"], hours=given["hours"])
        ),
    )
    if not made:
        return redirect(f"{_page(request, name)}#links")
    link, secret = made[0]
    url = request.build_absolute_uri(reverse("curation:link", kwargs={"secret": secret}))
    response = render(request, "curation/link_made.html", {"release": found, "link": link, "url": url})
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@member(*ITEM_ROLES)
def link_revoke(request: MemberRequest, name: str, pk: int) -> HttpResponse:
    found = _found(request, name)
    if not allows(request.user, "make_link", found):
        raise Http404
    link = get_object_or_404(links_of(found).select_related("release__dataset"), pk=pk)
    attempt(
        request,
        lambda: revoke(request.user, link),
        _("The link for %(who)s leads nowhere now.") % {"who": link.for_whom},
    )
    return redirect(f"{_page(request, name)}#links")


@require_safe
def link(request: HttpRequest, secret: str) -> HttpResponseBase:
    """Whoever has the link gets the archive and nothing else. Any other secret is an address that does not exist."""
    known = follow(secret)
    if known is None:
        sentence = _(
            "This download link has expired, was revoked, or is incomplete. Ask its sender for a new one."
        )
        return render(request, "404.html", {"sentence": sentence}, status=404)
    found, path = known
    etag = f'"{found.job.result.get("sha256", "")}"'
    response = _answer(request, path, etag)
    if request.method == "GET" and response.status_code in (200, 206):
        first = response.get("Content-Range", "bytes 0-").partition(" ")[2].partition("-")[0]
        log_download(found, first=int(first))
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    return response


def _named(body: Any, path: Path, *, status: int = 200) -> FileResponse:
    return FileResponse(
        body, as_attachment=True, filename=path.name, content_type="application/zip", status=status
    )


def _answer(request: HttpRequest, path: Path, etag: str) -> HttpResponseBase:
    size = path.stat().st_size
    if request.method == "HEAD":
        head = _named(BytesIO(), path)
        head["Content-Length"] = str(size)
        return head
    # Where the archive is another than the one begun with, all of it is sent.
    same = request.headers.get("If-Range", etag) == etag
    try:
        wanted = asked_for(request.headers.get("Range", "") if same else "", size)
    except Unreadable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    if wanted is None:
        return _named(path.open("rb"), path)
    first, last = wanted
    part = _named(piece(path.open("rb"), first, last), path, status=206)
    part["Content-Length"] = str(last - first + 1)
    part["Content-Range"] = f"bytes {first}-{last}/{size}"
    return part


@require_POST
@member(*ITEM_ROLES)
def plan(request: MemberRequest, name: str) -> HttpResponseRedirect:
    found, url = _found(request, name), _page(request, name)
    if not allows(request.user, "publish", found):
        raise Http404
    form = PlanForm(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        attempt(
            request,
            lambda: queue_plan(
                request.user, found, given["repo"], private=given["seen"] != "public", target_url=url
            ),
            _("The plan is being written. Nothing is sent."),
        )
    else:
        _say_faults(request, form)
    return HttpResponseRedirect(f"{url}#publish")


@require_POST
@member(*ITEM_ROLES)
def publish(request: MemberRequest, name: str, pk: int) -> HttpResponseRedirect:
    found, url = _found(request, name), _page(request, name)
    if not allows(request.user, "publish", found):
        raise Http404
    rows = Publication.objects.select_related("release__dataset").filter(release=found)
    planned = get_object_or_404(rows, pk=pk)
    attempt(
        request,
        lambda: queue_publish(request.user, planned, typed=request.POST.get("confirm", ""), target_url=url),
        _("Publishing has begun. This page says how far it is."),
    )
    return HttpResponseRedirect(f"{url}#publish")
