"""The coded reasons: read in any version, compared with another, written anew, signed."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_POST

from curation.actions import codebooks as act
from curation.actions.versions import sign as sign_version
from curation.errors import TeineiError
from curation.forms_reasons import CodebookForm, fields_of
from curation.guideline_text import sections
from curation.models import Codebook, CodebookDraft, Membership, Review
from curation.queries import ITEM_ROLES, codebook_versions, newest_codebook, newest_guideline
from curation.reasons import PARTS, VERBS, Change, Reason, changes_between, reordered
from curation.sections import section_url
from curation.templatetags.reading import listed
from curation.textdiff import Segment, changes
from curation.views import work
from curation.views.gate import MemberRequest, attempt, member
from curation.views.in_force import beside

Role = Membership.Role
PART_WORDS = work.PARTS | {"translation": gettext_lazy("Translation")}


@member(*ITEM_ROLES)
def newest(request: MemberRequest) -> HttpResponse:
    """The version that decisions are made by now."""
    return _read(request, codebook_versions(request.dataset).first())


@member(*ITEM_ROLES)
def version(request: MemberRequest, version: int) -> HttpResponse:
    """One version, as it stood and stands."""
    return _read(request, _found(request, version))


def _found(request: MemberRequest, version: int) -> Codebook:
    return get_object_or_404(codebook_versions(request.dataset), version=version)


def _read(request: MemberRequest, found: Codebook | None) -> HttpResponse:
    versions = list(codebook_versions(request.dataset).defer("entries"))
    guideline = newest_guideline(request.dataset)
    under = guideline.version if guideline else None
    context = {
        "codebook": found,
        "rows": [_shown(each, request.dataset.slug, under) for each in found.book.reasons] if found else [],
        **beside(request, found, versions, write="write_codebook"),
    }
    return render(request, "curation/codebook.html", context)


def _shown(reason: Reason, dataset: str, under: int | None) -> dict[str, Any]:
    return {
        **work.in_words(reason),
        "parts": [PART_WORDS[part] for part in reason.parts],
        "verbs": [Review.Decision(verb).label for verb in reason.verbs],
        "section": reason.section,
        "url": section_url(dataset, under, reason.section),
        "retired": reason.retired,
    }


@member(*ITEM_ROLES)
def difference(request: MemberRequest, version: int, older: int) -> HttpResponse:
    """What one version says otherwise than another, reason by reason."""
    after, before = _found(request, version), _found(request, older)
    context = {
        "after": after,
        "before": before,
        "rows": [_told(each) for each in changes_between(before.book, after.book)],
        "reordered": reordered(before.book, after.book),
        "versions": codebook_versions(request.dataset).defer("entries"),
    }
    return render(request, "curation/codebook_difference.html", context)


def _told(change: Change) -> dict[str, Any]:
    """A change in the page's language, which stands before the other one."""
    other = "_en" if work.language().startswith("ja") else "_ja"
    cells = sorted(change.cells, key=lambda cell: cell[0].endswith(other))
    return {
        "kind": change.kind,
        **work.in_words(change.reason),
        "cells": [(name, name[-2:], _segments(name, old, new)) for name, old, new in cells],
    }


def _segments(name: str, old: Any, new: Any) -> list[Segment]:
    """Words by character; of anything else what went, and what came."""
    if name[:-3] in ("name", "hint"):
        return changes(old or "", new or "")
    if old is None or new is None:
        return [("del" if new is None else "ins", _cell(name, old if new is None else new))]
    return [("del", _cell(name, old)), ("same", " "), ("ins", _cell(name, new))]


def _cell(name: str, value: Any) -> str:
    if name == "parts":
        return listed(PART_WORDS[part] for part in value)
    if name == "verbs":
        return listed(Review.Decision(verb).label for verb in value)
    if name == "comment_required":
        return (
            pgettext("words of one's own", "asked for") if value else pgettext("words of one's own", "free")
        )
    if name == "retired":
        return _("Retired") if value else pgettext("reason", "in use")
    return str(value or "–")


