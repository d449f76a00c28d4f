"""The page of a release, for members and, where it was made public, for everybody; its figures and citation as files."""

from __future__ import annotations

import csv
from collections.abc import Callable
from functools import cache
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from curation import registry
from curation.actions.export_jobs import newest_files
from curation.actions.release_pages import keep_page
from curation.change_log import changes_of
from curation.drawing import legend, standing, svg
from curation.formats.writing.csv_files import formula_safe
from curation.models import Erratum, Release
from curation.outgoing import why_not_out
from curation.queries import ITEM_ROLES, named_steps, releases_visible_to
from curation.release_figures import Shown, figures_of
from curation.release_words import cited, terms_of
from curation.rules import allows
from curation.usages import told
from curation.views.gate import MemberRequest, attempt, member

CITATIONS = {
    "bib": ("bibtex", "application/x-bibtex"),
    "cff": ("cff", "text/yaml"),
    "txt": ("text", "text/plain"),
}
DRAWN = ("svg", "csv")


def found_release(request: MemberRequest, name: str) -> Release:
    """The release of that name in the dataset, as far as the person may see it; else 404."""
    visible = releases_visible_to(request.user, request.dataset)
    return get_object_or_404(
        visible.select_related("predecessor", "frozen_by", "dataset__taxonomy", "page"), name=name
    )


@member(*ITEM_ROLES)
def release(request: MemberRequest, name: str) -> HttpResponse:
    """Everything about a frozen version."""
    found = found_release(request, name)
    urls = {"dataset": request.dataset.slug, "name": found.name}
    context = _facts(found, lambda figure: reverse("curation:release_figure", kwargs=urls | figure)) | {
        "release": found,
        "errata": [_erratum(row) for row in found.errata.select_related("successor", "person")],
        "corrected": found.corrects.select_related("release").first(),
        "successors": found.successors.all(),
        "others": list(releases_visible_to(request.user, request.dataset).exclude(pk=found.pk)[:50]),
        "may_correct": allows(request.user, "correct", found),
        "may_publish": allows(request.user, "publish_page", found),
        "page": getattr(found, "page", None),
        "public_url": request.build_absolute_uri(public_address(found)),
        "panels": registry.panels("release", person=request.user, release=found, why_not=cache(why_not_out)),
        "uses": registry.panels("release_uses", person=request.user, release=found),
    }
    return render(request, "curation/release.html", context)


def public_address(found: Release) -> str:
    return reverse("curation:public_release", kwargs={"dataset": found.dataset.slug, "name": found.name})


def _facts(found: Release, figure_url: Callable[[dict[str, str]], str]) -> dict[str, Any]:
    """What members and strangers are both told."""
    leaves = found.counts.get("leaves", {})
    return {
        "leaves": list(zip(named_steps(found.dataset, leaves), leaves.values(), strict=True)),
        "changes": changes_of(found),
        "figures": [_figure(shown, figure_url) for shown in figures_of(found).values()],
        "cite": cited(found),
        "terms": terms_of(found),
    }


def _figure(shown: Shown, url: Callable[[dict[str, str]], str]) -> dict[str, Any]:
    name = shown.figure.name
    urls = {form: url({"figure": name, "form": form}) for form in DRAWN}
    return {"shown": shown, "svg": svg(shown.figure), "legend": legend(shown.figure), "urls": urls}


def _erratum(row: Erratum) -> dict[str, Any]:
    return {"row": row, "affected": [told(use) for use in row.affected]}


@member(*ITEM_ROLES)
@require_safe
def figure(request: MemberRequest, name: str, figure: str, form: str) -> HttpResponse:
    return _figure_file(found_release(request, name), figure, form)


def _figure_file(found: Release, name: str, form: str) -> HttpResponse:
    shown = figures_of(found).get(name)
    if shown is None or form not in DRAWN:
        raise Http404
    kind = {"svg": "image/svg+xml", "csv": "text/csv; charset=utf-8"}[form]
    answer = HttpResponse(content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    if form == "svg":
        answer.write(standing(shown.figure))
    else:
        answer.write("\ufeff")
        lines = csv.writer(answer)
        lines.writerow(shown.columns)
        for row in shown.rows:
            lines.writerow([formula_safe(cell) if isinstance(cell, str) else cell for cell in row])
    return answer


@member(*ITEM_ROLES)
@require_safe
def citation(request: MemberRequest, name: str, form: str) -> HttpResponse:
    return _citation_file(found_release(request, name), form)


def _citation_file(found: Release, form: str) -> HttpResponse:
    if form not in CITATIONS:
        raise Http404
    part, kind = CITATIONS[form]
    named = {"bib": "citation.bib", "cff": "CITATION.cff", "txt": "citation.txt"}[form]
    answer = HttpResponse(cited(found)[part], content_type=f"{kind}; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{named}"'
    return answer


@require_POST
@member(*ITEM_ROLES)
def publish_page(request: MemberRequest, name: str) -> HttpResponse:
    """Whether strangers may read the page, and where the release is at home."""
    found = found_release(request, name)
    public = request.POST.get("public") == "1"
    done = _("Everybody who has the address can read the page now.") if public else _("The page is private.")
    homepage = request.POST.get("homepage", "")
    attempt(request, lambda: keep_page(request.user, found, public=public, homepage=homepage), done)
    return redirect("curation:release", dataset=request.dataset.slug, name=name)


def _public(dataset: str, name: str) -> Release:
    """A release whose page is public; for everything else there is nothing here."""
    rows = Release.objects.filter(page__public=True).select_related(
        "dataset__taxonomy", "page", "predecessor"
    )
    return get_object_or_404(rows, dataset__slug=dataset, name=name)


@require_safe
def public_release(request: HttpRequest, dataset: str, name: str) -> HttpResponse:
    """The same facts without texts, people and what the gates said, for whoever has the address."""
    found = _public(dataset, name)
    urls = {"dataset": dataset, "name": name}
    context = _facts(found, lambda figure: reverse("curation:public_figure", kwargs=urls | figure)) | {
        "release": found,
        "errata": found.errata.select_related("successor__page"),
        "files": newest_files(found),
    }
    return render(request, "curation/release_public.html", context)


@require_safe
def public_figure(request: HttpRequest, dataset: str, name: str, figure: str, form: str) -> HttpResponse:
    return _figure_file(_public(dataset, name), figure, form)


@require_safe
def public_citation(request: HttpRequest, dataset: str, name: str, form: str) -> HttpResponse:
    return _citation_file(_public(dataset, name), form)
