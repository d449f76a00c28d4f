"""`{% digest_form %}`: how often the person who looks wants mail, as a form of its own."""

from __future__ import annotations

from typing import Any

from django import template

from curation.actions.digests import mail_is_set_up
from curation.models import Person

register = template.Library()


@register.inclusion_tag("curation/_digest.html", takes_context=True)
def digest_form(context: Any) -> dict[str, Any]:
    frame = context["frame"]
    return {
        "frame": frame,
        "csrf_token": context.get("csrf_token"),
        "choices": Person.Digest.choices,
        "chosen": frame["person"].digest,
        "address": frame["person"].email,
        "goes_out": mail_is_set_up(),
    }
