"""The next review costs the same in a small dataset and in a large one."""

from __future__ import annotations

import pytest
from django.db import connection
from django.utils import timezone

from curation.models import Dataset, Item, Person, Question, Revision, Text
from curation.queries import free_to_review
from tests.factories.curation import leaf, make_dataset, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def fill(dataset: Dataset, author: Person, number: int) -> None:
    """So many items, one in ten of them in review."""
    now = timezone.now()
    text = Text.objects.create(hash="a" * 64, body="同じ文です。", folded="同ジ文デス。")
    questions = Question.objects.bulk_create([Question(dataset=dataset) for _ in range(number)], 500)
    items = Item.objects.bulk_create(
        [
            Item(dataset=dataset, question=question, author=author, external_id=f"i{n}", state="draft")
            for n, question in enumerate(questions)
        ],
        500,
    )
    common = {"question_text": text, "answer_text": text, "category": leaf(dataset), "content_hash": "b" * 64}
    people = {"question_author": author, "answer_author": author, "submitted_by": author}
    revisions = Revision.objects.bulk_create(
        [Revision(item=item, number=1, created_at=now, **common, **people) for item in items], 500
    )
    for item, revision in zip(items, revisions, strict=True):
        item.current_revision, item.approved_revision = revision, revision
        item.state = "approved" if item.pk % 10 else "in_review"
    Item.objects.bulk_update(items, ["current_revision", "approved_revision", "state"], 300)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@pytest.mark.slow
@pytest.mark.parametrize("number", [20_000])
def test_the_next_review_walks_the_index_of_the_queue(number: int) -> None:
    dataset = make_dataset()
    fill(dataset, make_member(dataset, "author"), number)
    free = free_to_review(make_member(dataset, "reviewer"), dataset)
    plan = free[:1].explain()
    assert "item_to_review" in plan, plan
    assert "TEMP B-TREE" not in plan, plan
    assert "Sort" not in plan, plan
    assert "Seq Scan on curation_item" not in plan, plan
