"""The first page: what waits for me. And the small switches of the frame."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from curation import registry
from curation.models import LogEntry, Membership, Person
from curation.queries import coverage, datasets_of
from curation.sentences import event_of
from curation.views.gate import MemberRequest, back, member

Role = Membership.Role
LOOPBACK = {"127.0.0.1", "::1"}


@login_required
def start(request: HttpRequest) -> HttpResponse:
    """Send the person to the dataset they were last in, or say that they are in none yet."""
    assert isinstance(request.user, Person)
    datasets = datasets_of(request.user)
    dataset = datasets.filter(slug=request.session.get("dataset", "")).first() or datasets.first()
    if dataset is None:
        return render(request, "curation/no_dataset.html")
    return redirect("curation:home", dataset=dataset.slug)


@member()
def home(request: MemberRequest) -> HttpResponse:
    """What waits for the person, by role, and what happened last."""
    rows = coverage(request.dataset) if request.roles - {Role.RATER} else []
    mine = LogEntry.objects.filter(dataset=request.dataset, person=request.user).select_related("person")
    return render(
        request,
        "curation/home.html",
        {
            "waiting": registry.waiting(request.user, request.dataset, request.roles),
            "panels": registry.panels("home", person=request.user, dataset=request.dataset),
            "approved": sum(row["approved"] for row in rows),
            "in_work": sum(row["in_work"] for row in rows),
            "target": sum(row["target"] for row in rows),
            "recent": [event_of(entry) for entry in mine.order_by("-id")[:8]],
        },
    )


@require_POST
@login_required
def preferences(request: HttpRequest) -> HttpResponse:
    """Theme, density and cover, kept with the person."""
    assert isinstance(request.user, Person)
    changed: list[str] = []
    choices: dict[str, Any] = {
        "theme": Person.Theme.values,
        "density": Person.Density.values,
    }
    for name, values in choices.items():
        if request.POST.get(name) in values:
            setattr(request.user, name, request.POST[name])
            changed.append(name)
    if request.POST.get("blur") in ("0", "1"):
        request.user.blur = request.POST["blur"] == "1"
        changed.append("blur")
    request.user.save(update_fields=changed)
    return back(request, "/")


def cast() -> list[dict[str, Any]]:
    """The demo's people, for the sign-in page."""
    people = Person.objects.filter(username__startswith="demo-", is_active=True).order_by("pk")
    return [
        {
            "key": person.username,
            "name": str(person),
            "role": ", ".join(
                dict.fromkeys(str(m.get_role_display()) for m in person.memberships.order_by("pk"))
            ),
        }
        for person in people.prefetch_related("memberships")
    ]


def on_loopback(request: HttpRequest) -> bool:
    return bool(settings.TEINEI_DEMO) and request.META.get("REMOTE_ADDR") in LOOPBACK


@require_POST
def enter(request: HttpRequest) -> HttpResponse:
    """Enter as one of the demo's people: in demo mode and from this machine only."""
    if not on_loopback(request):
        raise Http404
    person = Person.objects.filter(username=request.POST.get("key", ""), username__startswith="demo-").first()
    if person is None:
        raise Http404(_("Nobody of that name."))
    login(request, person, backend="django.contrib.auth.backends.ModelBackend")
    return redirect("curation:start")
