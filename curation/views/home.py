"""The first page: what waits for me. And the small switches of the frame."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from curation import registry
from curation.models import LogEntry, Membership, Person
from curation.queries import coverage, datasets_of
from curation.sentences import event_of
from curation.views.gate import MemberRequest, back, member

Role = Membership.Role


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
