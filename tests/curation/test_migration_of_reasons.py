"""Decisions that were made before reasons had versions (curation 0023 and older) were made by the shipped ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from curation import frozen_rows
from curation.models import Codebook, Dataset, Review, TranslationReview
from curation.reasons import shipped

BEFORE = [("curation", "0023_guideline_versions")]
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


def test_older_decisions_have_the_first_version_of_their_dataset(old: Any) -> None:
    def rows(name: str) -> Any:
        return old.get_model("curation", name).objects

    taxonomy = rows("Taxonomy").create(name="t", title_ja="t", title_en="t")
    leaf = rows("Category").create(
        taxonomy=taxonomy, level=3, position=0, label="c", path="c", name_ja="x", name_en="x"
    )
    person = rows("Person").create(username="p")
    text = rows("Text").create(hash="a" * 64, body="質問です。")
    for slug in ("one", "two"):
        dataset = rows("Dataset").create(slug=slug, name=slug, taxonomy=taxonomy)
        question = rows("Question").create(dataset=dataset)
        item = rows("Item").create(dataset=dataset, question=question, external_id="q", author=person)
        revision = rows("Revision").create(
            item=item, number=1, category=leaf, question_text=text, content_hash="b"
        )
        given = {"item": item, "revision": revision}
        rows("Review").create(**given, decision="approve", kind="import")
        rows("Review").create(**given, reviewer=person, decision="approve")
        said = {"reason": "unnatural", "reasons": {"question": "unnatural"}}
        rows("Review").create(**given, reviewer=person, decision="request_changes", **said)
        translation = rows("Translation").create(item=item, locale="en")
        made = rows("TranslationRevision").create(
            translation=translation, number=1, source_revision=revision, question_text=text
        )
        rows("TranslationReview").create(
            translation=translation,
            revision=made,
            source_revision=revision,
            reviewer=person,
            decision="request_changes",
            reason="register",
        )
    upwards()
    of = dict(Codebook.objects.values_list("dataset__slug", "pk"))
    assert set(of) == {"one", "two"}
    assert {(each.version, each.book) for each in Codebook.objects.all()} == {(1, shipped())}
    assert dict(Dataset.objects.values_list("slug", "codebook")) == of
    found = Review.objects.order_by("pk").values_list("item__dataset__slug", "kind", "codebook")
    assert list(found) == [
        row
        for slug in ("one", "two")
        for row in ((slug, "import", None), (slug, "person", of[slug]), (slug, "person", of[slug]))
    ]
    checks = TranslationReview.objects.order_by("pk").values_list("codebook", flat=True)
    assert list(checks) == [of["one"], of["two"]]
