"""Items as Argilla and Label Studio export them: a record for each answer that somebody wrote, or for the question alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any

from . import argilla, labelstudio
from .faults import Quarantined, gettext_noop
from .ratings_elsewhere import LOOKED_AT, recognise
from .records import Record, RecordFile, read_records

QUESTION_ID = "questionID"  # as ItemBuilder knows it
# What the tool itself says about an answer, and nobody wrote.
_TOOL = ("annotator", "annotation_id", "lead_time", "role", "created_at", "updated_at", "user_id")


def open_items(path: str | Path, *, shape: str | None = None) -> RecordFile:
    """The file's records; of another tool's export those of its items, with `export` set. Raises UnusableFile."""
    opened = read_records(path, shape=shape)
    if opened.shape not in ("array", "jsonl"):
        return opened
    first = list(islice(opened.records, LOOKED_AT))
    opened.records = chain(first, opened.records)
    values = [record.values for record in first if isinstance(record, Record)]
    found = recognise(opened, values) or (labelstudio.NAME if any(map(_task, values)) else None)
    if found is None:
        return opened
    read = dataclasses.replace(opened, export=found, headings=())
    read.records = _UNROLLED[found](opened)
    return read


def _task(values: Mapping[str, Any]) -> bool:
    """A task that nobody has worked on, as it went into Label Studio."""
    return isinstance(values.get("data"), dict) and values.keys() <= {"id", "data", "predictions", "meta"}


def _of_argilla(opened: RecordFile) -> Iterator[Record | Quarantined]:
    for record in opened.records:
        if isinstance(record, Quarantined):
            yield record
            continue
        shown, given = argilla.parts(record.values)
        submitted = [answers for (_user, status), answers in given.items() if status in ("submitted", None)]
        if not submitted and any(status == "discarded" for _user, status in given):
            yield _apart(record, gettext_noop("everybody who had this record discarded it"))
        else:
            yield from _siblings(record, shown, submitted)


def _of_labelstudio(opened: RecordFile) -> Iterator[Record | Quarantined]:
    times: dict[Any, int] = {}
    for record in opened.records:
        if isinstance(record, Quarantined):
            yield record
        elif record.values.keys() >= labelstudio.FLAT:
            yield _of_json_min(record, times)
        elif isinstance(record.values.get("data"), dict):
            yield from _of_task(record)
        else:
            yield _apart(record, gettext_noop("the record is no task of Label Studio"))


def _of_json_min(record: Record, times: dict[Any, int]) -> Record:
    """One annotation; the second of a task becomes a sibling of the first."""
    values = {key: value for key, value in labelstudio.flat(record).values.items() if key not in _TOOL}
    key = str(values["id"]) if isinstance(values.get("id"), int | str) else None
    if key is not None:
        times[key] = times.get(key, 0) + 1
        values |= {QUESTION_ID: key, "id": _numbered(key, times[key])}
    return dataclasses.replace(record, values=values)


def _of_task(record: Record) -> Iterator[Record | Quarantined]:
    given = [one for one in labelstudio.annotations_of(record.values) or [] if isinstance(one, dict)]
    kept = [one for one in given if not (one.get("was_cancelled") or one.get("skipped"))]
    if given and not kept:
        yield _apart(record, gettext_noop("everybody who had this task skipped it"))
        return
    final = [one for one in kept if one.get("ground_truth") is True]
    answered = [labelstudio.chosen(one.get("result"))[0] for one in final or kept]
    shown = {"id": record.values.get("id")} | labelstudio.plain(record.values["data"])
    yield from _siblings(record, shown, [answers for answers in answered if answers])


def _siblings(record: Record, shown: Mapping[str, Any], answered: list[dict[str, Any]]) -> Iterator[Record]:
    """The question with each of its answers, or alone."""
    key = shown.get("id")
    for at, answers in enumerate(answered or [{}], 1):
        values = {**shown, **{name: _one(value) for name, value in answers.items()}}
        if isinstance(key, int | str) and len(answered) > 1:
            values |= {QUESTION_ID: str(key), "id": _numbered(key, at)}
        yield dataclasses.replace(record, values=values, answers=tuple(answers))


def _numbered(key: int | str, at: int) -> str:
    return str(key) if at == 1 else f"{key}-{at}"


def _one(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _apart(record: Record, template: str) -> Quarantined:
    return Quarantined(record.row, template, file=record.file, line=record.line)


_UNROLLED: dict[str, Callable[[RecordFile], Iterator[Record | Quarantined]]] = {
    argilla.NAME: _of_argilla,
    labelstudio.NAME: _of_labelstudio,
}
