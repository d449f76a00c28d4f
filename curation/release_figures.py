"""The figures on the page of a release: how many items of each harm type, and how long their texts are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from math import ceil, log10

from django.db.models import Count, Max
from django.db.models.functions import Length
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from curation.figures import Figure, Mark, Row, Series
from curation.models import Redaction, Release, ReleaseItem
from curation.queries import named_steps

EDGES = (0, 10, 20, 40, 80, 160, 320, 640, 1280)  # of the classes of lengths, in characters
SPLITS = ("dev", "test")
PARTS = ("question", "answer")
KEPT = 256  # releases whose lengths a process remembers


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A figure and the numbers behind it."""

    figure: Figure
    columns: Sequence[str]
    rows: Sequence[Sequence[str | int]]


def figures_of(release: Release) -> dict[str, Shown]:
    """By name, in the order of the page; one without anything to draw is left out."""
    redacted = Redaction.objects.aggregate(last=Max("confirmed_at"))["last"]
    counted = _counted(release.pk, release.root_hash, redacted)
    found = [_by_type(release), *(_lengths(part, dict(counted[part])) for part in PARTS)]
    return {shown.figure.name: shown for shown in found if shown.figure.drawn}


def _by_type(release: Release) -> Shown:
    """Items of each harm type, dev first; by risk area where the labels have one level."""
    counted: dict[str, Counter[str]] = {}
    for path, cell in release.counts.get("leaves", {}).items():
        steps = path.split("\t")
        above = "\t".join(steps[:2])
        counted.setdefault(above, Counter()).update({split: cell.get(split, 0) for split in SPLITS})
    names = {
        path: steps[-1]
        for path, steps in zip(counted, named_steps(release.dataset, counted), strict=True)
        if steps
    }
    ordered = sorted(counted, key=lambda path: (-counted[path].total(), path))
    rows = tuple(_stacked(names[path], counted[path]) for path in ordered)
    most = max((counted[path].total() for path in ordered), default=0)
    title = _("Items by harm type and split")
    if ordered:
        words = {"n": len(ordered), "name": names[ordered[0]], "most": most}
        title = ngettext(
            "%(n)d harm type; most items: %(name)s, %(most)d",
            "%(n)d harm types; most items: %(name)s, %(most)d",
            len(ordered),
        )
        title %= words
    figure = Figure(
        name="types",
        kind="bars",
        title=title,
        axis=_("items"),
        caption=_("n = %(n)d items.") % {"n": sum(c.total() for c in counted.values())},
        rows=rows,
        series={"dev": Series("dev", "series-1", "square"), "test": Series("test", "series-2", "square")},
        ticks=_scale(most),
        domain=(0.0, _scale(most)[-1]),
    )
    table: list[list[str | int]] = [
        [names[path], *(counted[path][s] for s in SPLITS), counted[path].total()] for path in ordered
    ]
    return Shown(figure=figure, columns=[_("Harm type"), *SPLITS, _("All")], rows=table)


def _stacked(label: str, cell: Mapping[str, int]) -> Row:
    dev, test = cell["dev"], cell["test"]
    marks = [
        Mark(value=dev, series="dev", tip=f"{label}, dev: {dev}"),
        Mark(value=dev + test, start=dev, series="test", tip=f"{label}, test: {test}"),
    ]
    return Row(label=label, marks=tuple(mark for mark in marks if mark.value > mark.start))


@lru_cache(maxsize=KEPT)
def _counted(pk: int, root_hash: str, redacted: datetime | None) -> dict[str, tuple[tuple[int, int], ...]]:
    """(Length, how many texts have it) of both parts. A frozen text changes by a redaction alone, whose last names the state."""
    return {part: tuple(_sizes(pk, f"{part}_text")) for part in PARTS}


def _sizes(pk: int, text: str) -> Iterable[tuple[int, int]]:
    known = ReleaseItem.objects.filter(
        release=pk, **{f"{text}__isnull": False, f"{text}__redacted_at": None}
    ).order_by()
    sized = known.annotate(size=Length(f"{text}__body")).values("size").annotate(n=Count("pk"))
    return sized.values_list("size", "n")


def _lengths(part: str, lengths: dict[int, int]) -> Shown:
    """How long questions or answers are, in classes of characters that double."""
    n = sum(lengths.values())
    classes = [sum(c for size, c in lengths.items() if low <= size < high) for low, high in _classes()]
    labels = [_class(low, high) for low, high in _classes()]
    filled = [at for at, count in enumerate(classes) if count] or [0, -1]
    shown = list(zip(labels, classes, strict=True))[filled[0] : filled[-1] + 1]
    rows = tuple(
        Row(label=label, marks=(Mark(value=count, tip=f"{label}: {count}"),) if count else ())
        for label, count in shown
    )
    words = {"median": median_of(lengths), "longest": max(lengths, default=0)}
    title = {
        "question": _("Questions have %(median)s characters in the median, at most %(longest)s"),
        "answer": _("Answers have %(median)s characters in the median, at most %(longest)s"),
    }[part]
    figure = Figure(
        name=f"{part}-lengths",
        kind="bars",
        title=title % words,
        axis=_("items"),
        caption=_("n = %(n)d texts, by characters.") % {"n": n},
        rows=rows,
        ticks=_scale(max(classes)),
        domain=(0.0, _scale(max(classes))[-1]),
    )
    return Shown(
        figure=figure,
        columns=[_("Characters"), _("Items")],
        rows=shown,
    )


def _classes() -> Iterable[tuple[int, float]]:
    return zip(EDGES, (*EDGES[1:], float("inf")), strict=True)


def _class(low: int, high: float) -> str:
    return f"{low}–{high - 1:g}" if high != float("inf") else _("%(n)d and more") % {"n": low}


def median_of(lengths: Mapping[int, int]) -> int:
    """The lower median of values that occur so many times; 0 of none."""
    total, seen = sum(lengths.values()), 0
    for size in sorted(lengths):
        seen += lengths[size]
        if 2 * seen >= total:
            return size
    return 0


def _scale(most: int) -> tuple[float, ...]:
    """Whole numbers from nothing to past the largest count, six at most."""
    step = 1
    if most > 5:
        rough = most / 5
        power = 10 ** int(log10(rough))
        step = next(power * times for times in (1, 2, 5, 10) if power * times >= rough)
    top = max(1, ceil(most / step)) * step
    return tuple(float(n) for n in range(0, top + 1, step))
