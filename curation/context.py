"""What every page gets: who is here, in which dataset, what the side bar holds."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from curation import registry
from curation.models import Dataset, Person
from curation.queries import ITEM_ROLES, datasets_of
from curation.rules import roles_of
from curation.worker import worker_listening


def frame(request: HttpRequest) -> dict[str, Any]:
    """The context processor; lazy, so that answers without a page (the API, fragments) pay nothing."""
    return {"frame": SimpleLazyObject(lambda: _frame(request))}


def _frame(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    person = user if isinstance(user, Person) else None
    dataset: Dataset | None = getattr(request, "dataset", None)
    # Each part is asked for by whoever shows it: a fragment that names the dataset pays for no side bar.
    datasets = SimpleLazyObject(lambda: list(datasets_of(person)) if person else [])
    if dataset is None and person:
        chosen = request.session.get("dataset")
        dataset = next(
            (known for known in datasets if known.slug == chosen),
            datasets[0] if datasets else None,
        )
    roles = roles_of(person, dataset) if person and dataset else set()
    nav = SimpleLazyObject(lambda: _nav(request, person, dataset, roles) if person and dataset else [])
    return {
        "person": person,
        "dataset": dataset,
        "datasets": datasets,
        "roles": roles,
        "nav": nav,
        # What waits, by the key of its line: a page that says it counts nothing anew.
        "waiting": SimpleLazyObject(lambda: {line["key"]: line["count"] for part in nav for line in part}),
        "bell": bool(dataset and roles & ITEM_ROLES),
        "demo": settings.TEINEI_DEMO,
        "support": settings.TEINEI_SUPPORT_CONTACT,
        "worker_missing": SimpleLazyObject(lambda: bool(person) and not worker_listening()),
    }


def _nav(
    request: HttpRequest, person: Person, dataset: Dataset, roles: set[str]
) -> list[list[dict[str, Any]]]:
    sections: dict[int, list[dict[str, Any]]] = {}
    for entry in registry.nav():
        if entry.roles and not entry.roles & roles:
            continue
        try:
            url = reverse(entry.url_name, kwargs={"dataset": dataset.slug})
        except NoReverseMatch:
            url = reverse(entry.url_name)
        count = entry.count(person, dataset) if entry.count else None
        if entry.only_waiting and not count:
            continue
        sections.setdefault(entry.section, []).append(
            {
                "key": entry.key,
                "label": entry.label,
                "url": url,
                "icon": entry.icon,
                "count": count,
                "shortcut": entry.shortcut,
                "active": request.path == url
                or (entry.key != "home" and request.path.startswith((url, *_also(entry, dataset)))),
            }
        )
    return [sections[key] for key in sorted(sections)]


def _also(entry: registry.NavEntry, dataset: Dataset) -> list[str]:
    return [reverse(name, kwargs={"dataset": dataset.slug}) for name in entry.also]
