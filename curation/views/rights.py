"""The terms under which sets came in: who has access to what, and what may be passed on."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from curation.access import GATE_WORDS, as_it_stands
from curation.actions.rights import create_rights, edition, named_in_release, revise_rights
from curation.errors import TeineiError
from curation.forms_rights import RightsForm
from curation.models import LogEntry, Membership, Rights
from curation.queries import ITEM_ROLES, rights_visible_to
from curation.rules import allows
from curation.sentences import event_of
from curation.views.gate import MemberRequest, member

MANAGER = Membership.Role.RELEASE_MANAGER


@member(*ITEM_ROLES)
def rights_list(request: MemberRequest) -> HttpResponse:
    rows = rights_visible_to(request.user, request.dataset).annotate(items=Count("item"))
    context = {
        "rows": rows.order_by("name"),
        "may_manage": allows(request.user, "manage_rights", request.dataset),
    }
    return render(request, "curation/rights.html", context)


@member(MANAGER)
def rights_new(request: MemberRequest) -> HttpResponse:
    form = RightsForm(request.POST or None, initial={"redistributable": False})
    if request.method == "POST" and form.is_valid():
        try:
            made = create_rights(request.user, request.dataset, form.values())
        except TeineiError as error:
            _tell(form, error)
        else:
            messages.success(request, _("%(name)s is entered.") % {"name": made.name})
            return redirect("curation:rights", dataset=request.dataset.slug)
    return render(request, "curation/rights_one.html", {"form": form})


@member(*ITEM_ROLES)
def rights_one(request: MemberRequest, pk: int) -> HttpResponse:
    """The terms with the history of their gate; a form for who may change them, the words for the others."""
    row = get_object_or_404(rights_visible_to(request.user, request.dataset), pk=pk)
    may = allows(request.user, "manage_rights", request.dataset)
    form = RightsForm(
        request.POST or None, initial=as_it_stands(row) | {"base": edition(row)} if may else None
    )
    if request.method == "POST" and may and form.is_valid():
        try:
            revise_rights(request.user, row, form.values(), base=form.cleaned_data["base"])
        except TeineiError as error:
            _tell(form, error)
        else:
            messages.success(request, _("The terms are changed. Frozen releases keep theirs."))
            return redirect("curation:rights_one", dataset=request.dataset.slug, pk=pk)
    context = {
        "rights": row,
        "form": form if may else None,
        "history": list(_history(row)),
        "named": named_in_release(row),
    }
    return render(request, "curation/rights_one.html", context)


def _tell(form: RightsForm, error: TeineiError) -> None:
    form.add_error(error.field if error.field in form.fields else None, error.sentence)


def _history(row: Rights) -> list[dict[str, Any]]:
    """Who changed what, newest first; the gate's states in words."""
    entries = LogEntry.objects.filter(object_type="rights", object_id=str(row.pk)).select_related("person")
    found = []
    for entry in entries[:50]:
        event = event_of(entry)
        states = [str(GATE_WORDS[Rights.Gate(each)]) for each in (entry.from_state, entry.to_state) if each]
        if len(set(states)) == len(states) > 0:
            event["sentence"] += f" ({' → '.join(states)})"
        found.append(event)
    return found
