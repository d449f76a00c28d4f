"""How far each leaf of the taxonomy has come, and which of them a person wants to see nothing of.

Leaves are counted from the items' own column, over a covering index: no text and no revision is read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

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
    Revision,
    Routine,
)

S = Item.State
OUT = (S.REJECTED, S.WITHDRAWN)


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


def leaves_of(dataset: Dataset, *, but: Collection[int] = ()) -> list[Category]:
    """The leaves of the dataset's taxonomy with what stands above them, in its order, without those in `but`."""
    leaves = Category.objects.filter(taxonomy=dataset.taxonomy_id, level=3).select_related("parent__parent")
    return [leaf for leaf in leaves if leaf.pk not in but]


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
    return _counted(dataset, leaves_of(dataset, but=but), Q())


def cell(dataset: Dataset, leaf: Category) -> Cell:
    """One leaf: as many queries as the whole map, over its own rows alone."""
    return _counted(dataset, [leaf], Q(category=leaf))[0]


def _counted(dataset: Dataset, leaves: Collection[Category], within: Q) -> list[Cell]:
    cells = {leaf.pk: Cell(category=leaf) for leaf in leaves}

    def add(leaf: int | None, **numbers: int) -> None:
        if (found := cells.get(leaf or 0)) is not None:
            summed = {name: getattr(found, name) + n for name, n in numbers.items()}
            cells[found.category.pk] = replace(found, **summed)

    rows = Item.objects.filter(within, dataset=dataset).order_by()
    for leaf, state, n in rows.values_list("category", "state").annotate(n=Count("pk")):
        if state == S.APPROVED:
            add(leaf, approved=n)
        elif state not in OUT:
            add(leaf, in_work=n)
    live = Count("pk", filter=Q(reserved_until__gt=timezone.now()))
    begun = rows.filter(state=S.DRAFT, current_revision=None).values_list("category")
    for leaf, n, reserved in begun.annotate(n=Count("pk"), live=live):
        add(leaf, in_work=-n, reserved=reserved)
    for leaf, target in dataset.quotas.filter(within).values_list("category_id", "target"):
        add(leaf, target=target)
    return list(cells.values())


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


def routine_of(dataset: Dataset) -> Routine:
    """How the dataset's people work; the defaults where nobody has said."""
    return Routine.objects.filter(dataset=dataset).first() or Routine(dataset=dataset)


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


def opted_out(person: Person, taxonomy: int) -> dict[int, str]:
    """The categories of a taxonomy, with their paths, that the person wants to see nothing of, and all under them."""
    closed = OptOut.objects.filter(person=person, category__taxonomy=taxonomy)
    paths = list(closed.values_list("category__path", flat=True))
    if not paths:
        return {}
    under = Q()
    for path in paths:
        under |= Q(path=path) | Q(path__startswith=f"{path}\t")
    return dict(Category.objects.filter(under, taxonomy=taxonomy).values_list("pk", "path"))