@member(Role.LEAD)
def new(request: MemberRequest) -> HttpResponse:
    """Write the next version; what was typed is a draft until it is brought into force."""
    held = act.draft_of(request.user, request.dataset)
    entries, changed, error = held.entries, held.changed, None
    if request.method == "POST":
        form = CodebookForm(request.POST)
        try:
            if not form.is_valid():
                raise work.first_error(form)
            return _written(request, form, held)
        except TeineiError as refused:
            entries, changed, error = form.entries(), request.POST.get("changed", ""), refused
    newest = newest_codebook(request.dataset)
    fields = fields_of(_with_known(entries, newest), changed)
    context = {
        "draft": held,
        "rows": _rows(fields, newest),
        "changed": changed,
        "newest": newest,
        "sections": _sections(request),
        "parts": [(part, PART_WORDS[part]) for part in PARTS],
        "verbs": [(verb, Review.Decision(verb).label) for verb in VERBS],
        "error": error,
    }
    return render(request, "curation/codebook_new.html", context, status=work.status_of(error))


def _written(request: MemberRequest, form: CodebookForm, held: CodebookDraft) -> HttpResponse:
    given = {"entries": form.entries(), "changed": form.cleaned_data["changed"]}
    if request.POST.get("act") == "save":
        version = form.cleaned_data["version"] or 0
        act.save_draft(request.user, request.dataset, version=version, client_id="", **given)
        return redirect("curation:codebook_new", dataset=request.dataset.slug)
    made = act.write(request.user, request.dataset, base=form.cleaned_data["base"] or 0, **given)
    return redirect("curation:codebook_version", dataset=request.dataset.slug, version=made.version)


def _with_known(entries: list[dict[str, Any]], newest: Codebook | None) -> list[dict[str, Any]]:
    """The rows, with what a version that came meanwhile has beyond them: no code is ever dropped."""
    codes = {row["code"] for row in entries}
    return [*entries, *(row for row in newest.book.rows() if row["code"] not in codes)] if newest else entries


def _rows(fields: dict[str, Any], newest: Codebook | None) -> list[dict[str, Any]]:
    """What the page shows of each row; the code and the name of a reason that is known are fixed."""
    shown = []
    n = 0
    while f"code-{n}" in fields:
        row = {name.rpartition("-")[0]: value for name, value in fields.items() if name.endswith(f"-{n}")}
        known = newest.book.of(row["code"]) if newest else None
        shown.append({**row, "n": n, "known": known is not None})
        n += 1
    return shown


def _sections(request: MemberRequest) -> list[tuple[str, str]]:
    guideline = newest_guideline(request.dataset)
    found = sections(guideline.text) if guideline else []
    return [("0", "–"), *((str(each.number), f"{each.number}. {each.title}") for each in found)]


@require_POST
@member(Role.LEAD)
def draft(request: MemberRequest) -> JsonResponse:
    """Keep what has been typed (JSON)."""

    def save(form: Any, version: int, client_id: str) -> CodebookDraft:
        given = {"entries": form.entries(), "changed": form.cleaned_data["changed"]}
        return act.save_draft(request.user, request.dataset, version=version, client_id=client_id, **given)

    def fields() -> tuple[CodebookDraft, dict[str, Any]]:
        held = act.draft_of(request.user, request.dataset)
        return held, fields_of(held.entries, held.changed)

    return work.autosave(request, CodebookForm, save=save, fields=fields)


@require_POST
@member(Role.LEAD, Role.REVIEWER)
def sign(request: MemberRequest, version: int) -> HttpResponse:
    """Take a version on as somebody who decides by it."""
    found = _found(request, version)
    attempt(request, lambda: sign_version(request.user, found), _("Signed. The mark is gone."))
    return redirect("curation:codebook_version", dataset=request.dataset.slug, version=version)
