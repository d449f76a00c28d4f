"""Argilla's exports as plain rows: one for each person who submitted, with the record's fields and the answers.

Read are the records of version 2 (`to_json`, nested; `to_list(flatten=True)` and the Hub's columns, flat) and of
version 1 (`FeedbackRecord`, and its columns for the Hub), as JSON or JSON lines.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from .faults import Notice, Quarantined, gettext_noop
from .records import Record, RecordFile

NAME = "argilla"
OWN = {"rater": "user_id"}
_NOT_FIELDS = ("status", "_server_id", "inserted_at", "updated_at", "user_id", "vectors", "external_id")

# (user, status or None) -> question -> value
Answers = dict[tuple[Any, str | None], dict[str, Any]]


def recognised(values: Mapping[str, Any]) -> bool:
    """Whether the record has questions with people's responses, in one of the shapes."""
    nested = isinstance(values.get("fields"), dict) and isinstance(values.get("responses"), dict | list)
    flat = any(key.endswith(".responses") and f"{key}.users" in values for key in values)
    return nested or flat or any(_lone(value) for value in values.values())


def unrolled(opened: RecordFile) -> Iterator[Record | Quarantined]:
    """A record for each person's submitted responses. Discarded ones are set apart, drafts and suggestions left out.

    Records that nobody answered look like any others in the flat shapes and are passed over.
    """
    drafts = unstated = 0
    for record in opened.records:
        if isinstance(record, Quarantined):
            yield record
            continue
        fields, given = parts(record.values)
        for (user, status), answers in given.items():
            part = str(user)[:40] if user is not None else ""
            if status in ("draft", "pending"):
                drafts += 1
            elif status in ("submitted", None):
                unstated += status is None
                values = fields | answers | {"user_id": str(user) if isinstance(user, int) else user}
                yield Record(record.row, record.line, values, record.file, part=part, answers=tuple(answers))
            else:
                template = gettext_noop("the response is %(status)s and not submitted, so there is no rating")
                yield Quarantined(
                    record.row,
                    template,
                    field=f"#{part}",
                    file=record.file,
                    line=record.line,
                    values={"status": status[:40]},
                )
    if drafts:
        opened.warnings.append(
            Notice(gettext_noop("Left out, as no ratings: %(drafts)s drafts"), {"drafts": drafts})
        )
    if unstated:
        sentence = gettext_noop(
            "%(unstated)s responses come without a status, and were taken as submitted: drafts cannot be told from them"
        )
        opened.warnings.append(Notice(sentence, {"unstated": unstated}))


def parts(values: Mapping[str, Any]) -> tuple[dict[str, Any], Answers]:
    """The fields that a record shows, and who answered what."""
    fields = values.get("fields")
    if isinstance(fields, dict):
        held = {"id": values.get("external_id") or values.get("id")}
        held |= _plain(_object(values.get("metadata"))) | _plain(fields)
        return held, _nested(values.get("responses"))
    questions = [
        key.removesuffix(".responses")
        for key in values
        if key.endswith(".responses") and f"{key}.users" in values
    ]
    given: Answers = {}
    for question in questions:
        _flat(values, question, given)
    for question, value in values.items():
        if _lone(value):
            questions.append(question)
            for one in value:
                _add(given, one.get("user_id"), one.get("status"), question, one.get("value"))
    shown = {
        key: value
        for key, value in _plain(values).items()
        if key not in _NOT_FIELDS and key not in questions and not _beside(key, questions)
    }
    held = _plain(_object(values.get("metadata"))) | shown
    held.pop("metadata", None)
    return held | ({"id": values["external_id"]} if values.get("external_id") else {}), given


def _beside(key: str, questions: list[str]) -> bool:
    """Whether the column is about a question: its responses' users, its suggestion and that one's score."""
    return any(key.startswith((f"{question}.", f"{question}-suggestion")) for question in questions)


def _nested(responses: Any) -> Answers:
    """Version 2: {question: [{value, user_id, status}]}; version 1: [{user_id, status, values: {question: {value}}}]."""
    given: Answers = {}
    if isinstance(responses, dict):
        for question, listed in responses.items():
            for one in listed if isinstance(listed, list) else []:
                if isinstance(one, dict):
                    _add(given, one.get("user_id"), one.get("status"), question, one.get("value"))
    for one in responses if isinstance(responses, list) else []:
        if not isinstance(one, dict):
            continue
        values = one.get("values")
        _add(given, one.get("user_id"), one.get("status"))
        for question, value in values.items() if isinstance(values, dict) else ():
            held = value.get("value") if isinstance(value, dict) else value
            _add(given, one.get("user_id"), one.get("status"), question, held)
    return given


def _flat(values: Mapping[str, Any], question: str, given: Answers) -> None:
    """Three lists side by side: values, users, states."""
    stem = f"{question}.responses"
    answers, users, states = (_list(values.get(key)) for key in (stem, f"{stem}.users", f"{stem}.status"))
    for at, value in enumerate(answers):
        user = users[at] if at < len(users) else None
        _add(given, user, states[at] if at < len(states) else None, question, value)


def _add(given: Answers, user: Any, status: Any, question: str = "", value: Any = None) -> None:
    who = user if isinstance(user, str | int) else None
    held = given.setdefault((who, status if isinstance(status, str) else None), {})
    if question and value is not None:
        held[question] = value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _lone(value: Any) -> bool:
    """A question's column as version 1 writes it for the Hub."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(one, dict) and {"user_id", "value"} <= one.keys() for one in value)
    )


def _object(value: Any) -> dict[str, Any]:
    """Metadata, which version 1 writes as a text of JSON."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}


def _plain(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if not isinstance(value, dict | list)}
