"""Moving an item to another category, from its review or from its page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from curation.actions import moves
from curation.errors import TeineiError
from curation.forms import MoveForm
from curation.models import Membership
from curation.queries import items_visible_to
from curation.views import work
from curation.views.gate import MemberRequest, member
from curation.views.review_leases import go_on

Role = Membership.Role


@require_POST
@member(Role.REVIEWER, Role.LEAD)
def move(request: MemberRequest, pk: int) -> HttpResponse:
    """Move it and go on with the next; a refusal leads back to the item."""
    items = items_visible_to(request.user, request.dataset).select_related("dataset")
    item = get_object_or_404(items, pk=pk, current_revision__isnull=False)
    form = MoveForm(request.POST, dataset=request.dataset)
    try:
        if not form.is_valid():
            raise work.first_error(form)
        given = {name: form.cleaned_data[name] for name in ("revision", "comment")}
        given["client_id"] = form.cleaned_data["client_id"] or None
        done = moves.move(request.user, item, form.cleaned_data["category"], **given)
    except TeineiError as error:
        messages.error(request, error.sentence)
        return redirect("curation:review_item", dataset=request.dataset.slug, pk=pk)
    said = _("%(id)s: moved to “%(name)s”. Somebody else reviews it.")
    messages.success(request, said % {"id": item.external_id, "name": done.revision.category.name})
    if done.warning:
        messages.warning(request, done.warning)
    if Role.REVIEWER not in request.roles:
        return redirect("curation:item", dataset=request.dataset.slug, pk=pk)
    return go_on(request, after=given["revision"])
