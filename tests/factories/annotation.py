"""Small worlds for tests of rating: a dataset with a frozen release, responses, raters and a task."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

from django.utils import timezone

from annotation.actions.responses import import_responses
from annotation.actions.rubrics import load_rubric
from annotation.actions.tasks import create_task
from annotation.models import Rater, RatingTask
from curation.actions.releases import keep_rows, root_of
from curation.actions.texts import keep_text
from curation.formats import ResponseRow
from curation.log import OPERATOR
from curation.models import Category, Dataset, Membership, Person, Release, ReleaseItem, Taxonomy
from curation.release_hashes import row_hash

_numbers = count(1)
MODELS = ("modelsecret-a", "modelsecret-b")


def make_world_dataset(slug: str = "") -> Dataset:
    """A dataset under a taxonomy of one risk area, one harm type and three leaves."""
    number = next(_numbers)
    taxonomy = Taxonomy.objects.create(name=f"t{number}", title_ja="試し", title_en="Trial")
    parent = None
    for level, label in enumerate(("area", "type"), start=1):
        path = label if parent is None else f"{parent.path}\t{label}"
        parent = Category.objects.create(
            taxonomy=taxonomy,
            parent=parent,
            level=level,
            position=level,
            label=label,
            path=path,
            name_ja=label,
            name_en=label,
        )
    assert parent is not None
    for n in range(3):
        Category.objects.create(
            taxonomy=taxonomy,
            parent=parent,
            level=3,
            position=10 + n,
            label=f"leaf{n}",
            path=f"{parent.path}\tleaf{n}",
            name_ja=f"葉{n}",
            name_en=f"leaf{n}",
        )
    return Dataset.objects.create(slug=slug or f"d{number}", name=f"dataset {number}", taxonomy=taxonomy)


def make_member(dataset: Dataset, *roles: str, username: str = "") -> Person:
    person = Person.objects.create(username=username or f"p{next(_numbers)}", locale="ja")
    for role in roles:
        Membership.objects.create(dataset=dataset, person=person, role=role, warned_at=timezone.now())
    return person


def make_release(
    dataset: Dataset,
    *,
    questions: int = 5,
    name: str = "r1",
    dev: int = 0,
    attributes: dict[str, dict[str, Any]] | None = None,
) -> Release:
    """A frozen release of questions q0, q1 ... spread over the leaves; the first so many are dev, the others test."""
    rows = [
        ReleaseItem(
            position=n,
            external_id=f"q{n}",
            question_text=keep_text(f"質問その{n}です。"),
            answer_text=keep_text(f"参考回答その{n}です。"),
            labels=["area", "type", f"leaf{n % 3}"],
            split="dev" if n < dev else "test",
            attributes=(attributes or {}).get(f"q{n}", {}),
        )
        for n in range(questions)
    ]
    for row in rows:
        row.content_hash = row_hash(
            question=row.question_text_id,
            answer=row.answer_text_id,
            labels=row.labels,
            attributes=row.attributes,
            sources=[],
            translations={},
        )
    release = Release.objects.create(
        dataset=dataset, name=name, root_hash=root_of(rows), hash_version=2, size=questions
    )
    keep_rows(release, rows)
    return release


def make_responses(dataset: Dataset, release: Release, models: Sequence[str] = MODELS) -> None:
    keys = release.items.values_list("external_id", flat=True)
    rows = [
        ResponseRow(n, key, model, f"{key}への{n}番の回答です。")
        for n, (key, model) in enumerate(((key, model) for key in keys for model in models), start=1)
    ]
    import_responses(OPERATOR, dataset, release=release, rows=rows)


def make_task(
    dataset: Dataset,
    *,
    raters: int = 3,
    questions: int = 5,
    models: Sequence[str] = MODELS,
    overlap: int = 3,
    name: str = "task",
    arms: str = "without",
    **further: Any,
) -> tuple[RatingTask, list[Person]]:
    """A task over new responses, and the people who rate in it: they have read the content warning."""
    release = Release.objects.filter(dataset=dataset).first() or make_release(dataset, questions=questions)
    make_responses(dataset, release, models)
    people = [make_member(dataset, Membership.Role.RATER) for _n in range(raters)]
    task = create_task(
        OPERATOR,
        dataset,
        name=name,
        release=release,
        rubric=load_rubric(OPERATOR, dataset, "safety5"),
        overlap=overlap,
        seed=7,
        arms=arms,
        **further,
    )
    warn(task)
    return task, people


def warn(task: RatingTask) -> None:
    """Let the task's raters have read what kind of texts await them."""
    Rater.objects.filter(tasks=task, warned_at=None).update(warned_at=timezone.now())
