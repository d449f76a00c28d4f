"""Data of real people that must not be published with the texts."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from curation.gates.plan import Plan, PlanItem, bodies
from curation.personal_data import personal_data as found_in
from curation.registry import Finding, Gate

PLACES = {
    "mail": gettext_noop("What looks like a mail address stands in: %(part)s."),
    "phone": gettext_noop("What looks like a telephone number stands in: %(part)s."),
    "postal_code": gettext_noop("What looks like a postal code stands in: %(part)s."),
    "my_number": gettext_noop("What looks like a My Number stands in: %(part)s."),
    "card": gettext_noop("What looks like a card number stands in: %(part)s."),
    "name": gettext_noop("What looks like a person's full name stands in: %(part)s."),
}


def personal_data(plan: Plan) -> Gate:
    """No question, answer or translation holds what looks like a real person's data. Findings repeat none of it."""
    hits = {
        text: sorted({found.kind for found in kinds})
        for text, body in bodies([text for item in plan.items for _part, text in _texts(plan, item)])
        if (kinds := found_in(body))
    }
    findings = []
    if hits:
        for item in plan.items:
            for part, text in _texts(plan, item):
                for kind in hits.get(text, ()):
                    why = _(PLACES[kind]) % {"part": part}
                    findings.append(Finding(key=item.external_id, why=why))
    sentence = (
        _(
            "Some texts hold what looks like a person's data. Mend them, or let a second person say why it may stand."
        )
        if findings
        else _("No text holds what looks like a person's data.")
    )
    return Gate(
        key="personal_data",
        title=_("Personal data"),
        green=not findings,
        sentence=sentence,
        findings=findings,
    )


def _texts(plan: Plan, item: PlanItem) -> Iterator[tuple[str, str]]:
    """(part, hash) of every text of an item that would go out."""
    yield "question", item.question_hash
    if item.answer_hash:
        yield "answer", item.answer_hash
    for locale, parts in plan.translations.get(item.item, {}).items():
        for part, text in parts.items():
            if text:
                yield f"{part} ({locale})", text
