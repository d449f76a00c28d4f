"""Files of ratings and verdicts that a person has brought and not yet imported, in a place of their own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.urls import reverse
from django.utils.translation import gettext as _

from annotation.models import RatingTask
from curation.actions import jobs, places
from curation.errors import Conflict, Invalid
from curation.formats import UnusableFile
from curation.formats.mapping import KINDS, Columns, Kind, guess, look
from curation.log import Actor
from curation.models import Dataset, Job, Person
from judging.actions.bring import Source, import_study, propose, scores_in, source

MOST_COLUMNS = 200
INLINE_LINES = 24_000  # scores that are read within a page's time


@dataclass(frozen=True, kw_only=True)
class Place(places.Place):
    """The folder of one pair of files. After the import `done` is the task's id, and `told` the counts."""

    room = "brought"

    def path(self, kind: Kind) -> Path:
        """Where the file of one kind lies; one file may serve both."""
        own = self.folder / kind
        return own if own.is_file() else self.folder / "ratings"

    @property
    def said(self) -> str:
        """Names what the columns mean and the rubric: another name where another window changed them."""
        state = self.state
        content = json.dumps([state.get("columns"), state.get("rubric")], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()

    def finish(self, *, task: int, told: Mapping[str, int]) -> None:
        """Delete the files and what was read of them; that they were imported stays known for a day."""
        self.end(*KINDS, "report.json", done=task, told=told)


def take(person: Person, dataset: Dataset, *, task: str, files: Mapping[Kind, UploadedFile | None]) -> Place:
    """Keep uploaded files and guess what their columns mean. Raises Invalid or UnusableFile, and keeps nothing then."""
    if files.get("ratings") is None and not RatingTask.objects.filter(dataset=dataset, name=task).exists():
        message = _("There is no task named %(task)s: a new study needs ratings.")
        raise Invalid(message % {"task": task}, field="task")
    place = Place.new(person)
    try:
        for kind, given in files.items():
            if given is not None:
                place.store(kind, given, command="import_study")
        names = {kind: Path(given.name or kind).name[:120] for kind, given in files.items() if given}
        columns = _guessed(place, files)
        place.say(dataset=dataset.pk, task=task, rubric="", names=names, columns=columns)
        place.say(rubric=_first_rubric(place))
    except (Invalid, UnusableFile):
        place.discard()
        raise
    return place


def _guessed(place: Place, files: Mapping[Kind, UploadedFile | None]) -> dict[str, dict[str, Any]]:
    """Both kinds are looked for in a single file; verdicts only where it has columns for them."""
    shared = files.get("verdicts") is None
    found: dict[str, dict[str, Any]] = {}
    for kind in KINDS:
        if kind == "ratings" and files.get("ratings") is None:
            continue
        if kind == "verdicts" and shared and files.get("ratings") is None:
            continue
        seen = look(place.path(kind))
        if len(seen.headings) > MOST_COLUMNS:
            message = _("The file has %(n)d columns; the page takes at most %(most)d.")
            raise Invalid(message % {"n": len(seen.headings), "most": MOST_COLUMNS}, field=kind)
        columns = guess(seen, kind, shared=shared)
        if kind == "ratings" or not shared or columns.each or "judge" in columns.columns:
            found[kind] = columns.as_dict()
    return found


def _first_rubric(place: Place) -> str:
    try:
        sources = sources_of(place)
    except UnusableFile:
        return ""
    scores = scores_in(sources.get("ratings"), sources.get("verdicts"))
    return propose(scores) if scores else ""


def place_of(person: Person, dataset: Dataset, key: str) -> Place | None:
    """The person's own place of that key, None for any other."""
    return Place.of(person, dataset, key)


def columns_of(place: Place) -> dict[Kind, Columns]:
    """What the person says the columns mean."""
    said = place.state.get("columns")
    if said is None:
        raise FileNotFoundError(place.folder)
    return {
        kind: Columns(kind, said[kind]["columns"], tuple(said[kind]["each"]), said[kind]["constants"])
        for kind in KINDS
        if kind in said
    }


def sources_of(place: Place) -> dict[str, Source]:
    return {kind: source(place.path(kind), columns) for kind, columns in columns_of(place).items()}


def is_large(place: Place) -> bool:
    """Whether reading the files takes longer than a page may."""
    scores = 0
    for kind, columns in columns_of(place).items():
        scores += look(place.path(kind)).lines * max(1, len(columns.each))
    return scores > INLINE_LINES


def carry_out(actor: Actor, dataset: Dataset, place: Place, *, dry_run: bool) -> dict[str, Any]:
    """Read the files as the person said; keep the report of a dry run, or import and delete the files."""
    state = place.state
    report: dict[str, Any]
    try:
        done = import_study(
            actor,
            dataset,
            task=state["task"],
            rubric=state["rubric"],
            dry_run=dry_run,
            **sources_of(place),
        )
    except UnusableFile as error:
        if not dry_run:
            raise
        report = {"error": error.template, "values": {k: str(v) for k, v in error.values.items()}}
    except Invalid as error:
        if not dry_run:
            raise
        report = {"error": error.sentence.replace("%", "%%"), "values": {}}
    else:
        report = done.as_dict()
    if dry_run:
        place.keep_report(report)
    else:
        place.finish(task=report["task_id"], told=_counts(report))
    return report


def _counts(report: Mapping[str, Any]) -> dict[str, int]:
    """What was taken in numbers; without any content of the files."""
    kinds = [report[kind] for kind in KINDS if kind in report]
    return {
        "new": sum(kind["imported"] for kind in kinds),
        "corrected": sum(kind["corrected"] for kind in kinds),
        "known": sum(kind["unchanged"] for kind in kinds),
        "apart": sum(len(kind["quarantined"]) for kind in kinds),
    }


def begin(person: Person, dataset: Dataset, place: Place, *, dry_run: bool, said: str = "") -> bool | None:
    """Do it now (True) where that is quick, else by a job whose id the place keeps (None).

    Nobody may hold the place `alone`. What another window has imported already stays as it is (False). An import names by `said` what its person has seen: raises Conflict
    where that was changed since.
    """
    if is_large(place):
        _queue(person, dataset, place, dry_run=dry_run, said=said)
        return None
    with place.alone():
        place.say(job=0)
        return _once(person, dataset, place, dry_run=dry_run, said=said)


def _once(person: Person, dataset: Dataset, place: Place, *, dry_run: bool, said: str) -> bool:
    """Whether there was anything left to do. Who calls holds the place alone."""
    if place.state.get("done"):
        return False
    if said not in ("", place.said):
        raise Conflict(_("Another window changed the columns: look once more at what would be taken."))
    carry_out(person, dataset, place, dry_run=dry_run)
    return True


def _queue(person: Person, dataset: Dataset, place: Place, *, dry_run: bool, said: str) -> None:
    from judging.tasks import bring as task

    job = jobs.queue_job(
        person,
        dataset,
        kind="bring",
        title=_("Files for the study %(task)s") % {"task": place.state["task"]},
        task=task,
        arguments={"person": person.pk, "key": place.key, "dry_run": dry_run, "said": said},
        target_url=reverse("judging:brought", kwargs={"dataset": dataset.slug, "key": place.key}),
    )
    place.say(job=job.pk)


def work(job: Job) -> dict[str, Any]:
    """The body of the job."""
    assert job.person is not None
    assert job.dataset is not None
    place = place_of(job.person, job.dataset, job.arguments["key"])
    if place is None:
        raise Invalid(_("The files are not kept any more. Bring them once more."))
    dry_run, said = job.arguments["dry_run"], job.arguments.get("said", "")
    with place.alone():
        _once(job.person, job.dataset, place, dry_run=dry_run, said=said)
    return {"task": place.state.get("done")}
