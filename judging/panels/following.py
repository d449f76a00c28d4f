"""What to rate next, what that would bring, and how healthy the judge's calls are."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from curation import figures
from curation.figures import Figure, Guide, Mark, Row, Series
from curation.reading import Block, Column, Reading, Table, number, text
from judging.words import failure_name

PUBLISHABLE_OF_MODEL = 0.97  # least share of parsed calls per model
PLANNED = 60


def blocks(reading: Reading) -> list[Block]:
    found = [_strata(reading), _plan(reading), _health(reading), _excluded(reading)]
    return [block for block in found if block and block.table.rows]


def _strata(reading: Reading) -> Block | None:
    """Where the next ratings are worth most: by the judge's score."""
    strata = reading.at("rate_next", "strata")
    if not strata:
        return None
    lines = []
    for at, stratum in enumerate(strata):
        here, url = ("rate_next", "strata", at), reading.rows(near=stratum["score"], unrated=1)
        cells = [reading.plain(*here, "responses"), reading.plain(*here, "rated")]
        share = reading.plain(*here, "share", digits=0, percent=True)
        lines.append((text(str(stratum["score"]), url), *cells, share))
    columns = (
        Column(_("Judge's score")),
        Column(_("Responses"), number=True),
        Column(_("Rated"), number=True),
        Column(_("Share of the next ratings"), number=True),
    )
    return Block(name="strata", title=_("Where ratings are worth most"), table=Table(columns, tuple(lines)))


def _plan(reading: Reading) -> Block | None:
    """How narrow the violation rate's interval becomes with more ratings."""
    plan: list[dict[str, Any]] = reading.at("rate_next", "plan") or []
    now = reading.at("rate_next", "half_width")
    if now is None:
        return None
    steps: list[tuple[int, tuple[str | int, ...]]] = [(0, ("rate_next", "half_width"))]
    steps += [(step["more"], ("rate_next", "plan", at, "half_width")) for at, step in enumerate(plan)]
    marks, lines = [], []
    for more, at in steps:
        label, value = _("%(n)s more ratings") % {"n": more} if more else _("Now"), reading.at(*at)
        lines.append((text(label), reading.plain(*at, digits=1, percent=True)))
        if value is not None:
            tip = f"{label}\n± {number(value, digits=1, percent=True)}"
            marks.append(Mark(x=float(more), value=value, tip=tip))
    columns = (Column(_("Ratings")), Column(_("Half width of the interval"), number=True))
    title = _plan_title(now, plan)
    figure = _plan_figure(title, tuple(marks)) if plan else None
    return Block(name="plan", title=title, table=Table(columns, tuple(lines)), figure=figure)


def _plan_figure(title: str, marks: tuple[Mark, ...]) -> Figure:
    most = max(mark.value for mark in marks)
    steps = tuple(float(mark.x or 0) for mark in marks)
    return Figure(
        name="plan",
        kind="line",
        title=title,
        axis=_("More responses rated"),
        axis_y=_("Half width of the interval (%)"),
        caption=_("Of the combined violation rate, 95 %"),
        rows=(Row(label="", marks=marks),),
        domain=(0.0, steps[-1]),
        domain_y=(0.0, figures.domain_of((), 0.0, most * 1.1, 0.01)[1]),
        ticks=steps,
        percent=True,
    )


def _plan_title(now: float, plan: list[dict[str, Any]]) -> str:
    step = next((one for one in plan if one["more"] == PLANNED), plan[0] if plan else None)
    if step is None or step["half_width"] is None:
        return _("The interval is ±%(now)s now") % {"now": number(now, digits=1, percent=True)}
    found = {
        "n": step["more"],
        "now": number(now, digits=1, percent=True),
        "then": number(step["half_width"], digits=1, percent=True),
    }
    return _("%(n)s more ratings bring the interval from ±%(now)s to ±%(then)s") % found


def _health(reading: Reading) -> Block | None:
    """Calls that gave a score, by model."""
    by_model = reading.at("health", "by_model")
    if not by_model:
        return None
    rows, lines = [], []
    for name, part in by_model.items():
        at, url = ("health", "by_model", name), reading.rows(model=name, unparsed=1)
        share = part["ok"] / part["calls"] if part["calls"] else None
        tip = f"{name}\n{part['ok']} / {part['calls']}"
        series = "low" if share is not None and share < PUBLISHABLE_OF_MODEL else "ok"
        marks = () if share is None else (Mark(value=share, series=series, tip=tip),)
        rows.append(Row(label=name, marks=marks, url=url, why_not=_("no calls")))
        failures = ", ".join(f"{failure_name(key)} {count}" for key, count in part["failures"].items())
        lines.append(
            (
                text(name, url),
                reading.plain(*at, "calls"),
                reading.plain(*at, "ok"),
                text(failures or "–", url if failures else ""),
                reading.cell(
                    *at, "flip_rate", digits=1, percent=True, url=reading.rows(model=name, flipped=1)
                ),
            )
        )
    columns = (
        Column(_("Model")),
        Column(_("Calls"), number=True),
        Column(_("With a score"), number=True),
        Column(_("Without a score, by name")),
        Column(_("Share of changed scores"), estimate=True),
    )
    title = _health_title(reading)
    figure = _health_figure(title, tuple(rows))
    extra = {"differs": _differs(reading)}
    return Block(name="health", title=title, table=Table(columns, tuple(lines)), figure=figure, extra=extra)


def _health_figure(title: str, rows: tuple[Row, ...]) -> Figure:
    least = number(PUBLISHABLE_OF_MODEL, digits=0, percent=True)
    return Figure(
        name="health",
        kind="bars",
        title=title,
        axis=_("Calls with a score (%)"),
        caption=_("Dashed: the 97 % below which a model's rates should not be published"),
        rows=rows,
        series={"ok": Series(_("97 % and more"), "ai"), "low": Series(_("Below 97 %"), "bad")},
        guides=(Guide(PUBLISHABLE_OF_MODEL, least, dashed=True),),
        percent=True,
    )


def _health_title(reading: Reading) -> str:
    calls, ok = reading.at("health", "calls"), reading.at("health", "ok")
    if not calls:
        return _("No calls")
    if calls == ok:
        return _("Every call gave a score")
    share = number((calls - ok) / calls, digits=1, percent=True)
    return _("%(share)s of the calls gave no score") % {"share": share}


def _differs(reading: Reading) -> dict[str, Any]:
    """Whether calls fail more for some models: p of the chi-square test, or why it says nothing."""
    from curation.retold import retold

    p = reading.at("health", "differs_by_model", "p")
    note = retold(reading.at("health", "differs_by_model", "note") or "")
    shown = reading.plain("health", "differs_by_model", "p", digits=3).html if p is not None else ""
    return {"p": shown, "note": note, "differs": p is not None and p < 0.05}


def _excluded(reading: Reading) -> Block:
    """Every failure name with its counts, in calls (or ratings) and in responses."""
    lines = []
    for name, counts in reading.result["excluded"].items():
        linked = counts["responses"] and name != "unmatched"
        url = reading.rows(failure=name) if linked else ""
        at = ("excluded", name)
        lines.append(
            (
                text(failure_name(name), url),
                reading.plain(*at, "calls"),
                reading.plain(*at, "responses", url=url),
            )
        )
    columns = (
        Column(_("Reason")),
        Column(_("Calls or ratings"), number=True),
        Column(_("Responses"), number=True),
    )
    return Block(name="excluded", title=_("Left out, by name"), table=Table(columns, tuple(lines)))
