"""Targets per leaf on one page, from and to a table, and the caps."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from curation.actions.aid import endpoint_of, set_aid
from curation.actions.quotas import (
    MOST_HOURS,
    MOST_PERCENT,
    changes,
    edition,
    set_bands,
    set_quotas,
    set_routine,
)
from curation.aiding import prompts
from curation.checks.lengths import BANDS, LONGEST
from curation.errors import Invalid, TeineiError
from curation.formats.faults import Quarantined, UnusableFile
from curation.formats.quotas import MOST, SPLITS, QuotasRead, read_quotas, written
from curation.models import Category, Dataset, Endpoint, Membership, Suggestion
from curation.queries import approved_by_split, leaves_of, lengths_in, quotas_of, routine_of
from curation.rules import require
from curation.views import work
from curation.views.gate import MemberRequest, attempt, member
from curation.views.write_list import areas_of

LEAD = Membership.Role.LEAD
LARGEST = 1 << 20  # bytes of a table: some thousand leaves with the longest labels
Typed = dict[int, dict[str, str]]


@member(LEAD)
def targets(request: MemberRequest) -> HttpResponse:
    """Every leaf with its target per split: POST saves what was changed, and refuses what somebody else changed since."""
    if request.method != "POST":
        return _page(request)
    typed = _typed(request.POST)
    try:
        done = set_quotas(request.user, request.dataset, _numbers(typed), base=request.POST.get("base", ""))
    except TeineiError as error:
        return _page(request, typed=typed, error=error)
    said = ngettext("%(n)d target was changed.", "%(n)d targets were changed.", len(done))
    messages.success(request, said % {"n": len(done)})
    return redirect("curation:targets", dataset=request.dataset.slug)


def _typed(given: QueryDict) -> Typed:
    """Leaf -> split -> what stands in its field; fields are named target-LEAF-SPLIT."""
    typed: Typed = {}
    for name, value in given.items():
        kind, _dash, place = name.partition("-")
        leaf, _dash, split = place.partition("-")
        if kind == "target" and leaf.isascii() and leaf.isdigit() and len(leaf) < 10 and split in SPLITS:
            typed.setdefault(int(leaf), {})[split] = str(value).strip()
    return typed


def _numbers(typed: Typed) -> dict[int, dict[str, int]]:
    """Raises Invalid, with the field, for what is no whole number; an empty field is 0."""
    numbers: dict[int, dict[str, int]] = {}
    for leaf, row in typed.items():
        for split, text in row.items():
            if not (text or "0").isdecimal() or len(text) > 9:
                sentence = _("“%(text)s” is no whole number from 0 to %(most)d.")
                raise Invalid(sentence % {"text": text[:20], "most": MOST}, field=f"{leaf}.{split}")
            numbers.setdefault(leaf, {})[split] = int(text or 0)
    return numbers


def _page(
    request: MemberRequest,
    *,
    typed: Typed | None = None,
    error: TeineiError | None = None,
    apart: list[dict[str, Any]] | None = None,
    came_from: str = "",
) -> HttpResponse:
    held, done = quotas_of(request.dataset), approved_by_split(request.dataset)
    typed = typed or {}
    at = error.field if error else ""
    areas = areas_of(leaves_of(request.dataset))
    rows = []
    for kind in (kind for area in areas for kind in area["types"]):
        kind["rows"] = [_row(leaf, held, done, typed, at) for leaf in kind["leaves"]]
        rows += kind["rows"]
    context = {
        "areas": areas,
        "base": edition(held),
        "error": error,
        "apart": apart or [],
        "came_from": came_from,
        "changed": sum(field["changed"] for row in rows for field in row["fields"]),
        "sums": {split: sum(row.get(split, 0) for row in held.values()) for split in SPLITS},
        "routine": routine_of(request.dataset),
        "prompts": [(Suggestion.Kind(kind).label, prompt) for kind, prompt in prompts().items()],
        "most": MOST,
        "most_percent": MOST_PERCENT,
        "most_hours": MOST_HOURS,
        "lengths": [_length(request.dataset, part) for part in BANDS],
        "longest": LONGEST,
        "endpoints": list(Endpoint.objects.filter(dataset=request.dataset).order_by("name")),
    }
    return render(request, "curation/targets.html", context, status=work.status_of(error))


def _row(category: Category, held: Any, done: Any, typed: Typed, at: str) -> dict[str, Any]:
    fields, leaf = [], category.pk
    for split in SPLITS:
        was = held.get(leaf, {}).get(split, 0)
        value = typed.get(leaf, {}).get(split, str(was))
        fields.append(
            {
                "split": split,
                "name": f"target-{leaf}-{split}",
                "value": value,
                "was": was,
                "changed": value != str(was),
                "approved": done.get(leaf, {}).get(split, 0),
                "wrong": at == f"{leaf}.{split}",
            }
        )
    return {"category": category, "fields": fields}


def _length(dataset: Dataset, part: str) -> dict[str, Any]:
    """The band of a part as its fields show it, beside the guideline's."""
    least, most = lengths_in(dataset)[part]
    return {"part": part, "label": work.PARTS[part], "least": least, "most": most, "usual": BANDS[part]}


