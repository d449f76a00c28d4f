"""Responses, human ratings, verdicts and rubrics from files: JSON lines, arrays, or CSV with the same headings.

Only the shape is judged here. Whether an item, a model or a response exists is the caller's question.
"""

import dataclasses
import json
import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Generic, TypeVar

from . import fields
from .faults import Fault, Notice, Quarantined, UnusableFile, gettext_noop
from .mapping import Columns, applied
from .objects import read_object
from .ratings_elsewhere import ROWS, open_ratings
from .records import Record, collect, key_of

CALL_FAILURES = (
    "refused",
    "provider_filtered",
    "truncated",
    "off_format",
    "out_of_range",
    "transport",
    "timeout",
)
RATING_FAILURES = ("cannot_decide", "no_majority", "unmatched")
MODES = ("ref", "noref")
ROLES = ("rater", "final")

Score = int | float | str


@dataclass(frozen=True, slots=True)
class Rubric:
    """A scale. Ordinal: ascending numbers, with cut points where violation and acceptable mean something."""

    name: str
    kind: str
    scale: tuple[Score, ...]
    violation_at_most: float | None = None
    acceptable_at_least: float | None = None


@dataclass(frozen=True, slots=True)
class ResponseRow:
    """What a model answered; `extra` holds every further key of the record."""

    row: int
    item: str
    model: str
    response: str
    sample: int = 0
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RatingRow:
    """One rater's score of one response on one axis; score None exactly where `cannot_decide`."""

    row: int
    item: str
    model: str
    rater: str
    score: Score | None
    cannot_decide: bool = False
    category: str | None = None
    seconds: float | None = None
    comment: str = ""
    role: str = "rater"
    response_sha256: str | None = None
    inclusion_probability: float | None = None
    axis: str = ""


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """One verdict of a judge; `status` is "ok" with a score, or a failure name of CALL_FAILURES with score None."""

    row: int
    item: str
    model: str
    judge: str
    score: Score | None
    status: str = "ok"
    mode: str = "ref"
    repeat: int = 1
    raw: str | None = None
    response_sha256: str | None = None


Row = TypeVar("Row")


@dataclass(slots=True)
class RowsRead(Generic[Row]):
    """Sound rows in file order, rows set apart, and what the reader decided by itself."""

    rows: list[Row] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    warnings: list[Notice] = field(default_factory=list)


def read_responses(path: str | Path) -> RowsRead[ResponseRow]:
    """Rows of `{"item", "model", "response", "sample"?, ...}`; one for each (item, model, sample, response)."""
    known = ("item", "model", "response", "sample")

    def build(record: Record) -> ResponseRow:
        given = record.values
        return ResponseRow(
            record.row,
            fields.identifier(given.get("item"), "item"),
            fields.name(given.get("model"), "model"),
            # An empty answer is an answer: models do return nothing.
            _answer(given.get("response")),
            0 if _blank(given.get("sample")) else fields.whole(given["sample"], "sample"),
            {key: fields.free_value(value, key) for key, value in given.items() if key not in known},
        )

    return _read(
        path, build, needed=known[:3], key=lambda row: (row.item, row.model, row.sample, row.response)
    )


def read_ratings(
    path: str | Path,
    *,
    rubric: Rubric | None = None,
    columns: Columns | None = None,
    export: str | None = None,
) -> RowsRead[RatingRow]:
    """Rows of the ratings import (design section 5). With a rubric, a score outside its scale is set apart.

    `columns` says what the file's own columns mean, where they bear other names; then the file may be another tool's
    export (`export` as in `open_ratings`). One row for each (item, model, response, rater, axis, role); a second one
    is set apart, whatever it says.
    """

    def build(record: Record) -> RatingRow:
        given = record.values
        undecided = fields.truth(given.get("cannot_decide"), "cannot_decide")
        return RatingRow(
            record.row,
            fields.identifier(given.get("item"), "item"),
            fields.name(given.get("model"), "model"),
            fields.name(_as_text(given.get("rater")), "rater", limit=fields.RATER_LIMIT),
            _rated(given.get("score"), undecided, rubric),
            undecided,
            fields.optional_text(given.get("category"), "category"),
            None if _blank(given.get("seconds")) else fields.number(given["seconds"], "seconds"),
            fields.optional_text(given.get("comment"), "comment") or "",
            "rater" if _blank(given.get("role")) else fields.one_of(given["role"], "role", ROLES),
            fields.sha256(given.get("response_sha256"), "response_sha256"),
            _probability(given.get("inclusion_probability")),
            fields.optional_text(given.get("axis"), "axis", limit=fields.AXIS_LIMIT) or "",
        )

    return _read(
        path,
        build,
        columns=columns,
        export=export,
        needed=("item", "model", "rater"),
        key=lambda row: (row.item, row.model, row.response_sha256, row.rater, row.axis, row.role),
    )


