"""The board as its page shows it: small pictures of the days, waits and forecasts in words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from curation import drawing
from curation.board import FEW, JUDGED_DAYS, PACE_DAYS, SHOWN_DAYS, Board, Outlook, Share
from curation.figures import Figure, Mark, Row
from curation.models import Item
from curation.queries.lead import Day
from curation.reading import estimate
from curation.stats import forecast

KINDS = {
    "written": gettext_lazy("Handed in"),
    "reviewed": gettext_lazy("Reviewed"),
    "approved": gettext_lazy("Accepted"),
}
WHY = {
    forecast.REACHED: gettext_lazy("Reached"),
    forecast.FEW: gettext_lazy("Cannot be said: too few were accepted"),
    forecast.SHORT: gettext_lazy("Cannot be said: the dataset is younger than a week"),
    forecast.FAR: gettext_lazy("More than ten years at this pace"),
}


def shown(board: Board) -> dict[str, Any]:
    """The context of `board.html`."""
    return {
        "board": board,
        "pictures": [_picture(name, board.days) for name in KINDS],
        "kinds": list(KINDS.values()),
        "queues": [
            {
                "state": queue.state,
                "label": Item.State(queue.state).label,
                "n": queue.n,
                "oldest": waited(queue.oldest),
                "median": waited(queue.median),
            }
            for queue in board.queues
        ],
        "categories": _shares(board.categories),
        "authors": _shares(board.authors),
        "whole": _outlook(board.whole),
        "leaves": [_outlook(one) for one in board.leaves],
        "shown_days": SHOWN_DAYS,
        "judged_days": JUDGED_DAYS,
        "pace_days": PACE_DAYS,
        "few": FEW,
    }


def _picture(name: str, days: list[Day]) -> dict[str, Any]:
    """One number of each day, drawn small, with its sum."""
    counts: list[int] = [getattr(day, name) for day in days]
    marks = tuple(
        Mark(value=count, x=float(at), tip=f"{date_format(day.day, 'm-d')}: {count}")
        for at, (day, count) in enumerate(zip(days, counts, strict=True))
    )
    label, total, most = str(KINDS[name]), sum(counts), max(counts, default=0)
    figure = Figure(
        name=name,
        kind="line",
        title=_("%(what)s: %(total)d in %(days)d days") % {"what": label, "total": total, "days": len(days)},
        axis=_("days"),
        rows=(Row(label=label, marks=marks),),
        domain=(0.0, float(max(len(days) - 1, 1))),
        domain_y=(0.0, float(max(most, 1))),
    )
    per_day = f"{total / len(days):.1f}" if days else "0"
    return {"label": label, "total": total, "most": most, "per_day": per_day, "svg": drawing.small(figure)}


def _shares(shares: list[Share]) -> list[dict[str, Any]]:
    return [
        {
            "of": share.of,
            "category": share.category,
            "few": share.few,
            "mended": share.mended,
            "rate": estimate(share.rate.as_dict(), "", digits=0, percent=True),
        }
        for share in shares
    ]


def waited(since: datetime | None, now: datetime | None = None) -> str:
    """A span in its largest unit: minutes, hours, days."""
    if since is None:
        return ""
    minutes = max(0, int(((now or timezone.now()) - since).total_seconds() // 60))
    if minutes < 60:
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    if minutes < 48 * 60:
        return ngettext("%(n)d hour", "%(n)d hours", minutes // 60) % {"n": minutes // 60}
    return ngettext("%(n)d day", "%(n)d days", minutes // 1440) % {"n": minutes // 1440}


def _outlook(one: Outlook) -> dict[str, Any]:
    said = one.forecast
    return {
        "category": one.category,
        "target": one.target,
        "approved": one.approved,
        "missing": said.missing,
        "n": said.n,
        "days": said.days,
        "why": WHY.get(said.why, ""),
        "reached": said.why == forecast.REACHED,
        "middle": one.day(said.middle),
        "low": one.day(said.low),
        "high": one.day(said.high),
    }
