"""A study from a person's own files of ratings and verdicts: looked at first, then all sound rows in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from django.db import transaction
from django.utils.translation import gettext as _

from annotation.actions.ratings_import import RatingsImported, hold_responses, import_ratings
from annotation.actions.rubrics import keep_rubric, rubric_as_given, scale_of
from annotation.models import RatingTask
from curation.actions.datasets import take_turns
from curation.errors import Invalid
from curation.formats import Quarantined, RatingRow, VerdictRow, read_ratings, read_verdicts
from curation.formats import ratings as scales
from curation.formats.fields import RUBRIC_LIMIT
from curation.formats.mapping import WHO, Columns, Look, checked, look
from curation.formats.ratings import RowsRead, Score
from curation.log import Actor
from curation.models import Dataset
from curation.rules import require
from judging.actions.verdicts import VerdictsImported, import_verdicts

Row = TypeVar("Row", RatingRow, VerdictRow)

FOUND = "found"  # in place of a rubric's name: the scale that the files use
USUAL = "safety5"
MOST_POINTS = 101
FIRST = 6  # rows that a look shows of each file


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file, and what its columns mean."""

    path: Path
    columns: Columns
    seen: Look


@dataclass(kw_only=True)
class Side(Generic[Row]):
    """What became of one file's rows."""

    source: Source
    rows: Sequence[Row]
    quarantined: list[Quarantined]
    new: int = 0
    known: int = 0
    corrected: int = 0
    who: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class Sides:
    """Both files, as far as they are given."""

    ratings: Side[RatingRow] | None
    verdicts: Side[VerdictRow] | None

    def by_name(self) -> dict[str, Side[Any]]:
        both: dict[str, Side[Any] | None] = {"ratings": self.ratings, "verdicts": self.verdicts}
        return {kind: side for kind, side in both.items() if side is not None}


@dataclass(kw_only=True)
class Brought:
    """What was taken, or with `dry_run` what would be. `scale` counts the scores of both files."""

    dry_run: bool
    task: RatingTask
    created: bool
    rubric: str
    scale: list[tuple[Score, int, int]]
    sides: Sides
    overlap: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        """Plain values: the answer of the command, and what a page shows."""
        return {
            "task": self.task.name,
            "task_id": None if self.dry_run and self.created else self.task.pk,
            "created": self.created,
            "dry_run": self.dry_run,
            "rubric": self.rubric,
            "scale": [{"score": point, "ratings": r, "verdicts": v} for point, r, v in self.scale],
            "responses": self.overlap,
            **{kind: _told(side) for kind, side in self.sides.by_name().items()},
        }


def source(path: str | Path, columns: Columns) -> Source:
    """A file with its columns checked. Raises UnusableFile, naming the column that is missing or unknown."""
    seen = look(path)
    return Source(path=Path(path), columns=checked(columns, seen), seen=seen)


def import_study(
    actor: Actor,
    dataset: Dataset,
    *,
    task: str,
    ratings: Source | None = None,
    verdicts: Source | None = None,
    rubric: str = "",
    dry_run: bool = False,
) -> Brought:
    """Bring ratings and verdicts in under a task's name; twice does no harm. With `dry_run` nothing stays.

    `rubric`: a shipped one's name, a JSON file, or FOUND for the scale that the files use; '' is the task's own, or
    for a new task `safety5` where all scores are on it. Judged responses join the population whether they are rated or
    not. Raises Invalid or UnusableFile where nothing can be done with the files.
    """
    require(actor, "import_ratings", dataset)
    require(actor, "import_verdicts", dataset)
    known = _known(dataset, task)
    if known is not None:
        require(actor, "study", known)
    elif ratings is None:
        raise Invalid(
            _("There is no task named %(task)s: a new study needs ratings.") % {"task": task}, field="task"
        )
    given, scale = _rubric(task, known, rubric, ratings, verdicts)
    sides = _read(scale, ratings, verdicts)
    with transaction.atomic():
        # What another import adds at this moment is there before anything is compared with it.
        take_turns(dataset)
        known = _known(dataset, task)
        if known is not None:
            require(actor, "study", known)
        brought = _write(actor, dataset, task, known, given, sides, dry_run)
        if dry_run:
            transaction.set_rollback(True)
    return brought


def _known(dataset: Dataset, task: str) -> RatingTask | None:
    return RatingTask.objects.filter(dataset=dataset, name=task).select_related("rubric", "dataset").first()


def propose(scores: Sequence[Score]) -> str:
    """The rubric to begin with for these scores: the usual one where they fit, else the scale they show."""
    usual = rubric_as_given(USUAL)["scale"]
    return USUAL if all(score in usual for score in scores) else FOUND


def found_rubric(name: str, scores: Sequence[Score]) -> dict[str, Any]:
    """A rubric of exactly the scores in the files: whole numbers with those between, other numbers, or words."""
    numbers = sorted(score for score in set(scores) if not isinstance(score, str))
    words = sorted(str(score) for score in set(scores) if isinstance(score, str))
    if words:
        scale: list[Any] = [*(str(number) for number in numbers), *words]
    elif numbers and all(isinstance(n, int) for n in numbers) and numbers[-1] - numbers[0] < MOST_POINTS:
        scale = list(range(int(numbers[0]), int(numbers[-1]) + 1))
    else:
        scale = list(numbers)
    if not 2 <= len(scale) <= MOST_POINTS:
        message = _("The files hold %(n)d different scores, which make no scale. Name a rubric.")
        raise Invalid(message % {"n": len(scale)}, field="rubric")
    return {"name": name[:RUBRIC_LIMIT], "kind": "nominal" if words else "ordinal", "scale": scale}


