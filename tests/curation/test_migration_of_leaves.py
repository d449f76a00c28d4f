"""Items that were there before they knew their leaf (curation 0010 and older) know it after the migration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from curation import frozen_rows
from curation.models import Item
from curation.queries import astray

BEFORE = [("curation", "0009_one_reason_for_a_split")]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.both_databases,
]


@pytest.fixture
def old() -> Iterator[Any]:
    frozen_rows.remove()  # as `migrate` does when it begins
    executor = MigrationExecutor(connection)
    executor.migrate(BEFORE)
    yield MigrationExecutor(connection).loader.project_state(BEFORE).apps
    frozen_rows.remove()
    upwards()
    frozen_rows.install()


def upwards() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def test_older_items_are_counted_in_the_leaf_of_their_text(old: Any) -> None:
    def rows(name: str) -> Any:
        return old.get_model("curation", name).objects

    taxonomy = rows("Taxonomy").create(name="t", title_ja="t", title_en="t")
    first, second = (
        rows("Category").create(
            taxonomy=taxonomy, level=3, position=n, label=f"c{n}", path=f"c{n}", name_ja="x", name_en="x"
        )
        for n in range(2)
    )
    person = rows("Person").create(username="p")
    dataset = rows("Dataset").create(slug="d", name="d", taxonomy=taxonomy)
    text = rows("Text").create(hash="a" * 64, body="質問です。")

    def item(key: str) -> Any:
        question = rows("Question").create(dataset=dataset)
        return rows("Item").create(dataset=dataset, question=question, external_id=key, author=person)

    written, begun, nothing = item("written"), item("begun"), item("nothing")
    for number, leaf in ((1, first), (2, second)):
        revision = rows("Revision").create(
            item=written, number=number, category=leaf, question_text=text, content_hash="b"
        )
    rows("Item").filter(pk=written.pk).update(current_revision=revision)
    rows("Draft").create(item=written, person=person, category=first)
    rows("Draft").create(item=begun, person=person, category=first)
    upwards()
    found = dict(Item.objects.values_list("external_id", "category__label"))
    assert found == {"written": "c1", "begun": "c0", nothing.external_id: None}
    assert not astray().exists()
