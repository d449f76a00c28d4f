"""Whether the terms under which items came in allow what the release's own terms say."""

from __future__ import annotations

from django.utils.translation import gettext as _

from curation.gates.plan import Plan
from curation.registry import Gate


def rights(plan: Plan) -> Gate:
    """Every item may be passed on under its terms."""
    bound = set(plan.dataset.rights.filter(redistributable=False).values_list("pk", flat=True))
    items = [item.external_id for item in plan.items if item.rights in bound]
    sentence = (
        _("Some items must not be redistributed: only their ids can be exported.")
        if items
        else _("Every item may be redistributed.")
    )
    return Gate(key="rights", title=_("Rights"), green=not items, sentence=sentence, items=items)
