"""Whether people have said yes to what would go out, and whether it is enough."""

from __future__ import annotations

from collections import defaultdict

from django.utils.translation import gettext as _

from curation.gates.plan import Plan
from curation.models import Category
from curation.registry import Gate


def approved(plan: Plan) -> Gate:
    """Every item has an approved revision with an answer; nothing unapproved is ever a candidate."""
    bare = [item.external_id for item in plan.items if not item.answer_hash]
    empty = not plan.items
    sentence = (
        _("There is no approved item yet.")
        if empty
        else _("Every item has an approved question and answer.")
        if not bare
        else _("Some approved items have no answer.")
    )
    return Gate(
        key="approved",
        title=_("Approved"),
        green=not bare and not empty,
        sentence=sentence,
        items=bare,
    )


def quota(plan: Plan) -> Gate:
    """Every leaf that has a target for test holds K test questions."""
    held: dict[int, set[int]] = defaultdict(set)
    for item in plan.items:
        if plan.split(item) == "test":
            held[item.category].add(item.question)
    wanted = Category.objects.filter(
        quotas__dataset=plan.dataset,
        quotas__split="test",
        quotas__target__gt=0,
        provisional=False,
    ).distinct()
    short = [leaf.name for leaf in wanted if len(held[leaf.pk]) < plan.test_per_leaf]
    sentence = _("%(short)d of %(all)d categories hold fewer than %(k)d test questions.") % {
        "short": len(short),
        "all": len(wanted),
        "k": plan.test_per_leaf,
    }
    return Gate(key="quota", title=_("Quota"), green=not short, sentence=sentence, items=short)


def provisional(plan: Plan) -> Gate:
    """No item stands in a category whose label is not settled."""
    items = [item.external_id for item in plan.items if plan.category(item).provisional]
    sentence = (
        _("Some items stand in a provisional category.")
        if items
        else _("No item stands in a provisional category.")
    )
    return Gate(
        key="provisional",
        title=_("Labels"),
        green=not items,
        sentence=sentence,
        items=items,
    )
