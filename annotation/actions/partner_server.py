"""Which Label Studio a dataset speaks to, and with which key: of its own, else of the settings."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from annotation.label_studio import Connection, Partner
from annotation.models import PartnerServer
from curation.errors import Invalid
from curation.keys import decrypt, encrypt
from curation.log import Actor, record
from curation.models import Dataset
from curation.rules import require


def address_of(dataset: Dataset) -> str:
    """The server's address; '' where none is named. Nothing is asked and no key is read."""
    own = PartnerServer.objects.filter(dataset=dataset).values_list("url", flat=True).first()
    return own or str(settings.LABEL_STUDIO_URL)


def partner_of(
    dataset: Dataset, *, pause: Callable[[float], None] = time.sleep, tries: int = 6, timeout: float = 60.0
) -> Partner:
    """A connection to the dataset's server; the caller closes it. Raises PartnerFailed where none is named."""
    own = PartnerServer.objects.filter(dataset=dataset).first()
    url, key = settings.LABEL_STUDIO_URL, settings.LABEL_STUDIO_API_KEY
    if own is not None:
        url, key = own.url, decrypt(own.encrypted_key)
    return Partner(url=url, key=key, pause=pause, tries=tries, timeout=timeout)


def at_once(dataset: Dataset) -> Partner:
    """A connection without patience: a page waits for it."""
    return partner_of(dataset, tries=1, timeout=5.0)


def test_of(dataset: Dataset) -> Connection:
    """Try the connection, without patience. Raises PartnerFailed with what to do."""
    with at_once(dataset) as partner:
        return partner.test()


def connect(actor: Actor, dataset: Dataset, spec: dict[str, Any]) -> Connection:
    """Keep `{"url", "key"}` as the dataset's server, the key encrypted, once the connection was tried.

    For the operator: an address is never taken from a page. Raises Invalid, naming the field.
    """
    require(actor, "connect_partner", dataset)
    url, key = _checked(spec)
    with Partner(url=url, key=key, tries=2, timeout=10.0) as partner:
        found = partner.test()
    with transaction.atomic():
        server, _new = PartnerServer.objects.update_or_create(
            dataset=dataset, defaults={"url": url, "encrypted_key": encrypt(key)}
        )
        record(actor, "connect_partner", server)
    return found


def _checked(spec: dict[str, Any]) -> tuple[str, str]:
    if set(spec) != {"url", "key"} or not all(isinstance(value, str) for value in spec.values()):
        raise Invalid(_("The file must hold one object with the texts url and key."), field="url")
    url = spec["url"].strip().rstrip("/")
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
        sound = sound and not parts.query and not parts.fragment and (parts.port is None or parts.port > 0)
    except ValueError:
        sound = False
    if not sound or len(url) > 300 or not url.isprintable() or not url.isascii():
        raise Invalid(_("url must be an http(s) address without a name, a password or a query."), field="url")
    return url, spec["key"].strip()
