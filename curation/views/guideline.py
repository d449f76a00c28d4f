"""The guideline: read in any version, compared with another, written anew, signed."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from curation.actions import guidelines as act
from curation.actions.versions import sign as sign_version
from curation.errors import Conflict, TeineiError
from curation.forms import GuidelineForm
from curation.guideline_text import preface, sections
from curation.models import Guideline, GuidelineDraft, Membership
from curation.queries import ITEM_ROLES, guideline_versions, newest_guideline, readers
from curation.textdiff import changes
from curation.views import work
from curation.views.gate import MemberRequest, attempt, back, member
from curation.views.in_force import beside

Role = Membership.Role


@member()
def newest(request: MemberRequest) -> HttpResponse:
    """The version in force."""
    return _read(request, guideline_versions(request.dataset).first())


@member()
def version(request: MemberRequest, version: int) -> HttpResponse:
    """One version, as it stood and stands."""
    return _read(request, _found(request, version))


def _found(request: MemberRequest, version: int) -> Guideline:
    return get_object_or_404(guideline_versions(request.dataset), version=version)


def _read(request: MemberRequest, found: Guideline | None) -> HttpResponse:
    versions = list(guideline_versions(request.dataset).defer("text_ja", "text_en"))
    context = {
        "guideline": found,
        "preface": preface(found.text) if found else "",
        "sections": sections(found.text) if found else [],
        **beside(request, found, versions, write="write_guideline"),
        "confirm": bool(found)
        and found == versions[0]
        and work.unread_by(request.user, request.roles, found),
        "readers": readers(found) if found and Role.LEAD in request.roles else [],
        "may_see_reasons": bool(request.roles & ITEM_ROLES),
    }
    return render(request, "curation/guideline.html", context)


@member()
def difference(request: MemberRequest, version: int, older: int) -> HttpResponse:
    """What one version says that another did not, in both languages."""
    after, before = _found(request, version), _found(request, older)
    texts = [
        (_("Japanese"), "ja", changes(before.text_ja, after.text_ja)),
        (_("English"), "en", changes(before.text_en, after.text_en)),
    ]
    context = {
        "after": after,
        "before": before,
        "texts": texts if work.language().startswith("ja") else texts[::-1],
        "versions": guideline_versions(request.dataset).defer("text_ja", "text_en"),
    }
    return render(request, "curation/guideline_difference.html", context)


@member(Role.LEAD)
def new(request: MemberRequest) -> HttpResponse:
    """Write the next version; what was typed is a draft until it is brought into force."""
    held = act.draft_of(request.user, request.dataset)
    fields = _fields(held)
    if request.htmx and "preview" in request.GET:
        return render(request, "curation/guideline_new.html#preview", _preview(fields))
    base, error = None, None
    if request.method == "POST":
        form = GuidelineForm(request.POST)
        try:
            if not form.is_valid():
                raise work.first_error(form)
            return _written(request, form, held)
        except TeineiError as refused:
            error, base = refused, form.cleaned_data.get("base")
            fields = {name: request.POST.get(name, "") for name in act.FIELDS}
    return _form(request, held, fields, base=base, error=error)


def _written(request: MemberRequest, form: GuidelineForm, held: GuidelineDraft) -> HttpResponse:
    texts = {name: form.cleaned_data[name] for name in act.FIELDS}
    if request.POST.get("act") == "save":
        version = form.cleaned_data["version"] or 0
        act.save_draft(request.user, request.dataset, version=version, client_id="", **texts)
        return redirect("curation:guideline_new", dataset=request.dataset.slug)
    made = act.write(request.user, request.dataset, base=form.cleaned_data["base"] or 0, **texts)
    return redirect("curation:guideline_version", dataset=request.dataset.slug, version=made.version)


def _form(
    request: MemberRequest,
    held: GuidelineDraft,
    fields: dict[str, str],
    *,
    base: int | None,
    error: TeineiError | None,
) -> HttpResponse:
    """After a Conflict the page shows what the version that came meanwhile says, and goes on from that one."""
    newest = newest_guideline(request.dataset)
    came = newest if isinstance(error, Conflict) and newest and newest.version != base else None
    context = {
        "draft": held,
        "fields": fields,
        "newest": newest,
        "error": error,
        "came": changes(came.text_ja, fields["text_ja"]) if came else None,
        **_preview(fields),
    }
    return render(request, "curation/guideline_new.html", context, status=work.status_of(error))


def _fields(draft: GuidelineDraft) -> dict[str, str]:
    return {name: getattr(draft, name) for name in act.FIELDS}


def _preview(fields: dict[str, str]) -> dict[str, Any]:
    text = fields["text_ja"] if work.language().startswith("ja") else fields["text_en"] or fields["text_ja"]
    return {"preface": preface(text), "sections": sections(text)}


@require_POST
@member(Role.LEAD)
def draft(request: MemberRequest) -> JsonResponse:
    """Keep what has been typed (JSON)."""

    def save(form: Any, version: int, client_id: str) -> GuidelineDraft:
        texts = {name: form.cleaned_data[name] for name in act.FIELDS}
        return act.save_draft(request.user, request.dataset, version=version, client_id=client_id, **texts)

    def fields() -> tuple[GuidelineDraft, dict[str, Any]]:
        held = act.draft_of(request.user, request.dataset)
        return held, _fields(held)

    return work.autosave(request, GuidelineForm, save=save, fields=fields)


@require_POST
@member(Role.LEAD, Role.REVIEWER)
def sign(request: MemberRequest, version: int) -> HttpResponse:
    """Take a version on as somebody who works by it."""
    found = _found(request, version)
    attempt(request, lambda: sign_version(request.user, found), _("Signed. The mark is gone."))
    return redirect("curation:guideline_version", dataset=request.dataset.slug, version=version)


@require_POST
@member()
def read(request: MemberRequest, version: int) -> HttpResponse:
    """Say that one has read it: nothing for the script that takes the line away, else back to where it stood."""
    found = _found(request, version)
    done = attempt(request, lambda: act.confirm_read(request.user, found))
    if request.htmx and done:
        return HttpResponse("")
    return back(request, reverse("curation:guideline_version", args=[request.dataset.slug, version]))
