"""Bring your own data: files, what their columns mean, what would be taken, and on to the study."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from curation.errors import TeineiError
from curation.formats import UnusableFile
from curation.models import Job
from curation.rules import allows
from curation.views.gate import MemberRequest
from judging.actions import uploads
from judging.forms_bring import BringForm, ColumnsForm
from judging.views.choose import reader

RUNNING = (Job.State.QUEUED, Job.State.RUNNING)


def sentence(error: TeineiError) -> str:
    """The error in the reader's language."""
    return _(error.template) % error.values if isinstance(error, UnusableFile) else error.sentence


@reader
def bring(request: MemberRequest) -> HttpResponse:
    """Choose files and a name for the study."""
    _only_who_may(request)
    form = BringForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            place = uploads.take(
                request.user, request.dataset, task=form.cleaned_data["task"], files=form.files_given
            )
            uploads.begin(request.user, request.dataset, place, dry_run=True)
        except TeineiError as error:
            form.add_error(error.field if error.field in form.fields else None, sentence(error))
        else:
            return redirect("judging:brought", dataset=request.dataset.slug, key=place.key)
    return render(request, "judging/bring.html", {"form": form}, status=400 if form.errors else 200)


@reader
def brought(request: MemberRequest, key: str) -> HttpResponse:
    """What would be taken; change what a column means and look again, or import."""
    _only_who_may(request)
    place = uploads.place_of(request.user, request.dataset, key)
    if place is None:
        return _gone(request)
    if place.state.get("done"):
        return _done(request, place)
    try:
        if request.method == "POST":
            return _act(request, place)
        return _shown(request, place, ColumnsForm(place))
    except (UnusableFile, FileNotFoundError):
        # Imported, or deleted, at this very moment in another window.
        return _done(request, place) if place.state.get("done") else _gone(request)


def _done(request: MemberRequest, place: uploads.Place) -> HttpResponse:
    """On to the study; who has just pressed a button hears that another window was first."""
    if request.method == "POST":
        first = _("Another window has brought these files in, once.")
        messages.info(request, f"{first} {_counted(place)}")
    return redirect("judging:study", dataset=request.dataset.slug, pk=place.state["done"])


def _counted(place: uploads.Place) -> str:
    """What became of the rows: new ones, and the others where there are any."""
    told = place.state["told"]
    said = [_("%(new)d rows are imported, %(apart)d were set apart.") % told]
    if told.get("corrected"):
        said.append(_("%(corrected)d ratings are corrected.") % told)
    if told.get("known"):
        said.append(_("%(known)d rows stood here already.") % told)
    return " ".join(said)


def _gone(request: MemberRequest) -> HttpResponse:
    messages.info(request, _("These files are not kept any more. Bring them once more."))
    return redirect("judging:bring", dataset=request.dataset.slug)


def _only_who_may(request: MemberRequest) -> None:
    for verb in ("import_ratings", "import_verdicts"):
        if not allows(request.user, verb, request.dataset):
            raise Http404


def _act(request: MemberRequest, place: uploads.Place) -> HttpResponse:
    """Discard, look again, or import exactly what was last shown."""
    if _waiting(place):
        messages.info(request, _("These files are being read at this moment: wait until that is done."))
        return redirect("judging:brought", dataset=request.dataset.slug, key=place.key)
    with place.alone():
        if place.state.get("done"):
            return _done(request, place)
        if "discard" in request.POST:
            place.discard()
            messages.info(request, _("The files are deleted; nothing was imported."))
            return redirect("judging:bring", dataset=request.dataset.slug)
        form = ColumnsForm(place, request.POST)
        if not form.is_valid():
            return _shown(request, place, form)
        changed, said = form.keep(), place.said
    importing = "import" in request.POST and not changed
    if "import" in request.POST and changed:
        messages.info(request, _("The columns were changed: look once more at what would be taken."))
    return _begun(request, place, said if importing else "")


def _begun(request: MemberRequest, place: uploads.Place, said: str) -> HttpResponse:
    """Import what bears that name, or with none look at what would be taken."""
    try:
        mine = uploads.begin(request.user, request.dataset, place, dry_run=not said, said=said)
    except TeineiError as error:
        if place.state.get("done"):
            return _done(request, place)
        if not place.folder.is_dir():  # deleted in another window while it was read
            return _gone(request)
        messages.error(request, sentence(error))
        mine = None
    if mine is False:
        return _done(request, place)
    if said and mine:
        messages.success(request, _counted(place))
    return redirect("judging:brought", dataset=request.dataset.slug, key=place.key)


def _told(report: dict[str, Any] | None) -> str:
    """Why nothing can be taken, in the reader's language; "" where something can."""
    sentence = (report or {}).get("error")
    return _(sentence) % report["values"] if report and sentence else ""


def _job(place: uploads.Place) -> Job | None:
    return Job.objects.filter(pk=place.state.get("job", 0)).first()


def _waiting(place: uploads.Place) -> bool:
    job = _job(place)
    return job is not None and job.state in RUNNING


def _shown(request: MemberRequest, place: uploads.Place, form: ColumnsForm) -> HttpResponse:
    state = place.state
    job = _job(place)
    waiting = job is not None and job.state in RUNNING
    report = None if waiting else place.report
    if request.htmx and not waiting:
        return HttpResponse(headers={"HX-Refresh": "true"})
    context: dict[str, Any] = {
        "place": place,
        "state": state,
        "form": form,
        "report": report,
        "error": _told(report),
        "sides": form.sides(report),
        "job": job,
        "waiting": waiting,
        "failed": job is not None and job.state == Job.State.FAILED,
    }
    template = "judging/brought.html#live" if request.htmx else "judging/brought.html"
    return render(request, template, context, status=400 if form.errors else 200)
