"""What stood in the tables before releases were sealed (curation 0006) is there, and sealed, after 0009."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from curation import frozen_rows
from curation.models import Question, Release, ReleaseItem

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases(slow=("postgres",))]


@pytest.fixture
def old() -> Iterator[Any]:
    frozen_rows.remove()  # as `migrate` does when it begins
    executor = MigrationExecutor(connection)
    executor.migrate([("curation", "0006_people_by_key")])
    state = MigrationExecutor(connection).loader.project_state([("curation", "0006_people_by_key")])
    yield state.apps
    frozen_rows.remove()
    upwards()
    frozen_rows.install()


def upwards() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def make_old(apps: Any) -> None:
    """Three questions, two of them in a release: one imported with its split, one drawn, one without any."""

    def rows(name: str) -> Any:
        return apps.get_model("curation", name).objects

    taxonomy = rows("Taxonomy").create(name="t", title_ja="t", title_en="t")
    leaf = rows("Category").create(
        taxonomy=taxonomy, level=3, position=0, label="c", path="a\tb\tc", name_ja="x", name_en="x"
    )
    dataset = rows("Dataset").create(slug="d", name="d", taxonomy=taxonomy)
    rights = rows("Rights").create(dataset=dataset, name="cc")
    text = rows("Text").create(hash="a" * 64, body="質問です。")
    release = rows("Release").create(dataset=dataset, name="v1", root_hash="0" * 64)
    for n, why in enumerate(("import", "v1, seed 7", "")):
        question = rows("Question").create(dataset=dataset, split="dev" if why else "none", split_reason=why)
        item = rows("Item").create(dataset=dataset, question=question, external_id=f"i{n}", rights=rights)
        revision = rows("Revision").create(
            item=item, number=1, category=leaf, question_text=text, content_hash="b", sources=[f"本{n}"]
        )
        if why:
            rows("ReleaseItem").create(
                release=release,
                position=n,
                external_id=item.external_id,
                item=item,
                revision=revision,
                question_text=text,
                labels=["a", "b", "c"],
                split="dev",
                content_hash="c" * 64,
            )


def test_older_releases_are_filled_and_sealed(old: Any) -> None:
    make_old(old)
    upwards()
    frozen_rows.install()  # as `migrate` does when it ends
    release = Release.objects.get()
    assert frozen_rows.missing() == []
    assert (release.size, release.hash_version, release.version) == (2, 1, "")
    kept = ReleaseItem.objects.values_list("sources", "rights_name").order_by("position")
    assert list(kept) == [(["本0"], "cc"), (["本1"], "cc")]
    whys = [question.split_why for question in Question.objects.order_by("pk")]
    assert whys == [{"by": "import"}, {"by": "said", "text": "v1, seed 7"}, {}]
    with pytest.raises(DatabaseError), transaction.atomic():
        ReleaseItem.objects.update(split="test")
