"""Whether the translations that go along are approved and say what the frozen text says."""

from __future__ import annotations

from collections import Counter

from django.utils.translation import gettext as _

from curation.gates.plan import Plan
from curation.models import Translation
from curation.registry import Finding, Gate

State = Translation.State
MISSING, STALE = "missing", "stale"


def translations(plan: Plan) -> Gate:
    """Every item goes out in every chosen locale, or without it because the manager chose so."""
    states = _states(plan)
    words = {
        MISSING: _("It has no translation yet."),
        STALE: _("Its translation is out of date."),
        State.DRAFT: _("Its translation is a draft."),
        State.IN_REVIEW: _("Its translation is in review."),
        State.NEEDS_CHANGES: _("Its translation was sent back."),
    }
    counted: Counter[str] = Counter()
    findings = []
    for item in plan.items:
        for locale in plan.unfinished.get(item.item, ()):
            state = states.get((item.item, locale), MISSING)
            counted[state] += 1
            why = words[state]
            findings.append(Finding(key=item.external_id, kind="translation", why=why, other=locale))
    return Gate(
        key="translations",
        title=_("Translations"),
        green=plan.left_out or not findings,
        sentence=_sentence(plan, counted),
        findings=findings,
    )


def _states(plan: Plan) -> dict[tuple[int, str], str]:
    """The state of translations that cannot go along; an approved one of these is of an earlier text."""
    if not plan.unfinished:
        return {}
    rows = Translation.objects.filter(item__dataset=plan.dataset, locale__in=plan.locales)
    found = {}
    for item, locale, state in rows.order_by().values_list("item", "locale", "state").iterator(2000):
        if locale in plan.unfinished.get(item, ()):
            found[item, locale] = STALE if state == State.APPROVED else state
    return found


def _sentence(plan: Plan, counted: Counter[str]) -> str:
    if not plan.locales:
        return _("No translation goes along.")
    locales = ", ".join(plan.locales)
    if not counted:
        return _("Every item has an approved translation in: %(locales)s.") % {"locales": locales}
    message = (
        _("Left out by choice: %(n)d translations.")
        if plan.left_out
        else _("%(n)d translations are not ready.")
    )
    labels = (
        (MISSING, _("Missing: %(n)d.")),
        (STALE, _("Out of date: %(n)d.")),
        (State.DRAFT, _("Draft: %(n)d.")),
        (State.IN_REVIEW, _("In review: %(n)d.")),
        (State.NEEDS_CHANGES, _("Sent back: %(n)d.")),
    )
    parts = [label % {"n": counted[state]} for state, label in labels if counted[state]]
    return " ".join([message % {"n": counted.total()}, *parts])
