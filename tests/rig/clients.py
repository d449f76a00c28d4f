"""Who asks for pages without a browser."""

from __future__ import annotations

from django.test import Client

from curation.models import Person


def signed_in(person: Person) -> Client:
    """A client of the person's own, whose browser prefers English."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client