def scores_in(ratings: Source | None, verdicts: Source | None) -> list[Score]:
    """Every score of the files as it stands there, on no scale yet."""
    found: list[Score] = []
    if ratings:
        found += [
            r.score for r in read_ratings(ratings.path, columns=ratings.columns).rows if r.score is not None
        ]
    if verdicts:
        found += [
            v.score
            for v in read_verdicts(verdicts.path, columns=verdicts.columns).rows
            if v.score is not None
        ]
    return found


def _rubric(
    task: str, known: RatingTask | None, rubric: str, ratings: Source | None, verdicts: Source | None
) -> tuple[dict[str, Any] | None, scales.Rubric]:
    """The rubric to keep (None: the task's own), and its scale."""
    if known is not None and rubric in ("", FOUND):
        return None, scale_of(known.rubric)
    given: dict[str, Any]
    if rubric in ("", FOUND):
        scores = scores_in(ratings, verdicts)
        if rubric == "" and propose(scores) != USUAL:
            shown = ", ".join(str(point) for point in found_rubric(task, scores)["scale"])
            message = _(
                "The scores in the files are not on the usual scale of 1 to 5: %(scale)s. Name a rubric, or "
                "“found” to take this scale."
            )
            raise Invalid(message % {"scale": shown}, field="rubric")
        given = rubric_as_given(USUAL) if rubric == "" else found_rubric(task, scores)
    else:
        given = rubric_as_given(rubric)
    return given, scales.usable_rubric(given)


def _read(scale: scales.Rubric, ratings: Source | None, verdicts: Source | None) -> Sides:
    def side(reader: Callable[..., RowsRead[Row]], each: Source | None) -> Side[Row] | None:
        if each is None:
            return None
        read = reader(each.path, rubric=scale, columns=each.columns)
        return Side(source=each, rows=read.rows, quarantined=list(read.quarantined))

    return Sides(ratings=side(read_ratings, ratings), verdicts=side(read_verdicts, verdicts))


def _write(
    actor: Actor,
    dataset: Dataset,
    name: str,
    known: RatingTask | None,
    given: dict[str, Any] | None,
    sides: Sides,
    dry_run: bool,
) -> Brought:
    rubric = keep_rubric(actor, dataset, given) if given is not None else known.rubric if known else None
    task, created = known, False
    if rated := sides.ratings:
        done = import_ratings(actor, dataset, task=name, rows=rated.rows, rubric=rubric)
        task, created = done.task, done.created
        _settle(rated, done, sorted({row.rater for row in rated.rows}))
        if created and not done.new and not dry_run:  # useless files must not take the name
            raise Invalid(_("No row of the ratings can be used, so nothing was imported."), field="ratings")
    assert task is not None
    if judged := sides.verdicts:
        if task.external:
            hold_responses(actor, task, [(v.row, v.item, v.model, v.response_sha256) for v in judged.rows])
        said = import_verdicts(actor, task, judged.rows)
        _settle(judged, said, said.judges)
    return Brought(
        dry_run=dry_run,
        task=task,
        created=created,
        rubric=str(task.rubric),
        scale=_scale(sides),
        sides=sides,
        overlap=_overlap(sides),
    )


def _settle(side: Side[Row], done: RatingsImported | VerdictsImported, who: list[str]) -> None:
    side.new, side.known, side.who = done.new, done.known, who
    side.corrected = getattr(done, "corrected", 0)
    named = side.source.columns.columns
    for apart in done.quarantined:
        values = {**apart.values, "field": named.get(apart.field, apart.field)}
        side.quarantined.append(
            Quarantined(apart.row, apart.template, values["field"], apart.excerpt, values=values)
        )
    side.quarantined.sort(key=lambda apart: apart.row or 0)


def _scale(sides: Sides) -> list[tuple[Score, int, int]]:
    counts: dict[str, Counter[Score]] = {
        kind: Counter(row.score for row in side.rows if row.score is not None)
        for kind, side in sides.by_name().items()
    }
    rated, judged = (counts.get(kind, Counter()) for kind in ("ratings", "verdicts"))
    points = sorted(rated.keys() | judged.keys(), key=lambda score: (isinstance(score, str), score))
    return [(point, rated[point], judged[point]) for point in points]


def _overlap(sides: Sides) -> dict[str, int]:
    """How many responses the files speak about: rated, judged, both."""
    seen = {
        kind: {(r.item, r.model, r.response_sha256) for r in side.rows}
        for kind, side in sides.by_name().items()
    }
    rated, judged = seen.get("ratings", set()), seen.get("verdicts", set())
    return {"rated": len(rated), "judged": len(judged), "both": len(rated & judged)}


def _told(side: Side[Any]) -> dict[str, Any]:
    who = WHO[side.source.columns.kind]
    return {
        "rows": len(side.rows),
        "imported": side.new,
        "corrected": side.corrected,
        "unchanged": side.known,
        f"{who}s": side.who,
        **side.source.columns.as_dict(),
        "unused": side.source.columns.unused(side.source.seen.headings),
        "warnings": [str(notice) for notice in side.source.seen.warnings],
        "first": [_first(who, row) for row in side.rows[:FIRST]],
        "quarantined": [
            {
                "row": apart.row,
                "field": apart.field,
                "reason": apart.reason,
                "template": apart.template,
                "values": {name: str(value) for name, value in apart.values.items()},
                "found": apart.excerpt,
            }
            for apart in side.quarantined
        ],
    }


def _first(who: str, row: RatingRow | VerdictRow) -> dict[str, Any]:
    told = {"row": row.row, "item": row.item, "model": row.model, who: getattr(row, who), "score": row.score}
    if isinstance(row, VerdictRow):
        return told | {"mode": row.mode, "repeat": row.repeat, "status": row.status}
    return told | {"cannot_decide": row.cannot_decide}
