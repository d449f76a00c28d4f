"""Which ratings rest on items that were taken out of a release."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_noop

from annotation.models import Rating, Response, TaskResponse
from annotation.queries import tasks_visible_to
from curation.models import Person, Release
from curation.registry import Use, Withdrawn


def responses_to(withdrawn: Withdrawn) -> QuerySet[Response]:
    """Responses to the items; where a response has no item, those to the same question."""
    of_text = Q(item=None, question_text__in=list(withdrawn.texts))
    asked = Q(item__in=list(withdrawn.items)) | of_text
    return Response.objects.filter(asked, dataset=withdrawn.release.dataset_id).order_by()


def tasks_with(withdrawn: Withdrawn) -> Iterator[Use]:
    """Rating tasks whose population holds responses to the items, with how many ratings those got."""
    responses = responses_to(withdrawn).values("pk")
    held: dict[tuple[int, str], list[tuple[int | None, str | None]]] = {}
    rows = TaskResponse.objects.filter(response__in=responses).order_by("task")
    columns = ("task", "task__name", "response__item", "response__question_text")
    for task, name, item, text in rows.values_list(*columns):
        held.setdefault((task, name), []).append((item, text))
    standing = Rating.objects.filter(response__in=responses, superseded=False).order_by()
    ratings = dict(standing.values_list("task").annotate(n=Count("pk")))
    slug = withdrawn.release.dataset.slug
    for (task, name), pairs in held.items():
        yield Use(
            kind=gettext_noop("rating task"),
            key=task,
            name=name,
            url=reverse("annotation:task", kwargs={"dataset": slug, "pk": task}),
            items=withdrawn.names(pairs),
            means=gettext_noop("Responses to withdrawn items: %(responses)s. Ratings of them: %(ratings)s."),
            values={"responses": len(pairs), "ratings": ratings.get(task, 0)},
        )


SHOWN = 20


def tasks_on(*, person: Person, release: Release) -> dict[str, Any] | None:
    """For the release's page: the tasks about its items, as far as the person may see them."""
    tasks = list(tasks_visible_to(person, release.dataset).filter(release=release).order_by("-pk")[:SHOWN])
    return {"tasks": tasks} if tasks else None
