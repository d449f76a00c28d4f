"""Label Studio's exports as plain rows: one for each annotation, with the task's data and what was chosen.

Read are JSON (tasks with their annotations) and JSON_MIN (a flat record for each annotation; skipped ones are not in
it). Shapes as in the tool's guide "Label Studio JSON format of annotated tasks" and its converter.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from .faults import Notice, Quarantined, gettext_noop
from .records import Record, RecordFile

NAME = "labelstudio"
OWN = {"rater": "annotator", "seconds": "lead_time", "role": "role"}
LONGEST_TIME = 6 * 3600.0  # seconds; a page left open over night says nothing about the work
# Kind of a control -> where its value stands. Of these only the first three can be a rating.
HELD = {"choices": "choices", "rating": "rating", "number": "number", "textarea": "text"}
FLAT = {"annotator", "annotation_id", "lead_time"}


def recognised(values: Mapping[str, Any]) -> bool:
    """Whether the record looks like a task, or like a record of JSON_MIN."""
    whole = isinstance(values.get("data"), dict) and annotations_of(values) is not None
    return whole or values.keys() >= FLAT


def unrolled(opened: RecordFile) -> Iterator[Record | Quarantined]:
    """A record for each annotation, and one more, of the role `final`, where it is marked as the ground truth.

    Annotations that were skipped are set apart; drafts, predictions and tasks without annotations are counted in the
    file's warnings once all is read.
    """
    counts = {"drafts": 0, "predictions": 0, "unrated": 0}
    for record in opened.records:
        if isinstance(record, Quarantined):
            yield record
        elif record.values.keys() >= FLAT:
            yield flat(record)
        elif recognised(record.values):
            for kind in ("drafts", "predictions"):
                held = record.values.get(kind)
                counts[kind] += len(held) if isinstance(held, list) else 0
            given = annotations_of(record.values) or []
            counts["unrated"] += not given
            for one in given:
                yield from _annotation(record, one)
        else:
            yield _apart(record, gettext_noop("the record is no annotated task of Label Studio"))
    if any(counts.values()):
        sentence = gettext_noop(
            "Left out, as no ratings: %(drafts)s drafts, %(predictions)s predictions, %(unrated)s tasks without "
            "annotations"
        )
        opened.warnings.append(Notice(sentence, counts))


def annotations_of(values: Mapping[str, Any]) -> list[Any] | None:
    """The list of annotations; older versions name it `completions`."""
    given = values.get("annotations", values.get("completions"))
    return given if isinstance(given, list) else None


def _annotation(record: Record, one: Any) -> Iterator[Record | Quarantined]:
    if not isinstance(one, dict):
        yield _apart(record, gettext_noop("an annotation is no object"))
        return
    number = one.get("id")
    part = str(number)[:40] if isinstance(number, int | str) else ""
    if one.get("was_cancelled") or one.get("skipped"):
        yield _apart(record, gettext_noop("the annotator skipped this task, so there is no rating"), part)
        return
    choices, answers = chosen(one.get("result"))
    who = one.get("completed_by")
    values = {"id": record.values.get("id")} | plain(record.values["data"]) | choices
    values |= {"annotator": _name(who), "lead_time": _seconds(one.get("lead_time")), "role": "rater"}
    if isinstance(who, dict) and isinstance(who.get("email"), str):
        values["annotator_email"] = who["email"]
    roles = ("rater", "final") if one.get("ground_truth") is True else ("rater",)
    for role in roles:
        yield Record(
            record.row, record.line, values | {"role": role}, record.file, part=part, answers=tuple(answers)
        )


def chosen(result: Any) -> tuple[dict[str, Any], list[str]]:
    """Name of each control -> what stands in it, a list where it is not one value; and which may be ratings."""
    found: dict[str, list[Any]] = {}
    answers: list[str] = []
    for one in result if isinstance(result, list) else []:
        value = one.get("value") if isinstance(one, dict) else None
        kind, name = (one.get("type"), one.get("from_name")) if isinstance(one, dict) else (None, None)
        if not isinstance(value, dict) or not isinstance(name, str) or kind not in HELD:
            continue
        held = value.get(HELD[kind])
        found.setdefault(name, []).extend(held if isinstance(held, list) else [held])
        if kind != "textarea" and name not in answers:
            answers.append(name)
    texts = {name: "\n".join(map(str, held)) for name, held in found.items() if name not in answers}
    return texts | {
        name: held[0] if len(held) == 1 else held for name, held in found.items() if name in answers
    }, answers


def flat(record: Record) -> Record:
    """A record of JSON_MIN: a lone rating or number comes as `[{"rating": 4}]`, several choices as an object."""
    values: dict[str, Any] = {}
    answers: list[str] = []
    for name, value in record.values.items():
        parts = value if isinstance(value, list) else [value]
        kinds = {
            kind
            for part in parts
            if isinstance(part, dict)
            for kind in ("rating", "number", "choices")
            if kind in part
        }
        if len(kinds) == 1 and all(isinstance(part, dict) for part in parts):
            [kind] = kinds
            held = [one for part in parts for one in _listed(part.get(kind))]
            values[name] = held[0] if len(held) == 1 else held
            answers.append(name)
        elif not isinstance(value, list | dict):
            values[name] = value
    values |= {"annotator": _name(record.values["annotator"]), "role": "rater"}
    values["lead_time"] = _seconds(record.values["lead_time"])
    part = str(record.values["annotation_id"])[:40]
    return Record(record.row, record.line, values, record.file, part=part, answers=tuple(answers))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def plain(given: Mapping[str, Any]) -> dict[str, Any]:
    """Fields that hold one value."""
    return {name: value for name, value in given.items() if not isinstance(value, dict | list)}


def _name(who: Any) -> Any:
    """The number of a user, whether it comes alone or within an object."""
    given = who.get("id", who.get("email")) if isinstance(who, dict) else who
    return str(given) if isinstance(given, int) and not isinstance(given, bool) else given


def _seconds(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value) if 0 <= value <= LONGEST_TIME else None


def _apart(record: Record, template: str, part: str = "") -> Quarantined:
    return Quarantined(
        record.row, template, field=f"#{part}" if part else "", file=record.file, line=record.line
    )
