"""Suggestions that were asked for before prompts were files (curation 0024 and older) name the first prompt of their kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from curation import frozen_rows
from curation.models import Suggestion
from tests.curation.test_aid import SHIPPED

BEFORE = [("curation", "0024_reasons_and_readings")]
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


@pytest.fixture
def old() -> Iterator[Any]:
    frozen_rows.remove()  # as `migrate` does when it begins
    MigrationExecutor(connection).migrate(BEFORE)
    yield MigrationExecutor(connection).loader.project_state(BEFORE).apps
    frozen_rows.remove()
    upwards()
    frozen_rows.install()


def upwards() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def test_older_suggestions_name_the_first_prompts(old: Any) -> None:
    def rows(name: str) -> Any:
        return old.get_model("curation", name).objects

    taxonomy = rows("Taxonomy").create(name="t", title_ja="t", title_en="t")
    dataset = rows("Dataset").create(slug="one", name="one", taxonomy=taxonomy)
    person = rows("Person").create(username="p")
    item = rows("Item").create(
        dataset=dataset, question=rows("Question").create(dataset=dataset), external_id="q", author=person
    )
    for kind in ("answer", "harmless", "evasive"):
        rows("Suggestion").create(item=item, person=person, kind=kind, asked="質問です。")
    upwards()
    made = Suggestion.objects.order_by("pk").values_list("prompt", "prompt_hash")
    assert list(made) == list(SHIPPED.items())
