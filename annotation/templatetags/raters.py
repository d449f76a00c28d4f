"""Pieces of a task's page about its raters that bring their own rows."""

from __future__ import annotations

from typing import Any

from django import template

from annotation.models import Qualification, RatingTask

register = template.Library()


@register.inclusion_tag("annotation/_ready.html", takes_context=True)
def raters_ready(context: dict[str, Any], task: RatingTask) -> dict[str, Any]:
    """Who has read the warning and passed the practice set, and a button where the lead may allow another attempt."""
    places = task.places.select_related("rater").order_by("slot")
    newest: dict[int, Qualification] = {}
    for each in Qualification.objects.filter(rubric=task.rubric_id, rater__tasks=task).order_by("attempt"):
        newest[each.rater_id] = each
    return {
        "task": task,
        "request": context.get("request"),
        "csrf_token": context.get("csrf_token"),
        "may_allow": context.get("may_close"),
        "rows": [
            {
                "rater": place.rater,
                "paused": place.paused,
                "warned": place.rater.warned_at,
                "attempt": newest.get(place.rater_id),
            }
            for place in places
        ],
    }