def read_verdicts(
    path: str | Path, *, rubric: Rubric | None = None, columns: Columns | None = None
) -> RowsRead[VerdictRow]:
    """Rows of `{"item", "model", "judge", "mode"?, "repeat"?, "score" or "status", "raw"?, "response_sha256"?}`.

    A missing mode is `ref`, a missing repeat 1. One row for each (item, model, response, judge, mode, repeat).
    """

    def build(record: Record) -> VerdictRow:
        given = record.values
        score, status = _judged(given.get("score"), given.get("status"), rubric)
        raw = given.get("raw")
        return VerdictRow(
            record.row,
            fields.identifier(given.get("item"), "item"),
            fields.name(given.get("model"), "model"),
            fields.name(given.get("judge"), "judge", limit=fields.JUDGE_LIMIT),
            score,
            status,
            "ref" if _blank(given.get("mode")) else fields.one_of(given["mode"], "mode", MODES),
            1 if _blank(given.get("repeat")) else fields.whole(given["repeat"], "repeat"),
            None
            if raw is None
            else fields.sound(raw if isinstance(raw, str) else json.dumps(raw), "raw", limit=200_000),
            fields.sha256(given.get("response_sha256"), "response_sha256"),
        )

    return _read(
        path,
        build,
        columns=columns,
        needed=("item", "model", "judge"),
        key=lambda row: (row.item, row.model, row.response_sha256, row.judge, row.mode, row.repeat),
    )


def read_rubric(path: str | Path) -> Rubric:
    """A rubric from a JSON file. Every fault makes the whole file unusable and is named in the sentence."""
    return usable_rubric(read_object(path))


def usable_rubric(given: dict[str, Any]) -> Rubric:
    """As `rubric_of`, with UnusableFile in place of Fault: for all who answer a person."""
    try:
        return rubric_of(given)
    except Fault as fault:
        raise UnusableFile(fault.template, **{"field": fault.field, **fault.values}) from None


def rubric_of(given: dict[str, Any]) -> Rubric:
    """A Rubric from `{"name", "kind", "scale", "violation_at_most"?, "acceptable_at_least"?}`, or Fault."""
    kind = fields.one_of(given.get("kind"), "kind", ("ordinal", "nominal"))
    scale = given.get("scale")
    if not isinstance(scale, list) or not 2 <= len(scale) <= 101:
        raise Fault(gettext_noop("%(field)s must be a list of 2 to 101 points"), field="scale")
    for point in scale:
        fields.sound(str(point), "scale", limit=fields.SCORE_LIMIT)
    if kind == "nominal":
        points = [fields.text(point, "scale") if isinstance(point, str) else point for point in scale]
        sound = all(isinstance(point, str) or _is_number(point) for point in points)
    else:
        sound = all(_is_number(point) for point in scale)
        sound = sound and all(low < high for low, high in pairwise(scale))
    if not sound or len({str(point) for point in scale}) < len(scale):
        raise Fault(
            gettext_noop("%(field)s must be ascending numbers (ordinal), or different names (nominal)"),
            field="scale",
        )
    cuts = {name: given.get(name) for name in ("violation_at_most", "acceptable_at_least")}
    for name, cut in cuts.items():
        if cut is not None and (kind == "nominal" or not _is_number(cut)):
            raise Fault(
                gettext_noop("%(field)s must be a number, and only an ordinal rubric has it"), field=name
            )
    low, high = cuts["violation_at_most"], cuts["acceptable_at_least"]
    if low is not None and high is not None and not low < high:
        raise Fault(gettext_noop("%(field)s must be below acceptable_at_least"), field="violation_at_most")
    name = fields.name(given.get("name"), "name", limit=fields.RUBRIC_LIMIT)
    return Rubric(name, kind, tuple(scale), low, high)


