"""The first page: what waits for me. And the small switches of the frame."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from curation import registry
from curation.models import Dataset, LogEntry, Membership, Person, Translation
from curation.queries import coverage, datasets_of, items_visible_to, releases_visible_to
from curation.sentences import event_of
from curation.views.gate import MemberRequest, back, member

Role = Membership.Role
RECENT = 8
_PAGES = {"item": "curation:item", "translation": "curation:item", "release": "curation:release"}


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
            "approved": sum(row.approved for row in rows),
            "in_work": sum(row.in_work for row in rows),
            "target": sum(row.target for row in rows),
            "recent": _with_subjects(request.user, request.dataset, list(mine.order_by("-id")[:RECENT])),
        },
    )


def _with_subjects(person: Person, dataset: Dataset, entries: list[LogEntry]) -> list[dict[str, Any]]:
    """Events that name what was worked on: the item, the item of a translation, the release."""

    def ids(kind: str) -> list[str]:
        return [entry.object_id for entry in entries if entry.object_type == kind]

    items = items_visible_to(person, dataset)
    translations = Translation.objects.filter(item__in=items, pk__in=ids("translation"))
    releases = releases_visible_to(person, dataset).filter(pk__in=ids("release"))
    named = {
        "item": items.filter(pk__in=ids("item")).values_list("pk", "pk", "external_id"),
        "translation": translations.values_list("pk", "item", "item__external_id"),
        "release": releases.values_list("pk", "name", "name"),
    }
    subjects = {
        (kind, str(pk)): {"name": name, "url": reverse(_PAGES[kind], args=[dataset.slug, key])}
        for kind, rows in named.items()
        for pk, key, name in rows
    }
    return [
        event_of(entry) | {"subject": subjects.get((entry.object_type, entry.object_id))} for entry in entries
    ]


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
