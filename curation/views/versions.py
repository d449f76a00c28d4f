"""What differs between two releases, and correcting one."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from curation.actions.corrections import affected_by, check_withdrawal, correct_or_queue
from curation.change_log import as_markdown, change_between
from curation.errors import TeineiError
from curation.models import Job, Membership
from curation.queries import ITEM_ROLES, named_steps
from curation.release_diff import KINDS, Cell, RowDiff, bodies_of, difference
from curation.rules import allows
from curation.textdiff import changes
from curation.usages import told
from curation.views.gate import MemberRequest, member
from curation.views.release_page import found_release

PAGE = 30
OFFERED = 50


@member(*ITEM_ROLES)
def diff(request: MemberRequest, name: str, old: str) -> HttpResponse:
    """Cell by cell, filtered by kind and cell; pages follow the id."""
    after, before = found_release(request, name), found_release(request, old)
    found = difference(before, after)
    kind, cell = request.GET.get("kind", ""), request.GET.get("cell", "")
    kind, cell = (kind if kind in KINDS else ""), (cell if cell in found.cells else "")
    rows = [row for row in found.rows if kind in ("", row.kind) and _has(row, cell)]
    first = bisect_right(rows, request.GET.get("after", ""), key=lambda row: row.id)
    shown = rows[first : first + PAGE]
    readable = allows(request.user, "read_texts", before) and allows(request.user, "read_texts", after)
    asked = {key: value for key, value in (("kind", kind), ("cell", cell)) if value}
    more = urlencode(asked | {"after": shown[-1].id}) if shown and first + PAGE < len(rows) else ""
    context = {
        "old": before,
        "new": after,
        "found": found,
        "kinds": [(each, found.counts[each]) for each in KINDS],
        "cells": found.cells.items(),
        "chosen": {"kind": kind, "cell": cell},
        "rows": _shown(request, shown, readable=readable),
        "readable": readable,
        "total": len(rows),
        "markdown": as_markdown(change_between(before, after)),
        "first_url": f"?{urlencode(asked)}" if first else "",
        "next_url": f"?{more}" if more else "",
    }
    return render(request, "curation/release_diff.html", context)


def _has(row: RowDiff, cell: str) -> bool:
    return not cell or any(each.name == cell for each in row.cells)


def _shown(request: MemberRequest, rows: list[RowDiff], *, readable: bool) -> list[dict[str, Any]]:
    bodies = bodies_of(rows) if readable else {}
    paths = named_steps(request.dataset, ["\t".join(row.leaf) for row in rows]) if rows else []
    return [
        {"row": row, "path": path, "cells": [_cell(cell, bodies, readable=readable) for cell in row.cells]}
        for row, path in zip(rows, paths, strict=True)
    ]


def _cell(cell: Cell, bodies: dict[str, str], *, readable: bool) -> dict[str, Any]:
    """A text as what changed in it; a redacted one, and one that may not be read, as its hashes."""
    shown: dict[str, Any] = {"name": cell.name, "before": cell.before, "after": cell.after, "text": cell.text}
    if cell.text and readable:
        before, after = bodies.get(cell.before or "", ""), bodies.get(cell.after or "", "")
        gone = any(side and not bodies.get(side) for side in (cell.before, cell.after))
        if not gone:
            shown["segments"] = changes(before, after)
            parts = cell.name.split(".")
            shown["lang"] = parts[1] if len(parts) == 3 else "ja"
    return shown


@member(Membership.Role.RELEASE_MANAGER)
def correct(request: MemberRequest, name: str) -> HttpResponse:
    """First what would be affected; then, with the name typed, the correction."""
    found = found_release(request, name)
    given = request.POST if request.method == "POST" else request.GET
    asked, reason = given.get("ids", ""), given.get("reason", "").strip()
    ids = list(dict.fromkeys(asked.replace(",", "\n").split("\n"))) + given.getlist("pick")
    ids = list(dict.fromkeys(part.strip() for part in ids if part.strip()))
    query = given.get("q", "").strip().replace("\x00", "")
    context: dict[str, Any] = {"release": found, "ids": ids, "reason": reason, "query": query}
    if ids and not given.get("search"):
        try:
            context["gone"] = check_withdrawal(found, ids)
            context["affected"] = [told(use) for use in affected_by(found, ids)]
            if request.method == "POST" and request.POST.get("confirm"):
                return _correct(request, found, ids, reason)
        except TeineiError as error:
            context["error"] = error.sentence
    if query:
        rows = found.items.filter(external_id__icontains=query).order_by("position")
        context["offered"] = list(rows.values_list("external_id", "split", "labels")[:OFFERED])
    return render(request, "curation/release_correct.html", context)


def _correct(request: MemberRequest, found: Any, ids: list[str], reason: str) -> HttpResponse:
    page = reverse("curation:release", kwargs={"dataset": request.dataset.slug, "name": found.name})
    if request.POST["confirm"].strip() != found.name:
        messages.error(request, _("Type the release's name exactly to correct it."))
        asked = urlencode({"ids": "\n".join(ids), "reason": reason})
        again = reverse(
            "curation:release_correct", kwargs={"dataset": request.dataset.slug, "name": found.name}
        )
        return redirect(f"{again}?{asked}")
    done = correct_or_queue(request.user, found, withdraw=ids, reason=reason, target_url=page)
    if isinstance(done, Job):
        messages.success(request, _("The correction is being frozen; the jobs page says when it is done."))
        return redirect(page)
    messages.success(request, _("%(name)s is frozen without the withdrawn items.") % {"name": done.name})
    return redirect("curation:release", dataset=request.dataset.slug, name=done.name)
