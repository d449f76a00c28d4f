"""How far each leaf of the taxonomy has come, and which of them a person wants to see nothing of.

Leaves are counted from the items' own column, over a covering index: no text and no revision is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from curation.models import (
    Category,
    Dataset,
    Draft,
    Item,
    OptOut,
    Person,
    Question,
    Quota,
    Revision,
    Routine,
)
from curation.models.people import LARGEST
from curation.models.taxonomy import LEVELS
from curation.prepared import Prepared, moment_slot, slot

S = Item.State
OUT = (S.REJECTED, S.WITHDRAWN)
DATASET, LEAF, TAXONOMY, PERSON = slot(1), slot(2), slot(3), slot(4)
NOW = moment_slot(1)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A leaf in numbers of items. `target` is the sum over splits; `reserved` are begun questions that keep a place."""

    category: Category
    target: int = 0
    approved: int = 0
    in_work: int = 0
    reserved: int = 0

    @property
    def held(self) -> int:
        """What counts against the caps."""
        return self.approved + self.in_work + self.reserved

    @property
    def missing(self) -> int:
        return max(self.target - self.held, 0)

    @property
    def need(self) -> float:
        """The share of the target that nobody works on yet, 0 to 1."""
        return self.missing / self.target if self.target else 0.0


_TREE = Prepared(lambda: Category.objects.filter(taxonomy=TAXONOMY))
_LEAF = Prepared(
    lambda: Category.objects.filter(taxonomy=TAXONOMY, level=LEVELS, pk=LEAF).select_related("parent__parent")
)


def leaves_of(dataset: Dataset, *, but: Collection[int] = ()) -> list[Category]:
    """The leaves of the dataset's taxonomy with what stands above them, in its order, without those in `but`.

    Each category is one object, however many stand below it.
    """
    tree = {each.pk: each for each in _TREE.rows({TAXONOMY: dataset.taxonomy_id})}
    for each in tree.values():
        each.parent = tree[each.parent_id] if each.parent_id else None
    return [each for each in tree.values() if each.is_leaf and each.pk not in but]


def leaf_of(dataset: Dataset, key: int) -> Category | None:
    """One of them, with what stands above it."""
    known = 0 < key <= LARGEST
    return _LEAF.first({TAXONOMY: dataset.taxonomy_id, LEAF: key}) if known else None


def standing(cell: Cell, routine: Routine) -> str:
    """How a leaf stands to the caps: open, soft (others need people more), full (no more are taken), or closed.

    closed: provisional, nothing is wanted there yet. A leaf without a target has no cap. A cap is rounded up.
    """
    if cell.category.provisional:
        return "closed"
    if not cell.target:
        return "open"
    percent = 100 * cell.held
    if routine.hard_cap is not None and percent >= cell.target * routine.hard_cap:
        return "full"
    return "soft" if percent >= cell.target * routine.soft_cap else "open"


def neediest(cells: Iterable[Cell], routine: Routine, *, limit: int) -> list[Cell]:
    """The open leaves that lack the largest share of their target, and of these the ones that lack most."""
    lacking = [each for each in cells if each.missing and standing(each, routine) == "open"]
    return sorted(lacking, key=lambda each: (-each.need, -each.missing))[:limit]


def coverage(dataset: Dataset, *, but: Collection[int] = ()) -> list[Cell]:
    """A cell per leaf of the taxonomy, in its order, without the leaves in `but`."""
    return _counted(leaves_of(dataset, but=but), _ALL, {DATASET: dataset.pk})


def cell(dataset: Dataset, leaf: Category) -> Cell:
    """One leaf: as many queries as the whole map, over its own rows alone."""
    return _counted([leaf], _ONE, {DATASET: dataset.pk, LEAF: leaf.pk})[0]


class _Counts:
    """The three queries that count leaves, all of them or one."""

    def __init__(self, within: Q) -> None:
        live = Count("pk", filter=Q(reserved_until__gt=NOW))
        self.states = Prepared(
            lambda: self.items(within).values_list("category", "state").annotate(n=Count("pk"))
        )
        self.begun = Prepared(
            lambda: (
                self.items(within)
                .filter(state=S.DRAFT, current_revision=None)
                .values_list("category")
                .annotate(n=Count("pk"), live=live)
            )
        )
        self.targets = Prepared(
            lambda: Quota.objects.filter(within, dataset=DATASET).values_list("category_id", "target")
        )

    def items(self, within: Q) -> QuerySet[Item]:
        return Item.objects.filter(within, dataset=DATASET).order_by()


