"""A file of items that a person has brought: looked at, mapped, tried, and carried out by a job."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from curation.actions import jobs, places
from curation.actions.imports import Imported, import_items, names_of
from curation.errors import Conflict, Invalid
from curation.formats.faults import Quarantined, UnusableFile
from curation.formats.item_mapping import Guess, ItemColumns, ItemLook, columns_from, guess, look_at
from curation.formats.item_stream import opened_within
from curation.models import Dataset, Job, Person
from curation.queries import leaves_of

KIND = "import_items"
FILE, FAULTS = "items", "faults.jsonl"
INLINE_BYTES = 1 << 20  # what is read within a page's time
FIRST_FAULTS = 100
SPLITS, STATES = ("", "dev", "test"), ("", "draft", "approved")


@dataclass(frozen=True, kw_only=True)
class Place(places.Place):
    """The folder of one file. After the import `done` is what became of its rows, in numbers."""

    room = "brought-items"

    @property
    def file(self) -> Path:
        return self.folder / FILE

    @property
    def said(self) -> str:
        """Names what the columns mean and how the rows come in: another name where another window changed it."""
        state = self.state
        content = json.dumps([state.get("columns"), state.get("manner")], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()

    @property
    def columns(self) -> ItemColumns | None:
        """What the person says; None where the guess, or the readers' own knowledge, stands."""
        given = self.state.get("columns")
        return None if given is None else columns_from(given, "columns")

    def keep_faults(self, faults: list[Quarantined]) -> None:
        lines = (json.dumps(asdict(fault), ensure_ascii=False) + "\n" for fault in faults)
        with (self.folder / FAULTS).open("w", encoding="utf-8") as out:
            out.writelines(lines)

    def faults(self) -> Iterator[Quarantined]:
        """All rows that were, or would be, set apart."""
        if not (self.folder / FAULTS).is_file():
            return
        with (self.folder / FAULTS).open(encoding="utf-8") as lines:
            for line in lines:
                yield Quarantined(**json.loads(line))


def take(person: Person, dataset: Dataset, given: UploadedFile, *, manner: dict[str, str]) -> Place:
    """Keep an uploaded file and look at it. Raises Invalid or UnusableFile, and keeps nothing then.

    `manner`: as_state, split and rights, each "" where nothing is said.
    """
    place = Place.new(person)
    try:
        place.store(FILE, given, command="import_items")
        name = Path(given.name or FILE).name[:120]
        place.say(dataset=dataset.pk, name=name, columns=None, manner=manner, job=0)
        seen = seen_in(place)
        found = guess(seen, names_of(leaves_of(dataset)))
        if seen.unknown:
            place.say(columns=found.columns.as_dict())
    except (Invalid, UnusableFile):
        place.discard()
        raise
    return place


def seen_in(place: Place) -> ItemLook:
    """The file's columns and first records. Raises UnusableFile under the name that the person knows."""
    try:
        return look_at(opened_within(place.file))
    except UnusableFile as error:
        raise _named(error, place) from None


def _named(error: UnusableFile, place: Place) -> UnusableFile:
    known = {FILE: place.state["name"]}
    values = {
        key: known.get(value, value) if isinstance(value, str) else value
        for key, value in error.values.items()
    }
    return UnusableFile(error.template, **values)


def guessed(place: Place, dataset: Dataset, seen: ItemLook) -> Guess:
    return guess(seen, names_of(leaves_of(dataset)))


def begin(person: Person, dataset: Dataset, place: Place, *, dry_run: bool, said: str = "") -> None:
    """Try the rows, at once where the file is small; an import, and a large file, become a job whose id is kept.

    An import names by `said` what its person has seen: raises Conflict where that was changed since.
    """
    if dry_run and place.file.stat().st_size <= INLINE_BYTES:
        with place.alone():
            place.say(job=0)
            _try(person, dataset, place)
        return
    if said not in ("", place.said):
        raise Conflict(_("Another window changed the columns: look once more at what would be taken."))
    from curation.tasks import import_items as task  # a task imports its action

    title = _("Look at %(file)s") if dry_run else _("Import of %(file)s")
    job = jobs.queue_job(
        person,
        dataset,
        kind=KIND,
        title=title % {"file": place.state["name"]},
        task=task,
        arguments={"key": place.key, "dry_run": dry_run, "said": place.said},
        target_url=reverse("curation:import_file", kwargs={"dataset": dataset.slug, "key": place.key}),
    )
    place.say(job=job.pk)


def _try(person: Person, dataset: Dataset, place: Place, told: Any = None) -> None:
    """Keep the report of what would be taken, or of why nothing can be."""
    try:
        done = _imported(person, dataset, place, dry_run=True, told=told)
    except UnusableFile as error:
        mended = _named(error, place)
        values = {name: str(value) for name, value in mended.values.items()}
        place.keep_faults([])
        place.keep_report({"error": mended.template, "values": values})
    else:
        place.keep_report(_report(place, done))


def _imported(person: Person, dataset: Dataset, place: Place, *, dry_run: bool, told: Any) -> Imported:
    manner = place.state["manner"]
    with translation.override(person.locale):  # what is kept of it is for that person
        return import_items(
            person,
            dataset,
            place.file,
            columns=place.columns,
            as_state=manner["as_state"] or None,
            split=manner["split"] or None,
            rights=manner["rights"] or None,
            dry_run=dry_run,
            told=told,
        )


def _report(place: Place, done: Imported) -> dict[str, Any]:
    place.keep_faults([fault if fault.file != FILE else _of_file(fault, place) for fault in done.refused])
    return {
        "format": done.format,
        "created": done.created,
        "unchanged": done.unchanged,
        "translations": done.translations,
        "states": done.states,
        "warnings": done.warnings,
        "unknown": done.unknown,
        "first": done.first,
        "faults": len(done.refused),
    }


def _of_file(fault: Quarantined, place: Place) -> Quarantined:
    return Quarantined(**{**asdict(fault), "file": place.state["name"]})


def work(job: Job) -> dict[str, Any]:
    """The body of the job. Begun again after its worker died, it finds what it wrote and goes on from there."""
    assert job.person is not None
    assert job.dataset is not None
    place = Place.of(job.person, job.dataset, job.arguments["key"])
    if place is None:
        raise Invalid(_("The file is not kept any more. Bring it once more."))

    def told(done: int, total: int) -> None:
        jobs.progress(job, done, total)

    with place.alone():
        if job.arguments["dry_run"]:
            _try(job.person, job.dataset, place, told)
            return {}
        if place.state.get("done"):
            return dict(place.state["done"])
        if job.arguments["said"] != place.said:
            raise Conflict(_("Another window changed the columns: look once more at what would be taken."))
        report = _report(place, _imported(job.person, job.dataset, place, dry_run=False, told=told))
        place.keep_report(report)
        counts = {name: report[name] for name in ("created", "unchanged", "translations", "faults", "states")}
        place.end(FILE, done=counts)
        return counts