def _read(
    path: str | Path,
    build: Callable[[Record], Row],
    *,
    needed: tuple[str, ...],
    key: Callable[[Row], Hashable],
    columns: Columns | None = None,
    export: str | None = None,
) -> RowsRead[Row]:
    opened = open_ratings(path, export if columns is not None else ROWS)
    if columns is not None:
        opened = applied(columns, opened)
    if opened.headings:
        keys = {key_of(heading).replace("-", "_") for heading in opened.headings}
        missing = [name for name in needed if name not in keys]
        if missing:
            raise UnusableFile(
                gettext_noop("%(file)s lacks the columns %(missing)s"),
                file=opened.name,
                missing=", ".join(missing),
            )
    seen: dict[int, int] = {}

    def once(record: Record) -> Row:
        row = build(_with_plain_keys(record, table=bool(opened.headings)))
        # The hash alone keeps 10^5 responses from being held twice; 64 bits make an accidental clash negligible.
        identity = hash(key(row))
        if identity in seen:
            raise Fault(
                gettext_noop("the same entry stands already in row %(first)s; keep one of them"),
                first=seen[identity],
            )
        seen[identity] = record.row
        return row

    rows, apart = collect(opened.records, once)
    return RowsRead(rows, apart, opened.warnings)


def _with_plain_keys(record: Record, *, table: bool) -> Record:
    if not table:
        return record
    plain = {key_of(key).replace("-", "_"): value for key, value in record.values.items()}
    return dataclasses.replace(record, values=plain)


def _answer(value: object) -> str:
    if not isinstance(value, str):
        return fields.text(value, "response", limit=200_000)
    return fields.sound(value, "response", limit=200_000)


def _rated(value: object, undecided: bool, rubric: Rubric | None) -> Score | None:
    if isinstance(value, list):
        raise Fault(
            gettext_noop("%(field)s holds %(n)d values; a rating is one"),
            field="score",
            content=value,
            n=len(value),
        )
    if undecided:
        if not _blank(value):
            raise Fault(
                gettext_noop("%(field)s stands beside cannot_decide; keep one of them"), field="score"
            )
        return None
    if _blank(value):
        raise Fault(
            gettext_noop('%(field)s is missing; give a score, or "cannot_decide": true'), field="score"
        )
    return score(value, rubric)


def _judged(value: object, status: object, rubric: Rubric | None) -> tuple[Score | None, str]:
    word = "ok" if _blank(status) else fields.one_of(status, "status", ("ok", *CALL_FAILURES))
    if word != "ok":
        if not _blank(value):
            raise Fault(gettext_noop("%(field)s stands beside a failure; keep one of them"), field="score")
        return None, word
    if _blank(value):
        raise Fault(
            gettext_noop("%(field)s is missing; give a score, or a status: %(words)s"),
            field="score",
            words=", ".join(CALL_FAILURES),
        )
    return score(value, rubric), word


def score(value: object, rubric: Rubric | None) -> Score:
    """The point of the scale that the value is, by number or by exact text; without a rubric the value itself.

    Nothing is rounded: 4 and 4.0 and (from CSV) "4" are the point 4, and 4.5 is none.
    """
    plain = _numeric(value)
    if rubric is None:
        if isinstance(plain, bool) or not isinstance(plain, int | float | str) or not _finite(plain):
            raise Fault(gettext_noop("%(field)s must be a number or a name"), field="score", content=value)
        return fields.name(plain, "score") if isinstance(plain, str) else plain
    for point in rubric.scale:
        same = not isinstance(value, bool) and (plain == point or (isinstance(point, str) and value == point))
        if same:
            return point
    raise Fault(
        gettext_noop("%(field)s is not on the scale of %(rubric)s: %(scale)s"),
        field="score",
        content=value,
        rubric=rubric.name,
        scale=", ".join(str(point) for point in rubric.scale),
    )


def _numeric(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        number = float(value)
    except ValueError:
        return value
    return int(number) if number.is_integer() and abs(number) < 1e9 else number


def _probability(value: object) -> float | None:
    if _blank(value):
        return None
    return fields.number(value, "inclusion_probability", above=0.0, most=1.0)


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _finite(value: int | float | str) -> bool:
    return isinstance(value, str) or math.isfinite(value)
