"""Whether the terms under which items came in allow what the release's own terms say."""

from __future__ import annotations

from django.utils.translation import gettext as _

from curation.access import as_it_stands
from curation.compatibility import obstacles
from curation.gates.plan import Plan
from curation.registry import Finding, Gate


def rights(plan: Plan) -> Gate:
    """Every item may go out under the release's own terms (curation.compatibility has the table of cases)."""
    release = as_it_stands(plan.rights) if plan.rights else None
    why: dict[int | None, list[str]] = {None: []}
    for terms in plan.dataset.rights.order_by("pk"):
        found = obstacles(as_it_stands(terms), release)
        why[terms.pk] = [_(sentence) % {"name": terms.name} for sentence in found]
    findings = [
        Finding(key=item.external_id, why=sentence) for item in plan.items for sentence in why[item.rights]
    ]
    if findings:
        sentence = _("The terms of some items do not go with those of the release.")
    else:
        sentence = _("The terms of all items go with those of the release.")
    return Gate(key="rights", title=_("Rights"), green=not findings, sentence=sentence, findings=findings)
