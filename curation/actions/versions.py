"""What versions of the guideline and of the reasons share: what is new in one is said, none is passed over, one is signed."""

from __future__ import annotations

from typing import TypeVar

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from curation.errors import Conflict, Invalid
from curation.log import Actor, record
from curation.models import Codebook, Guideline
from curation.rules import require

Signed = TypeVar("Signed", Guideline, Codebook)
LONGEST_NOTE = 2000  # characters of what is new


def overtaken(version: int) -> Conflict:
    """The error for whoever wrote the next version while another one came."""
    message = _("Version %(version)d was made meanwhile. Look at it, then save yours as the one after it.")
    return Conflict(message % {"version": version})


def need_note(changed: str) -> None:
    """Raises Invalid where the version does not say what is new in it, or says it at too great a length."""
    if not changed:
        raise Invalid(_("Say what is new, for those who know the version before."), field="changed")
    if len(changed) > LONGEST_NOTE:
        message = _("The text has %(n)d characters; at most %(most)d are possible.")
        raise Invalid(message % {"n": len(changed), "most": LONGEST_NOTE}, field="changed")


@transaction.atomic
def sign(actor: Actor, version: Signed) -> Signed:
    """Take a version on for those who work by it: its "unreviewed" mark goes. The first signature stands."""
    require(actor, "sign", version)
    rows = type(version)._default_manager.filter(pk=version.pk, signed_at=None)
    fresh = rows.update(signed_by=actor, signed_at=timezone.now())
    version.refresh_from_db(fields=["signed_by", "signed_at"])
    if fresh:
        record(actor, "sign", version, dataset=version.dataset, version=version.version)
    return version