def _paths(dataset: Dataset) -> dict[int, str]:
    return {leaf.pk: leaf.path for leaf in leaves_of(dataset)}


@member(LEAD)
def download(request: MemberRequest) -> HttpResponse:
    """The targets as a table that this page and `set_quotas` read."""
    text = written(_paths(request.dataset), quotas_of(request.dataset))
    answer = HttpResponse(text, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{request.dataset.slug}-targets.csv"'
    return answer


@require_POST
@member(LEAD)
def from_file(request: MemberRequest) -> HttpResponse:
    """Fill the page from a table and show what would change; nothing is saved before the person says so."""
    file = request.FILES.get("file")
    try:
        require(request.user, "set_quotas", request.dataset)
        if not isinstance(file, UploadedFile):
            raise Invalid(_("Choose a file first."), field="file")
        if (file.size or 0) > LARGEST:
            raise Invalid(_("The file is too large for a table of targets."), field="file")
        read = _read(file, _paths(request.dataset))
        changes(request.dataset, read.targets)
    except UnusableFile as error:
        return _page(request, error=Invalid(_(error.template) % error.values, field="file"))
    except TeineiError as error:
        return _page(request, error=error)
    typed = {leaf: {split: str(n) for split, n in row.items()} for leaf, row in read.targets.items()}
    return _page(
        request, typed=typed, apart=[_told(row) for row in read.apart], came_from=Path(file.name or "").name
    )


def _read(file: UploadedFile, paths: dict[int, str]) -> QuotasRead:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "targets"
        place.write_bytes(file.read())
        return read_quotas(place, paths)


def _told(row: Quarantined) -> dict[str, Any]:
    return {
        "row": row.row,
        "line": row.line,
        "excerpt": row.excerpt,
        "why": _(row.template) % row.values,
        "field": row.field,
    }


@require_POST
@member(LEAD)
def routine(request: MemberRequest) -> HttpResponse:
    """Caps and hours; an empty hard cap refuses nobody."""
    given = {name: request.POST.get(name, "").strip() for name in ("soft_cap", "hard_cap", "reserve_hours")}
    numbers = {name: int(text) if text.isdecimal() and len(text) < 6 else -1 for name, text in given.items()}
    attempt(
        request,
        lambda: set_routine(
            request.user,
            request.dataset,
            soft_cap=numbers["soft_cap"],
            hard_cap=numbers["hard_cap"] if given["hard_cap"] else None,
            reserve_hours=numbers["reserve_hours"],
        ),
        _("Saved."),
    )
    return redirect("curation:targets", dataset=request.dataset.slug)


@require_POST
@member(LEAD)
def lengths(request: MemberRequest) -> HttpResponse:
    """How long question and answer are to be; both fields of a part empty: as the guideline has it."""
    bands = {}
    for part in BANDS:
        given = [request.POST.get(f"{part}_{end}", "").strip() for end in ("least", "most")]
        if any(given):
            bands[part] = [int(text) if text.isdecimal() and len(text) < 6 else -1 for text in given]
    attempt(request, lambda: set_bands(request.user, request.dataset, bands), _("Saved."))
    return redirect("curation:targets", dataset=request.dataset.slug)


@require_POST
@member(LEAD)
def aid(request: MemberRequest) -> HttpResponse:
    """The model that writers may ask, by its endpoint's name; none turns the aid off."""
    name = request.POST.get("aid", "")
    attempt(
        request,
        lambda: set_aid(request.user, request.dataset, endpoint_of(request.dataset, name)),
        _("Saved."),
    )
    return redirect("curation:targets", dataset=request.dataset.slug)
