"""Data of real people that must not be published with the texts."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from curation.gates.plan import Plan, PlanItem, bodies
from curation.personal_data import personal_data as found_in
from curation.registry import Finding, Gate

LOOKS = {
    "mail": gettext_noop("It looks like a mail address."),
    "phone": gettext_noop("It looks like a telephone number."),
    "postal_code": gettext_noop("It looks like a postal code."),
    "my_number": gettext_noop("It looks like a My Number."),
    "card": gettext_noop("It looks like a card number."),
    "name": gettext_noop("It looks like a person's full name."),
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
                    why = f"{part} {_(LOOKS[kind])}"
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
    """(where, hash) of every text of an item that would go out."""
    yield _("In the question."), item.question_hash
    if item.answer_hash:
        yield _("In the answer."), item.answer_hash
    for locale, parts in plan.translations.get(item.item, {}).items():
        for text in filter(None, parts.values()):
            yield _("In the translation: %(locale)s.") % {"locale": locale}, text
