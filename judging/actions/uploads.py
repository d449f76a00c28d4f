"""Files that a person has brought and not yet imported: in a place of their own, bounded, gone after the import.

A place is a folder below TEINEI_VAR/brought/<person>: the files under fixed names, `state.json` (what the person said
about them), `report.json` (what would be taken) and, after the import, `done.json`. Nothing in it is reached by
anybody else, and a day later it is gone. Several windows may show one place: who acts on it first holds it `alone`.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.urls import reverse
from django.utils.translation import gettext as _

from annotation.models import RatingTask
from curation.actions import jobs
from curation.errors import Conflict, Invalid
from curation.formats import UnusableFile
from curation.formats.mapping import KINDS, Columns, Kind, guess, look
from curation.log import Actor
from curation.models import Dataset, Job, Person
from judging.actions.bring import Source, import_study, propose, scores_in, source

LARGEST = 64 << 20  # bytes of one file
MOST_COLUMNS = 200
INLINE_LINES = 24_000  # scores that are read within a page's time
KEPT_SECONDS = 24 * 3600
_KEY = re.compile(r"[a-z0-9]{24}")


@dataclass(frozen=True, kw_only=True)
class Place:
    """The folder of one pair of files; `key` stands in the address."""

    folder: Path
    key: str

    def path(self, kind: Kind) -> Path:
        """Where the file of one kind lies; one file may serve both."""
        own = self.folder / kind
        return own if own.is_file() else self.folder / "ratings"

    @property
    def state(self) -> dict[str, Any]:
        """What was said about the files; after the import also `done`, the task's id, and `told`, the counts."""
        return {**(_read(self.folder / "state.json") or {}), **(_read(self.folder / "done.json") or {})}

    @property
    def said(self) -> str:
        """Names what the columns mean and the rubric: another name where another window changed them."""
        state = self.state
        content = json.dumps([state.get("columns"), state.get("rubric")], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until nobody else acts on these files, and let the others wait. Raises FileNotFoundError: they are gone."""
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            self.folder.stat()  # who held it may have deleted it
            yield
        finally:
            os.close(folder)

    @property
    def report(self) -> dict[str, Any] | None:
        """What would be taken, or `{"error", "values"}`; None while it is not known."""
        return _read(self.folder / "report.json")

    def say(self, **changes: Any) -> None:
        """Change what the state says."""
        _write(self.folder / "state.json", {**self.state, **changes})

    def keep_report(self, report: Mapping[str, Any] | None) -> None:
        if report is None:
            (self.folder / "report.json").unlink(missing_ok=True)
        else:
            _write(self.folder / "report.json", report)

    def finish(self, *, task: int, told: Mapping[str, int]) -> None:
        """Delete the files and what was read of them; that they were imported stays known for a day.

        In a file of its own, so that a window which changes what the state says at this moment loses nothing of it.
        """
        _write(self.folder / "done.json", {"done": task, "told": told})
        for name in (*KINDS, "report.json"):
            (self.folder / name).unlink(missing_ok=True)


def take(person: Person, dataset: Dataset, *, task: str, files: Mapping[Kind, UploadedFile | None]) -> Place:
    """Keep uploaded files and guess what their columns mean. Raises Invalid or UnusableFile, and keeps nothing then."""
    sweep()
    if files.get("ratings") is None and not RatingTask.objects.filter(dataset=dataset, name=task).exists():
        message = _("There is no task named %(task)s: a new study needs ratings.")
        raise Invalid(message % {"task": task}, field="task")
    key = secrets.token_hex(12)
    place = Place(folder=_home(person) / key, key=key)
    place.folder.mkdir(parents=True, mode=0o700)
    try:
        for kind, given in files.items():
            if given is not None:
                _store(place.folder / kind, kind, given)
        names = {kind: Path(given.name or kind).name[:120] for kind, given in files.items() if given}
        columns = _guessed(place, files)
        place.say(dataset=dataset.pk, task=task, rubric="", names=names, columns=columns)
        place.say(rubric=_first_rubric(place))
    except (Invalid, UnusableFile):
        discard(place)
        raise
    return place


def _store(path: Path, kind: str, given: UploadedFile) -> None:
    if (given.size or 0) > LARGEST:
        message = _("The file is larger than %(most)d MB. Use the command import_study.")
        raise Invalid(message % {"most": LARGEST >> 20}, field=kind)
    with path.open("xb") as stream:
        path.chmod(0o600)
        for chunk in given.chunks():
            stream.write(chunk)


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
    folder = _home(person) / key
    if not _KEY.fullmatch(key) or not (folder / "state.json").is_file():
        return None
    place = Place(folder=folder, key=key)
    return place if place.state.get("dataset") == dataset.pk else None


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


def discard(place: Place) -> None:
    shutil.rmtree(place.folder, ignore_errors=True)


def sweep() -> None:
    """Delete what anybody left lying for a day."""
    oldest = time.time() - KEPT_SECONDS
    for folder in _root().glob("*/*"):
        try:
            if folder.stat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)
        except FileNotFoundError:
            continue


def _root() -> Path:
    return Path(settings.TEINEI_VAR) / "brought"


def _home(person: Person) -> Path:
    return _root() / str(person.pk)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found


def _write(path: Path, content: Mapping[str, Any]) -> None:
    draft = path.with_suffix(f".{secrets.token_hex(4)}.json")
    draft.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    draft.replace(path)
