from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from curation.actions.datasets import give_role, take_role
from curation.errors import Invalid
from curation.formats.faults import excerpt
from curation.models import Membership, Person
from curation.rules import allows
from curation.views.gate import MemberRequest, attempt, member

Role = Membership.Role


@member(Role.LEAD, Role.RELEASE_MANAGER)
def people(request: MemberRequest) -> HttpResponse:
    """Who is in the dataset, with which roles; the lead adds and ends roles."""
    rows = (
        Membership.objects.filter(dataset=request.dataset).select_related("person").order_by("person", "pk")
    )
    by_person: dict[Person, list[Membership]] = {}
    for row in rows:
        by_person.setdefault(row.person, []).append(row)
    context = {
        "people": by_person.items(),
        "roles": Role.choices,
        "may_invite": allows(request.user, "invite", request.dataset),
    }
    return render(request, "curation/people.html", context)


@require_POST
@member(Role.LEAD, Role.RELEASE_MANAGER)
def people_add(request: MemberRequest) -> HttpResponse:
    """Give a role to somebody who can sign in already, found by name or mail: nobody else is listed."""
    name = request.POST.get("name", "").strip()
    person = _named(name)
    role = request.POST.get("role", "")
    if person is None or role not in Role.values:
        attempt(request, lambda: _refuse(name))
    else:
        attempt(
            request,
            lambda: give_role(request.user, request.dataset, person, role),
            _("The role was given."),
        )
    return redirect("curation:people", dataset=request.dataset.slug)


def _named(name: str) -> Person | None:
    """The person of that name or mail. What no column can hold is asked of no database: it would break the query."""
    if not name or not name.isprintable() or len(name) > 254:
        return None
    return Person.objects.filter(username=name).first() or Person.objects.filter(email__iexact=name).first()


def _refuse(name: str) -> None:
    raise Invalid(
        _("Nobody signs in as “%(name)s”. Ask the operator to make the account first.")
        % {"name": excerpt(name)}
    )


@require_POST
@member(Role.LEAD, Role.RELEASE_MANAGER)
def people_remove(request: MemberRequest, pk: int) -> HttpResponse:
    membership = get_object_or_404(Membership, dataset=request.dataset, pk=pk)
    attempt(request, lambda: take_role(request.user, membership), _("The role was ended."))
    return redirect("curation:people", dataset=request.dataset.slug)
