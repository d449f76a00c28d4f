"""Looking at what a verb would do to many items: nothing is written on any of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from curation.actions.batches.verbs import Plan, refuse, sound, stamp
from curation.errors import Invalid, TeineiError
from curation.models import Batch, BatchItem, Dataset, Item, Person
from curation.rules import require

MOST = 1000  # items at a time
WORDS = ("q",)  # filters whose value is what somebody typed


@transaction.atomic
def prepare(
    person: Person,
    dataset: Dataset,
    plan: Plan,
    ids: Sequence[int],
    *,
    filters: Mapping[str, str] | None = None,
) -> Batch:
    """Keep what the verb would do to each item, and why not. Ids of no item of the dataset are left out.

    Raises Invalid for an unusable verb or argument, no item at all, or more than `MOST`.
    """
    require(person, "bulk", dataset)
    sound(dataset, plan)
    if len(ids) > MOST:
        raise Invalid(_("At most %(most)d items at a time.") % {"most": MOST}, field="ids")
    items = list(
        Item.objects.filter(dataset=dataset, pk__in=ids)
        .select_related("dataset", "question", "current_revision__category")
        .order_by("pk")
    )
    if not items:
        raise Invalid(_("Choose items first."), field="ids")
    batch = Batch.objects.create(
        dataset=dataset,
        person=person,
        verb=plan.verb,
        arguments=plan.arguments,
        filters={name: "" if name in WORDS else value for name, value in (filters or {}).items()},
    )
    BatchItem.objects.bulk_create((_looked_at(person, batch, item, plan) for item in items), batch_size=100)
    return batch


def _looked_at(person: Person, batch: Batch, item: Item, plan: Plan) -> BatchItem:
    row = BatchItem(batch=batch, item=item, before=stamp(item))
    try:
        refuse(person, item, plan)
    except TeineiError as error:
        row.outcome, row.why = BatchItem.Outcome.REFUSED, error.sentence
    return row
