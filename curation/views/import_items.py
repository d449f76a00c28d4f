"""Bringing items in from a file: look, say what its columns mean, try, and carry out as a job."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from curation.actions import item_files
from curation.actions.item_files import Place
from curation.errors import TeineiError
from curation.formats.faults import Quarantined, UnusableFile
from curation.formats.writing.csv_files import formula_safe
from curation.forms_import import MEANINGS, FileForm, MappingForm
from curation.models import Item, Job
from curation.queries import leaves_of
from curation.rules import allows
from curation.views.gate import MemberRequest, View, member

RUNNING = (Job.State.QUEUED, Job.State.RUNNING)
FAULTS_SHOWN = 100


def importer(view: View) -> View:
    """For who may import: to anybody else the page does not exist."""

    @member()
    @wraps(view)
    def inner(request: Any, **kwargs: Any) -> HttpResponseBase:
        if not allows(request.user, "import", request.dataset):
            raise Http404
        return view(request, **kwargs)

    return inner


def _sentence(error: TeineiError) -> str:
    return _(error.template) % error.values if isinstance(error, UnusableFile) else error.sentence


@importer
def bring(request: MemberRequest) -> HttpResponse:
    """Choose a file and how its rows come in."""
    form = FileForm(request.dataset, request.user, request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            place = item_files.take(
                request.user, request.dataset, form.cleaned_data["file"], manner=form.manner
            )
            item_files.begin(request.user, request.dataset, place, dry_run=True)
        except TeineiError as error:
            form.add_error("file", _sentence(error))
        else:
            return redirect("curation:import_file", dataset=request.dataset.slug, key=place.key)
    return render(request, "curation/import.html", {"form": form}, status=400 if form.errors else 200)


@importer
def file(request: MemberRequest, key: str) -> HttpResponse:
    """What would be taken; say what a column means and look again, or import. Afterwards, what became of it."""
    place = Place.of(request.user, request.dataset, key)
    if place is None:
        return _gone(request)
    job = Job.objects.filter(pk=place.state.get("job", 0)).first()
    waiting = job is not None and job.state in RUNNING
    if waiting or place.state.get("done"):
        return _watched(request, place, job, waiting)
    try:
        if request.method == "POST":
            return _act(request, place)
        return _shown(request, place, _form(request, place), job)
    except (
        UnusableFile,
        FileNotFoundError,
    ):  # deleted, or carried out, in another window at this very moment
        return _gone(request)


def _form(request: MemberRequest, place: Place, given: Any = None) -> MappingForm:
    seen = item_files.seen_in(place)
    guessed = item_files.guessed(place, request.dataset, seen)
    leaves = leaves_of(request.dataset)
    return MappingForm(request.dataset, request.user, place, seen, guessed, leaves, given)


def _gone(request: MemberRequest) -> HttpResponse:
    messages.info(request, _("This file is not kept any more. Bring it once more."))
    return redirect("curation:import_items", dataset=request.dataset.slug)


def _act(request: MemberRequest, place: Place) -> HttpResponse:
    """Discard, look again, or import exactly what was last shown."""
    with place.alone():
        if "discard" in request.POST:
            place.discard()
            messages.info(request, _("The file is deleted; nothing was imported."))
            return redirect("curation:import_items", dataset=request.dataset.slug)
        form = _form(request, place, request.POST)
        if not form.is_valid():
            return _shown(request, place, form, None)
        changed, said = form.keep(), place.said
    importing = "import" in request.POST and not changed
    if "import" in request.POST and changed:
        messages.info(request, _("Something was changed: look once more at what would be taken."))
    try:
        item_files.begin(
            request.user, request.dataset, place, dry_run=not importing, said=said if importing else ""
        )
    except TeineiError as error:
        messages.error(request, _sentence(error))
    return redirect("curation:import_file", dataset=request.dataset.slug, key=place.key)


def _shown(request: MemberRequest, place: Place, form: MappingForm, job: Job | None) -> HttpResponse:
    if request.htmx:  # the job has ended while its progress was shown
        return HttpResponse(headers={"HX-Refresh": "true"})
    report = place.report or {}
    template = report.get("error", "")
    error = _(template) % report["values"] if template else ""
    ended = job is not None and job.state in (Job.State.FAILED, Job.State.CANCELLED)
    context = {
        "place": place,
        "name": place.state["name"],
        "form": form,
        "report": {} if error else report,
        "states": _states(report),
        "error": error,
        "faults": _told(place),
        "more": max(0, report.get("faults", 0) - FAULTS_SHOWN),
        "ended": job if ended else None,
    }
    return render(request, "curation/import_file.html", context, status=400 if form.errors else 200)


def _watched(request: MemberRequest, place: Place, job: Job | None, waiting: bool) -> HttpResponse:
    """The job at work, or what came of it."""
    if request.htmx and not waiting:
        return HttpResponse(headers={"HX-Refresh": "true"})
    done = place.state.get("done")
    context = {
        "place": place,
        "name": place.state["name"],
        "job": job,
        "waiting": waiting,
        "trying": job is not None and bool(job.arguments.get("dry_run")),
        "done": done,
        "states": _states(done or {}),
        "warnings": (place.report or {}).get("warnings", []) if done else [],
        "faults": _told(place) if done else [],
        "more": max(0, (done or {}).get("faults", 0) - FAULTS_SHOWN),
    }
    page = "curation/import_job.html"
    return render(request, f"{page}#live" if request.htmx else page, context)


def _states(report: dict[str, Any]) -> list[tuple[str, int]]:
    return [(str(Item.State(state).label), n) for state, n in report.get("states", {}).items()]


def _told(place: Place) -> list[dict[str, Any]]:
    return [
        {
            "row": fault.row,
            "line": fault.line,
            "field": _column(fault),
            "found": fault.excerpt,
            "why": _reason(fault),
        }
        for fault, _at in zip(place.faults(), range(FAULTS_SHOWN), strict=False)
    ]


def _column(fault: Quarantined) -> str:
    """A heading of the file stands as it is; a name of our own is put in words."""
    return str(_("Category") if fault.field == "category" else MEANINGS.get(fault.field, fault.field))


def _reason(fault: Quarantined) -> str:
    return _(fault.template) % fault.values


@require_GET
@importer
def faults(request: MemberRequest, key: str) -> HttpResponseBase:
    """Every row that was set apart, as a table."""
    place = Place.of(request.user, request.dataset, key)
    if place is None:
        raise Http404
    answer = StreamingHttpResponse(_fault_lines(place), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="faults.csv"'
    return answer


class _Echo:
    def write(self, line: str) -> str:
        return line


def _fault_lines(place: Place) -> Iterator[str]:
    lines = csv.writer(_Echo())
    yield "\ufeff" + lines.writerow([_("Row"), _("Line"), _("Column"), _("Reason"), _("What was found")])
    for fault in place.faults():
        cells = (_column(fault), _reason(fault), fault.excerpt)
        yield lines.writerow([fault.row or "", fault.line or "", *map(formula_safe, cells)])


@require_GET
@importer
def mapping(request: MemberRequest, key: str) -> HttpResponse:
    """What the columns mean, as the file that `import_items --map` takes."""
    place = Place.of(request.user, request.dataset, key)
    if place is None or not place.file.is_file():
        raise Http404
    seen = item_files.seen_in(place)
    columns = place.columns or item_files.guessed(place, request.dataset, seen).columns
    answer = JsonResponse(columns.as_dict(), json_dumps_params={"ensure_ascii": False, "indent": 2})
    answer["Content-Disposition"] = 'attachment; filename="mapping.json"'
    return answer
