"""The names under which people's work is seen by those who judge it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from curation.models import Person


def alias(person: Person | None) -> str:
    """The name under which a writer's work is reviewed."""
    if person is None:
        return _("Imported")
    return person.pseudonym or _("Writer %(n)d") % {"n": person.pk}
