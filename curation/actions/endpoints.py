"""Where models answer: named addresses with a model, its settings and an encrypted key."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext as _

from curation import llm
from curation.errors import Invalid
from curation.formats.faults import Fault
from curation.formats.objects import check_json
from curation.keys import decrypt, encrypt
from curation.log import Actor, record
from curation.models import Dataset, Endpoint
from curation.rules import require

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
KNOWN = {"name", "url", "model", "snapshot", "settings", "key"}


@transaction.atomic
def create_endpoint(actor: Actor, dataset: Dataset, spec: dict[str, Any]) -> Endpoint:
    """An endpoint from `{"name", "url", "model", "snapshot"?, "settings"?, "key"?}`.

    The same once more answers with the one that is there (and takes a new key); another address, model or setting
    under a known name is refused, because responses and judges point to it. Raises Invalid, naming the field.
    """
    require(actor, "create_endpoint", dataset)
    values = _checked(spec)
    known = Endpoint.objects.filter(dataset=dataset, name=values["name"]).first()
    if known is None:
        known = Endpoint(dataset=dataset, **values)
    elif any(getattr(known, key) != value for key, value in values.items()):
        message = _("An endpoint named %(name)s exists with other settings. Give this one another name.")
        raise Invalid(message % {"name": known.name}, field="name")
    if spec.get("key"):
        known.encrypted_key = encrypt(str(spec["key"]))
    known.save()
    record(actor, "create_endpoint", known)
    return known


def client_of(endpoint: Endpoint, *, timeout: float = 120.0, tries: int = 5) -> llm.Client:
    """A client that speaks to the endpoint; the caller closes it."""
    return llm.Client(
        url=endpoint.url,
        model=endpoint.model,
        key=decrypt(endpoint.encrypted_key),
        settings=endpoint.settings,
        timeout=timeout,
        tries=tries,
    )


def _checked(spec: dict[str, Any]) -> dict[str, Any]:
    try:
        check_json(spec)
    except Fault as fault:
        raise Invalid(_(fault.template) % {"field": fault.field, **fault.values}, field=fault.field) from None
    unknown = sorted(set(spec) - KNOWN)
    if unknown:
        raise Invalid(
            _("Unknown keys: %(keys)s. Known: %(known)s.")
            % {"keys": ", ".join(map(str, unknown)), "known": ", ".join(sorted(KNOWN))},
            field=str(unknown[0]),
        )
    name, model, snapshot = (spec.get(key, "") for key in ("name", "model", "snapshot"))
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise Invalid(_("An endpoint's name has letters, digits, - and _ only."), field="name")
    for key, value in (("model", model), ("snapshot", snapshot)):
        if not isinstance(value, str) or len(value) > 200 or (key == "model" and not value.strip()):
            raise Invalid(
                _("%(field)s must be a text of at most 200 characters.") % {"field": key}, field=key
            )
    settings = spec.get("settings") or {}
    if not isinstance(settings, dict):
        raise Invalid(_("settings must be an object with keys and values."), field="settings")
    return {
        "name": name,
        "url": _url(spec.get("url")),
        "model": model.strip(),
        "snapshot": snapshot.strip(),
        "settings": settings,
    }


def _url(given: object) -> str:
    url = given.strip().rstrip("/") if isinstance(given, str) else ""
    try:
        parts = urlsplit(url)
        sound = (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and not parts.query
            and not parts.fragment
        )
        sound = sound and parts.username is None and (parts.port is None or parts.port > 0)
    except ValueError:
        sound = False
    if not sound or len(url) > 300:
        raise Invalid(
            _(
                "url must be an http(s) address such as https://host/v1, without a name, a password or a query."
            ),
            field="url",
        )
    return url
