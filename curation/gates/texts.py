"""Texts that must not be where they are: twice in a release, or in dev and in an earlier test part."""

from __future__ import annotations

from collections import Counter, defaultdict

from django.utils.translation import gettext as _

from curation.gates.plan import Plan
from curation.models import ReleaseItem
from curation.queries import datasets_of
from curation.registry import Gate


def duplicates(plan: Plan) -> Gate:
    """No two questions are the same after folding."""
    seen: dict[str, set[int]] = defaultdict(set)
    for item in plan.items:
        seen[item.folded_hash].add(item.question)
    repeated = {folded for folded, questions in seen.items() if folded and len(questions) > 1}
    items = [i.external_id for i in plan.items if i.folded_hash in repeated]
    sentence = _("Some questions are repeated.") if items else _("No question is repeated.")
    return Gate(
        key="duplicates",
        title=_("Duplicates"),
        green=not items,
        sentence=sentence,
        items=items,
    )


def leaks(plan: Plan) -> Gate:
    """No dev question equals, after folding, a test question of any earlier or imported release on this server."""
    dev = {
        item.folded_hash: item.external_id
        for item in plan.items
        if plan.split(item) == "dev" and item.folded_hash
    }
    seen = set(datasets_of(plan.viewer).values_list("pk", flat=True)) if plan.viewer else {plan.dataset.pk}
    found: Counter[str] = Counter()
    items = []
    tests = ReleaseItem.objects.filter(split="test").values_list(
        "question_text__folded_hash", "release__name", "release__dataset"
    )
    for folded, release, dataset in tests.iterator():
        if folded in dev:
            found[release if dataset in seen else _("one you cannot see")] += 1
            items.append(dev[folded])
    sentence = (
        _("Some dev questions are test questions of: %(releases)s.") % {"releases": ", ".join(sorted(found))}
        if found
        else _("No dev question is a test question of an earlier release.")
    )
    return Gate(
        key="leaks",
        title=_("Leaks"),
        green=not found,
        sentence=sentence,
        items=sorted(set(items)),
    )
