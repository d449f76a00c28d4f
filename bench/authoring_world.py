"""A dataset that is being written and reviewed, for `bench.authoring`: items in every state, authors, reviewers, a lead.

`python -m bench.authoring_world make N AUTHORS REVIEWERS` makes it in the installation that the environment names and
prints the sessions of its people; `add N` adds N items to it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from bench.made_questions import Maker
from bench.rating_world import signed_in

DATASET = "bench"
AT_ONCE = 2000
# Of 100 items so many are in each state.
SHARES = {
    "approved": 70,
    "in_review": 10,
    "awaiting_answer": 8,
    "needs_changes": 4,
    "rejected": 5,
    "withdrawn": 3,
}
STATES = [state for state, share in SHARES.items() for _ in range(share)]
DECISIONS = {"approved": "approve", "needs_changes": "request_changes", "rejected": "reject"}
TARGET = 1_000_000  # of each leaf: nobody finds one full


def main() -> None:
    import django

    django.setup()
    verb, *numbers = sys.argv[1:]
    if verb == "make":
        made = make(*map(int, numbers))
    else:
        made = add_items(int(numbers[0]))
    print(json.dumps(made))


def make(count: int, authors: int, reviewers: int) -> dict[str, Any]:
    """The dataset under `ac2`, its people, and `count` items."""
    from django.utils import timezone

    from curation.actions.datasets import create_dataset, load_taxonomy
    from curation.log import OPERATOR
    from curation.models import Membership, Person, Quota

    taxonomy, _new = load_taxonomy(OPERATOR, "ac2")
    dataset = create_dataset(OPERATOR, name=DATASET, taxonomy=taxonomy, slug=DATASET)
    Quota.objects.filter(dataset=dataset).update(target=TARGET)
    for role, number in (("author", authors), ("reviewer", reviewers), ("lead", 1)):
        for n in range(number):
            person = Person.objects.create(username=f"{role}{n}", locale="ja", pseudonym=f"{role}-{n}")
            Membership.objects.create(
                dataset=dataset, person=person, role=role, warned_at=timezone.now()
            )  # nobody is stopped at the warning
    add_items(count)
    leaves = taxonomy.categories.filter(level=3, provisional=False).order_by("position")
    return {"leaves": list(leaves.values_list("pk", flat=True))} | {
        role: [
            signed_in(person, DATASET)
            for person in Person.objects.filter(username__startswith=role).order_by("pk")
        ]
        for role in ("author", "reviewer", "lead")
    }


def add_items(count: int) -> dict[str, int]:
    """So many items more, by all authors in turn."""
    from django.db import connection

    from curation.models import Dataset, Item, Person

    dataset = Dataset.objects.get(slug=DATASET)
    leaves = list(dataset.taxonomy.categories.filter(level=3, provisional=False).order_by("position"))
    authors = list(Person.objects.filter(username__startswith="author").order_by("pk"))
    reviewers = list(Person.objects.filter(username__startswith="reviewer").order_by("pk"))
    first = Item.objects.filter(dataset=dataset).count()
    maker = Maker(first + 7)
    for start in range(first, first + count, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, first + count))
        rows = [
            (f"{n}番目です。{maker.question()}", f"{n}番目にお答えします。" + "".join(maker.questions(3)))
            for n in numbers
        ]
        _add(dataset, numbers, rows, leaves, authors, reviewers)
    with connection.cursor() as cursor:  # as the database would by itself within minutes
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    return {"items": first + count}


def _add(
    dataset: Any,
    numbers: Sequence[int],
    rows: list[tuple[str, str]],
    leaves: list[Any],
    authors: list[Any],
    reviewers: list[Any],
) -> None:
    """Rows as the workflow would have left them, with their decisions and the log of both."""
    from django.db.models import OuterRef, Subquery

    from curation.actions.texts import keep_texts
    from curation.models import Item, Question, Revision
    from curation.similar import text_hash

    keep_texts(text for row in rows for text in row)
    states = [STATES[n % 100] for n in numbers]
    people = [authors[n % len(authors)] for n in numbers]
    items = Item.objects.bulk_create(
        Item(
            dataset=dataset,
            question=question,
            external_id=f"b{n:07}",
            state="in_review" if state == "approved" else state,  # until it has a revision to be approved
            author=author,
            category=leaves[n % len(leaves)],
        )
        for n, question, state, author in zip(
            numbers,
            Question.objects.bulk_create(Question(dataset=dataset) for _ in rows),
            states,
            people,
            strict=True,
        )
    )
    Revision.objects.bulk_create(
        Revision(
            item=item,
            number=1,
            category=item.category,
            question_text_id=text_hash(question),
            answer_text_id=None if item.state == "awaiting_answer" else text_hash(answer),
            question_author=author,
            answer_author=None if item.state == "awaiting_answer" else author,
            submitted_by=author,
            content_hash="0" * 64,
        )
        for item, author, (question, answer) in zip(items, people, rows, strict=True)
    )
    own = Subquery(Revision.objects.filter(item=OuterRef("pk"), number=1).values("pk"))
    made = Item.objects.filter(pk__range=(items[0].pk, items[-1].pk))
    made.update(current_revision=own)
    approved = [item.pk for item, state in zip(items, states, strict=True) if state == "approved"]
    for start in range(0, len(approved), 500):
        made.filter(pk__in=approved[start : start + 500]).update(state="approved", approved_revision=own)
    _decide(dataset, list(made.order_by("pk")), reviewers)


def _decide(dataset: Any, items: list[Any], reviewers: list[Any]) -> None:
    from curation.log import OPERATOR, record_many
    from curation.models import Item, Review

    Review.objects.bulk_create(
        Review(
            item=item,
            revision_id=item.current_revision_id,
            reviewer=reviewers[item.pk % len(reviewers)],
            decision=DECISIONS[item.state],
        )
        for item in items
        if item.state in DECISIONS
    )
    for verb, state in (("submit", "in_review"), *((verb, state) for state, verb in DECISIONS.items())):
        moved = [item.pk for item in items if item.state == state or verb == "submit"]
        before = "draft" if verb == "submit" else "in_review"
        record_many(OPERATOR, verb, Item, moved, dataset=dataset, from_state=before, to_state=state)


if __name__ == "__main__":
    main()
