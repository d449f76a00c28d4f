"""Keeping what somebody types before it is handed in, whatever they write: nothing is overwritten unseen."""

from __future__ import annotations

from typing import Any, TypeVar

from django.utils.translation import gettext as _

from curation.errors import Conflict
from curation.models import CodebookDraft, GuidelineDraft, TranslationDraft

Kept = TypeVar("Kept", GuidelineDraft, CodebookDraft, TranslationDraft)


def keep(draft: Kept, *, version: int, client_id: str, **fields: Any) -> Kept:
    """Write the fields into the person's own draft. `version` is the one the page last saw.

    The same client id twice is the same save. Raises Conflict where another window has saved since: nothing is
    overwritten, and the caller shows both texts.
    """
    if client_id and draft.client_id == client_id:
        return draft
    if draft.version != version:
        raise Conflict(_("This draft was changed in another window. Both texts are kept."))
    for name, value in fields.items():
        setattr(draft, name, value)
    draft.version, draft.client_id = version + 1, client_id
    draft.save()
    return draft
