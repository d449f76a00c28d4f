"""What stood in the tables before campaigns (annotation 0002) is there after them (0005)."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases(slow=("postgres",))]
BEFORE, AFTER = "0002_rounds_of_a_task", "0005_campaigns_tighten"


def migrated(name: str) -> Any:
    """The apps as they are once annotation stands at the migration."""
    executor = MigrationExecutor(connection)
    executor.migrate([("annotation", name)])
    return MigrationExecutor(connection).loader.project_state([("annotation", name)]).apps


@pytest.fixture
def old() -> Iterator[Any]:
    yield migrated(BEFORE)
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def make_old(apps: Any) -> None:
    """Two tasks, one of which shows the reference; two raters; two responses, one of them rated."""

    def model(name: str, app: str = "annotation") -> Any:
        return apps.get_model(app, name).objects

    taxonomy = model("Taxonomy", "curation").create(name="t", title_ja="t", title_en="t")
    shape = {"taxonomy": taxonomy, "name_ja": "x", "name_en": "x"}
    leaf = model("Category", "curation").create(level=3, position=0, label="c", path="a\tb\tc", **shape)
    dataset = model("Dataset", "curation").create(slug="d", name="d", taxonomy=taxonomy)
    rubric = model("Rubric").create(
        dataset=dataset, name="r", kind="ordinal", scale=[1, 2], content_hash="x" * 64
    )
    raters = [model("Rater").create(dataset=dataset, pseudonym=f"r{n}") for n in range(2)]
    responses = [
        model("Response").create(
            dataset=dataset, item_key=f"q{n}", model="m", text_known=False, labels=labels
        )
        for n, labels in enumerate((["a", "b", "c"], ["elsewhere"]))
    ]
    assert leaf.pk
    for name, shown in (("plain", False), ("shown", True)):
        task = model("RatingTask").create(
            dataset=dataset, name=name, rubric=rubric, overlap=3, show_reference=shown
        )
        task.raters.add(*raters)
        for n, response in enumerate(responses):
            model("TaskResponse").create(
                task=task, response=response, position=n, inclusion_probability=0.5, chance=0.25
            )
        model("Rating").create(task=task, response=responses[0], rater=raters[0], score="2")


def test_tasks_raters_and_populations_are_carried_over(old: Any) -> None:
    make_old(old)
    new = migrated(AFTER)
    tasks = new.get_model("annotation", "RatingTask").objects.order_by("name")
    assert list(tasks.values_list("name", "arms", "split", "gold_share", "qualify_at")) == [
        ("plain", "without", "all", 0.0, None),
        ("shown", "with", "all", 0.0, None),
    ]
    places = new.get_model("annotation", "TaskRater").objects.order_by("task__name", "slot")
    assert list(places.values_list("task__name", "rater__pseudonym", "slot", "paused")) == [
        (task, f"r{slot}", slot, False) for task in ("plain", "shown") for slot in (0, 1)
    ]
    assert sorted(tasks.first().raters.values_list("pseudonym", flat=True)) == ["r0", "r1"]
    rows = new.get_model("annotation", "TaskResponse").objects.order_by("task__name", "position")
    # One of three ratings of the first response is there; free places stand in the arm of the task.
    assert list(
        rows.values_list(
            "task__name", "category__label", "open_without", "open_with", "inclusion_probability"
        )
    ) == [
        ("plain", "c", 2, 0, 0.5),
        ("plain", None, 3, 0, 0.5),
        ("shown", "c", 0, 2, 0.5),
        ("shown", None, 0, 3, 0.5),
    ]
    ratings = new.get_model("annotation", "Rating").objects.order_by("task__name")
    assert list(ratings.values_list("score", "with_reference")) == [("2", False), ("2", True)]