_ALL, _ONE = _Counts(Q()), _Counts(Q(category=LEAF))


def _counted(leaves: Collection[Category], of: _Counts, where: dict[Any, Any]) -> list[Cell]:
    numbers: dict[int, Counter[str]] = {leaf.pk: Counter() for leaf in leaves}
    elsewhere: Counter[str] = Counter()
    for leaf, state, n in of.states.tuples(where):
        if state not in OUT:
            numbers.get(leaf, elsewhere)["approved" if state == S.APPROVED else "in_work"] += n
    for leaf, n, reserved in of.begun.tuples(where | {NOW: timezone.now()}):
        numbers.get(leaf, elsewhere).update(in_work=-n, reserved=reserved)
    for leaf, target in of.targets.tuples(where):
        numbers.get(leaf, elsewhere)["target"] += target
    return [Cell(category=leaf, **numbers[leaf.pk]) for leaf in leaves]


def approved_by_split(dataset: Dataset) -> dict[int, dict[str, int]]:
    """Leaf -> approved items per split, of questions that have one."""
    rows = (
        Item.objects.filter(dataset=dataset, state=S.APPROVED)
        .exclude(question__split=Question.Split.NONE)
        .order_by()
        .values_list("category", "question__split")
        .annotate(n=Count("pk"))
    )
    counts: dict[int, dict[str, int]] = {}
    for leaf, split, n in rows:
        counts.setdefault(leaf or 0, {})[split] = n
    return counts


def quotas_of(dataset: Dataset) -> dict[int, dict[str, int]]:
    """Leaf -> its target per split, where it has one."""
    targets: dict[int, dict[str, int]] = {}
    for leaf, split, target in dataset.quotas.values_list("category_id", "split", "target"):
        targets.setdefault(leaf, {})[split] = target
    return targets


_ROUTINE = Prepared(lambda: Routine.objects.filter(dataset=DATASET))


def routine_of(dataset: Dataset) -> Routine:
    """How the dataset's people work; the defaults where nobody has said."""
    return _ROUTINE.first({DATASET: dataset.pk}) or Routine(dataset=dataset)


def known_routine(dataset: Dataset) -> Routine:
    """The same as it was when the dataset was read: no query where it was loaded along (`dataset__routine`)."""
    return getattr(dataset, "routine", None) or Routine()


def expected_leaf() -> Coalesce:
    """What `Item.category` has to hold: the leaf of the newest revision, else the one its author's draft has chosen."""
    revision = Revision.objects.filter(pk=OuterRef("current_revision"))
    draft = Draft.objects.filter(item=OuterRef("pk"), person=OuterRef("author"))
    return Coalesce(Subquery(revision.values("category")), Subquery(draft.values("category")))


def astray() -> QuerySet[Item]:
    """Items, of all datasets, whose column says another leaf than their texts do: there should be none."""
    items = Item.objects.annotate(expected=expected_leaf())
    only_one = Q(category=None, expected__isnull=False) | Q(category__isnull=False, expected=None)
    both = Q(category__isnull=False, expected__isnull=False)
    return items.filter(only_one | (both & ~Q(category=F("expected"))))


def spared(items: QuerySet[Item], person: Person | int) -> QuerySet[Item]:
    """The items without those in categories that the person opted out of: no query more than before.

    Each item is asked about itself alone, so that the first ones cost the same in a dataset of any size.
    """
    steps = ("category", "category__parent", "category__parent__parent")
    above = Q(*(("category", OuterRef(step)) for step in steps), _connector=Q.OR)
    return items.filter(~Exists(OptOut.objects.filter(above, person=person)))


_CLOSED = Prepared(
    lambda: OptOut.objects.filter(person=PERSON, category__taxonomy=TAXONOMY).values_list("category__path")
)


def opted_out(person: Person, taxonomy: int) -> dict[int, str]:
    """The categories of a taxonomy, with their paths, that the person wants to see nothing of, and all under them."""
    paths = [path for (path,) in _CLOSED.tuples({PERSON: person.pk, TAXONOMY: taxonomy})]
    if not paths:
        return {}
    under = Q()
    for path in paths:
        under |= Q(path=path) | Q(path__startswith=f"{path}\t")
    return dict(Category.objects.filter(under, taxonomy=taxonomy).values_list("pk", "path"))
