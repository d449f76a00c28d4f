"""Data of real people that must not be published with the texts."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from curation.gates.plan import Plan, PlanItem
from curation.queries import texts_by_hash
from curation.registry import Finding, Gate
from curation.scanned import found_in

LOOKS = {
    "mail": gettext_noop("It looks like a mail address."),
    "phone": gettext_noop("It looks like a telephone number."),
    "postal_code": gettext_noop("It looks like a postal code."),
    "my_number": gettext_noop("It looks like a My Number."),
    "card": gettext_noop("It looks like a card number."),
    "name": gettext_noop("It looks like a person's full name."),
}
IN_QUESTION, IN_ANSWER = gettext_noop("In the question."), gettext_noop("In the answer.")
IN_TRANSLATION = gettext_noop("In the translation: %(locale)s.")


def personal_data(plan: Plan) -> Gate:
    """No question, answer or translation holds what looks like a real person's data. Findings repeat none of it."""
    asked = (text for item in plan.items for text, _part, _locale in _texts(plan, item))
    hits = found_in(asked, texts_by_hash, dataset=plan.dataset.pk)
    kinds = {text: sorted({each.kind for each in found}) for text, found in hits.items()}
    findings = []
    if kinds:
        for item in plan.items:
            for text, part, locale in _texts(plan, item):
                for kind in kinds.get(text, ()):
                    why = f"{_(part) % {'locale': locale}} {_(LOOKS[kind])}"
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


def _texts(plan: Plan, item: PlanItem) -> Iterator[tuple[str, str, str]]:
    """(hash, where, locale) of every text of an item that would go out."""
    yield item.question_hash, IN_QUESTION, ""
    if item.answer_hash:
        yield item.answer_hash, IN_ANSWER, ""
    for locale, parts in plan.translations.get(item.item, {}).items():
        for text in filter(None, parts.values()):
            yield text, IN_TRANSLATION, locale
