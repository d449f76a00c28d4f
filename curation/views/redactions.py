"""Asking for a text to be removed, and the second person's page."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from curation.actions import redactions as act
from curation.errors import Invalid
from curation.models import Item, Membership, Person, Redaction
from curation.queries import items_visible_to, open_redactions, redactions_visible_to
from curation.redaction import frozen_with, items_with, texts_of
from curation.rules import allows, why_not
from curation.views.gate import MemberRequest, attempt, member

WHO = (Membership.Role.LEAD, Membership.Role.RELEASE_MANAGER)
PARTS = ("question", "answer")
SHOWN = 50


@member(*WHO)
def redaction_list(request: MemberRequest) -> HttpResponse:
    """What waits for a second person, and what was removed, with what is left to do by hand."""
    visible = redactions_visible_to(request.user, request.dataset).select_related("asked_by", "confirmed_by")
    waiting = visible.filter(confirmed_at=None).order_by("asked_at", "pk")
    done = visible.filter(confirmed_at__isnull=False).order_by("-confirmed_at", "-pk")[:SHOWN]
    context = {
        "waiting": _waiting(request.user, list(waiting)),
        "done": [
            _row(request.user, row)
            | {"copies": sum(act.copies_removed(row).values()), "left": act.by_hand(row)}
            for row in done
        ],
    }
    return render(request, "curation/redactions.html", context)


def _waiting(person: Person, rows: list[Redaction]) -> list[dict[str, Any]]:
    """What was asked for in one act stands, and is confirmed, together."""
    found: list[dict[str, Any]] = []
    seen: set[int] = set()
    for row in rows:
        if row.pk not in seen:
            together = list(act.asked_together(row))
            seen |= {each.pk for each in together}
            found.append(_row(person, row) | {"hashes": [each.text_id for each in together]})
    return found


def _row(person: Person, row: Redaction) -> dict[str, Any]:
    items = items_with(row.text_id).filter(dataset=row.dataset_id).order_by("external_id")
    releases = frozen_with(row.text_id).filter(release__dataset=row.dataset_id)
    return {
        "redaction": row,
        "hashes": [row.text_id],
        "items": list(items.only("pk", "external_id")),
        "releases": sorted(set(releases.values_list("release__name", flat=True))),
        "why_not": why_not(person, "confirm", row),
    }


def of_item(person: Person, item: Item) -> dict[str, Any] | None:
    """What the item's page shows of it: None for whoever may not ask."""
    if item.current_revision_id is None or not allows(person, "redact", item.dataset):
        return None
    texts = {part: texts_of(item, [part]) for part in PARTS}
    waiting = Redaction.objects.filter(
        text__in=[digest for found in texts.values() for digest in found], confirmed_at=None
    )
    return {"texts": {part: len(found) for part, found in texts.items()}, "waiting": waiting.count()}


@require_POST
@member(*WHO)
def redaction_ask(request: MemberRequest, pk: int) -> HttpResponse:
    """The parts of the item that were ticked, in all revisions and translations."""
    item = get_object_or_404(items_visible_to(request.user, request.dataset), pk=pk)
    parts = [part for part in PARTS if part in request.POST.getlist("parts")]
    asked = attempt(
        request,
        lambda: act.ask(
            request.user, request.dataset, texts_of(item, parts), reason=request.POST.get("reason", "")
        ),
        _("Asked for. Nothing is removed until somebody else confirms."),
    )
    if asked:
        return redirect("curation:redactions", dataset=request.dataset.slug)
    return redirect("curation:item", dataset=request.dataset.slug, pk=pk)


@require_POST
@member(*WHO)
def redaction_confirm(request: MemberRequest, pk: int) -> HttpResponse:
    """The number of the request has to be typed: nothing brings the text back."""
    row = get_object_or_404(open_redactions(request.user, request.dataset), pk=pk)
    if request.POST.get("confirm", "").strip() != str(row.pk):
        attempt(request, _refuse_number)
    else:
        attempt(
            request,
            lambda: act.confirm_together(request.user, row),
            _("The text was removed. See below what is left to do."),
        )
    return redirect("curation:redactions", dataset=request.dataset.slug)


def _refuse_number() -> None:
    raise Invalid(_("Type the number of the request to go on."))


@require_POST
@member(*WHO)
def redaction_take_back(request: MemberRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(open_redactions(request.user, request.dataset), pk=pk)
    attempt(request, lambda: act.take_back_together(request.user, row), _("The request is withdrawn."))
    return redirect("curation:redactions", dataset=request.dataset.slug)
