"""A study's result as a page or a report reads it: each number with its place in `study --json` and the rows behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from curation import drawing
from curation.figures import Figure, Mark
from curation.formats.writing import formula_safe
from curation.retold import retold

Leaf = dict[str, Any]
EMPTY = mark_safe("–")


@dataclass(frozen=True)
class Cell:
    """What a table shows, and the same as plain values for a file."""

    html: SafeString | str
    plain: tuple[Any, ...] = ("",)


@dataclass(frozen=True)
class Column:
    """A heading; an estimate's column is value, low, high and n in a file."""

    title: str
    estimate: bool = False
    number: bool = False


@dataclass(frozen=True)
class Table:
    """The numbers of a figure, or of a panel without one."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def lines(self) -> Iterator[list[Any]]:
        """The table as lines of a CSV file, safe for a spreadsheet."""
        head: list[Any] = []
        for column in self.columns:
            title = column.title
            head += [title, f"{title} low", f"{title} high", f"{title} n"] if column.estimate else [title]
        yield [_harmless(value) for value in head]
        for row in self.rows:
            found: list[Any] = []
            for column, cell in zip(self.columns, row, strict=True):
                found += [*cell.plain, "", "", "", ""][:4] if column.estimate else cell.plain[:1]
            yield [_harmless(value) for value in found]


def _harmless(value: Any) -> Any:
    return formula_safe(value) if isinstance(value, str) else value


@dataclass(frozen=True, kw_only=True)
class Block:
    """A part of a panel: a figure, the table that holds its numbers, and what has to be said about them."""

    name: str
    title: str
    table: Table
    figure: Figure | None = None
    notes: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Shown:
    """A block as a page or a report draws it: its picture ("" where there is nothing to draw) and its legend."""

    block: Block

    @cached_property
    def svg(self) -> SafeString | str:
        figure = self.block.figure
        return drawing.svg(figure) if figure and figure.drawn else ""

    @cached_property
    def legend(self) -> list[tuple[SafeString, str]]:
        return drawing.legend(self.block.figure) if self.block.figure else []


@dataclass(frozen=True, kw_only=True)
class Reading:
    """`rows` gives the address of the responses behind a number ("" in a report); `named` the words of a category.

    `cut` is the rubric's highest score that is a violation.
    """

    result: dict[str, Any]
    rows: Callable[..., str]
    named: Callable[[str], str]
    cut: float | None = None

    def missed(self, *, judge: float | str, human: float | str) -> bool:
        """Whether people's score is a violation and the judge's is not."""
        if self.cut is None or isinstance(judge, str) or isinstance(human, str):
            return False
        return human <= self.cut < judge

    @property
    def weights_note(self) -> str:
        """What the engine says about inclusion probabilities; "" where all are recorded."""
        leaf = next(iter(self.result["judge_human"].values()))
        sentences = (leaf.get("note") or "").split(". ")
        return next((f"{one.rstrip('.')}." for one in sentences if "inclusion prob" in one), "")

    def at(self, *path: str | int) -> Any:
        """The part of the result at a path; None where the engine does not give it."""
        found: Any = self.result
        for step in path:
            if isinstance(found, list):
                found = found[int(step)] if int(step) < len(found) else None
            elif isinstance(found, dict):
                found = found.get(step)
            else:
                return None
        return found

    def cell(self, *path: str | int, digits: int = 2, percent: bool = False, url: str = "") -> Cell:
        """An estimate, as components/estimate.html shows it; a dash where the result has none."""
        leaf = self.at(*path)
        if not isinstance(leaf, dict):
            return Cell(EMPTY, ("", "", "", ""))
        html = estimate(leaf, pointer(path), digits=digits, percent=percent, url=url)
        return Cell(html, (leaf["value"], leaf["low"], leaf["high"], leaf["n"]))

    def plain(self, *path: str | int, digits: int = 0, percent: bool = False, url: str = "") -> Cell:
        """A number that is no estimate: a count, a share, a probability."""
        value = self.at(*path)
        if value is None:
            return Cell(EMPTY)
        words = number(value, digits=digits, percent=percent)
        html = format_html(
            '<data value="{}" data-at="{}" data-digits="{}"{}>{}</data>',
            value,
            pointer(path),
            digits,
            _percent(percent),
            words,
        )
        if url:
            html = format_html('<a href="{}">{}</a>', url, html)
        return Cell(html, (value,))

    def mark(
        self, *path: str | int, label: str, series: str, digits: int = 2, percent: bool = False, **given: Any
    ) -> tuple[Mark, ...]:
        """The estimate as a mark of a figure: one, or none where it has no value."""
        leaf = self.at(*path)
        if not isinstance(leaf, dict) or leaf.get("value") is None:
            return ()
        tip = f"{label}\n{spoken(leaf, digits=digits, percent=percent)}"
        return (
            Mark(value=leaf["value"], low=leaf["low"], high=leaf["high"], series=series, tip=tip, **given),
        )


def text(words: str, url: str = "") -> Cell:
    """A name, linked where rows are behind it."""
    return Cell(format_html('<a href="{}">{}</a>', url, words) if url else words, (words,))


def named(words: str, url: str = "") -> Cell:
    """A category by its last step, with the steps above it in small."""
    *above, last = words.split(" › ")
    shown = text(last, url).html
    steps = " › ".join(above)
    return Cell(format_html("{} <small>{}</small>", shown, steps) if steps else shown, (words,))


def pointer(path: tuple[str | int, ...]) -> str:
    """The place in `study --json`, as a JSON pointer (RFC 6901) without the first slash."""
    return "/".join(str(step).replace("~", "~0").replace("/", "~1") for step in path)


def _percent(percent: bool) -> SafeString:
    return mark_safe(" data-percent") if percent else mark_safe("")


def number(value: float, *, digits: int = 2, percent: bool = False) -> str:
    """A number as every place of the study shows it: `percent` makes 0.123 into 12.3 %, as the language writes it."""
    words = f"{100 * value if percent else value:.{digits}f}"
    if words.lstrip("-").strip("0.") == "":
        words = words.lstrip("-")
    return f"{words}{percent_sign()}" if percent else words


def percent_sign() -> str:
    """What follows a share: a space and the sign, in Japanese the sign alone."""
    return "%" if (get_language() or "ja").startswith("ja") else " %"


def interval(leaf: Leaf, *, digits: int = 2, percent: bool = False) -> str:
    if leaf.get("low") is None:
        return ""
    low, high = (
        number(leaf[end], digits=digits, percent=percent).removesuffix(percent_sign())
        for end in ("low", "high")
    )
    return f"[{low}, {high}]"


def spoken(leaf: Leaf, *, digits: int = 2, percent: bool = False) -> str:
    """Value, interval and n in one line of text."""
    shown = (
        number(leaf["value"], digits=digits, percent=percent),
        interval(leaf, digits=digits, percent=percent),
    )
    return " ".join([*filter(None, shown), f"n={leaf['n']}"])


def estimate(leaf: Leaf, at: str, *, digits: int = 2, percent: bool = False, url: str = "") -> SafeString:
    """The markup of components/estimate.html, made here: a study has up to a thousand of them. `at`: its place in the
    result, blank for what is not in it."""
    if leaf["value"] is None:
        why = f"{_(': ')}{retold(leaf['note'])}" if leaf.get("note") else ""
        return format_html(
            '<span class="estimate estimate--none" data-at="{}">{}{}</span>', at, _("not estimable"), why
        )
    between = interval(leaf, digits=digits, percent=percent)
    inner = format_html(
        '<span class="estimate__value">{}</span> <span class="estimate__rest">{}n={}</span>',
        number(leaf["value"], digits=digits, percent=percent),
        f"{between} " if between else "",
        leaf["n"],
    )
    place = format_html(' data-at="{}" data-digits="{}"{}', at, digits, _percent(percent)) if at else ""
    shown = format_html('class="estimate"{}', place)
    if url:
        return format_html('<a href="{}" {}>{}</a>', url, shown, inner)
    return format_html("<span {}>{}</span>", shown, inner)


def of_people() -> dict[str, str]:
    """The names of what people say of each other, by their keys in `human_human`."""
    return {
        "krippendorff_alpha_ordinal": _("Krippendorff α (ordinal)"),
        "krippendorff_alpha_nominal": _("Krippendorff α (nominal)"),
        "pearson_pairs": _("Rater pairs, Pearson r"),
        "spearman_pairs": _("Rater pairs, Spearman ρ"),
        "icc_1": _("ICC(1,1) of one rater"),
        "ceiling": _("Ceiling for any judge"),
        "exact": _("Exact agreement"),
        "fleiss_kappa": _("Fleiss κ"),
    }
