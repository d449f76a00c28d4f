"""Where models answer: named addresses with a model, its settings and an encrypted key."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from curation import llm
from curation.actions.datasets import take_turns
from curation.errors import Invalid
from curation.formats.faults import Fault
from curation.formats.objects import check_json
from curation.keys import decrypt, encrypt
from curation.log import Actor, record
from curation.models import Dataset, Endpoint
from curation.pacing import Limits
from curation.rules import require

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
KNOWN = {"name", "url", "model", "snapshot", "settings", "limits", "prices", "key"}
CHANGEABLE = ("limits", "prices")
MOST_IN_FLIGHT = 256


@transaction.atomic
def create_endpoint(actor: Actor, dataset: Dataset, spec: dict[str, Any]) -> Endpoint:
    """An endpoint from `{"name", "url", "model", "snapshot"?, "settings"?, "limits"?, "prices"?, "key"?}`.

    The same once more answers with the one that is there, and takes a new key, limits and prices; another address,
    model or setting under a known name is refused, because responses and judges point to it. Raises Invalid, naming
    the field.
    """
    require(actor, "create_endpoint", dataset)
    take_turns(dataset)
    values = _checked(spec)
    changes = {name: values.pop(name) for name in CHANGEABLE}
    known = Endpoint.objects.filter(dataset=dataset, name=values["name"]).first()
    if known is None:
        known = Endpoint(dataset=dataset, **values)
    elif any(getattr(known, key) != value for key, value in values.items()):
        message = _("An endpoint named %(name)s exists with other settings. Give this one another name.")
        raise Invalid(message % {"name": known.name}, field="name")
    for changed in set(CHANGEABLE) & set(spec):
        setattr(known, changed, changes[changed])
    if spec.get("key"):
        known.encrypted_key = encrypt(str(spec["key"]))
    known.save()
    record(actor, "create_endpoint", known)
    return known


def client_of(
    endpoint: Endpoint, *, timeout: float | None = None, tries: int | None = None, at_once: int | None = None
) -> llm.Client:
    """A client that speaks to the endpoint within its limits; the caller closes it. `at_once` lowers its in_flight.

    It waits as long as the endpoint last asked anybody to.
    """
    limits = limits_of(endpoint)
    if at_once is not None:
        limits = replace(limits, in_flight=max(1, min(at_once, limits.in_flight)))
    client = llm.Client(
        url=endpoint.url,
        model=endpoint.model,
        key=decrypt(endpoint.encrypted_key),
        settings=endpoint.settings,
        limits=limits,
        timeout=timeout,
        tries=tries,
    )
    asked = endpoint.closed_until
    if asked is not None and (left := (asked - timezone.now()).total_seconds()) > 0:
        client.pacer.hold(left)
    return client


def limits_of(endpoint: Endpoint) -> Limits:
    return Limits(**endpoint.limits)


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
        "limits": _limits(spec.get("limits", {})),
        "prices": _prices(spec.get("prices", {})),
    }


def _limits(given: object) -> dict[str, float]:
    """Above zero each; whole numbers where they count."""
    known = {one.name: one for one in fields(Limits)}
    if not isinstance(given, dict) or set(given) - set(known):
        raise Invalid(_("limits may hold: %(known)s.") % {"known": ", ".join(known)}, field="limits")
    for name, value in given.items():
        counts = "int" in str(known[name].type)
        kinds = (int,) if counts else (int, float)
        most = MOST_IN_FLIGHT if name == "in_flight" else 1_000_000_000
        if isinstance(value, bool) or not isinstance(value, kinds) or not 0 < value <= most:
            message = _("%(field)s must be a number above 0 and at most %(most)d.")
            raise Invalid(message % {"field": f"limits.{name}", "most": most}, field="limits")
    return given


def _prices(given: object) -> dict[str, Any]:
    known = ("input", "output", "currency")
    sound = isinstance(given, dict) and not set(given) - set(known)
    if sound and isinstance(given, dict) and given:
        sound = isinstance(given.get("currency", "USD"), str) and len(given.get("currency", "USD")) <= 10
        for name in ("input", "output"):
            value: Any = given.get(name)
            sound = sound and isinstance(value, (int, float)) and not isinstance(value, bool)
            sound = sound and 0 <= value < 1_000_000
    if not sound or not isinstance(given, dict):
        message = _("prices hold input and output, money for a million tokens, and a currency such as USD.")
        raise Invalid(message, field="prices")
    return given and {"currency": "USD", **given}


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
