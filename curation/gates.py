"""What has to hold before a version is frozen. Each gate names its items, so that they can be mended."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from curation.models import (
    Category,
    Dataset,
    Item,
    Person,
    Question,
    ReleaseItem,
    Revision,
)
from curation.queries import datasets_of
from curation.registry import Gate


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What would be frozen: items with their approved revisions loaded, and every question's split."""

    dataset: Dataset
    items: Sequence[Item]
    splits: dict[int, str]
    test_per_leaf: int
    viewer: Person | None = None

    def split(self, item: Item) -> str:
        return self.splits[item.question_id]


def releasable(dataset: Dataset) -> list[Item]:
    """Items with an approved revision that are neither withdrawn nor rejected, in the order of a release."""
    gone = [Item.State.WITHDRAWN, Item.State.REJECTED]
    items = (
        Item.objects.filter(dataset=dataset, approved_revision__isnull=False)
        .exclude(state__in=gone)
        .select_related(
            "question",
            "rights",
            "approved_revision__category",
            "approved_revision__question_text",
            "approved_revision__answer_text",
        )
    )
    return sorted(items, key=lambda item: (_revision(item).category.position, item.external_id))


def _revision(item: Item) -> Revision:
    assert item.approved_revision is not None
    return item.approved_revision


def approved(plan: Plan) -> Gate:
    """Every item has an approved revision with an answer; nothing unapproved is ever a candidate."""
    bare = [item.external_id for item in plan.items if not _revision(item).answer]
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
            held[_revision(item).category_id].add(item.question_id)
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
    items = [item.external_id for item in plan.items if _revision(item).category.provisional]
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


def duplicates(plan: Plan) -> Gate:
    """No two questions are the same after folding."""
    seen: dict[str, set[int]] = defaultdict(set)
    for item in plan.items:
        seen[_revision(item).question_text.folded_hash].add(item.question_id)
    repeated = {folded for folded, questions in seen.items() if folded and len(questions) > 1}
    items = [i.external_id for i in plan.items if _revision(i).question_text.folded_hash in repeated]
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
        _revision(item).question_text.folded_hash: item.external_id
        for item in plan.items
        if plan.split(item) == "dev" and _revision(item).question_text.folded_hash
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


def rights(plan: Plan) -> Gate:
    """Every item may be passed on under its terms."""
    items = [item.external_id for item in plan.items if item.rights and not item.rights.redistributable]
    sentence = (
        _("Some items must not be redistributed: only their ids can be exported.")
        if items
        else _("Every item may be redistributed.")
    )
    return Gate(key="rights", title=_("Rights"), green=not items, sentence=sentence, items=items)


GATES: tuple[Callable[[Plan], Gate], ...] = (
    approved,
    quota,
    provisional,
    duplicates,
    leaks,
    rights,
)
NEVER_WAIVED = frozenset({"approved", "leaks"})


def check(plan: Plan) -> list[Gate]:
    """What every gate says of the plan."""
    return [gate(plan) for gate in GATES]


def known_splits(items: Sequence[Item]) -> dict[int, str]:
    """Splits that questions have already: permanent in every version."""
    none = Question.Split.NONE
    return {item.question_id: item.question.split for item in items if item.question.split != none}
