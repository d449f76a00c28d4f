"""A dataset of any number of approved items with English translations, for `bench.releases`.

`python -m bench.release_world N` makes it in the installation that the environment names; `more N` adds N items and
changes as many, so that a second version differs from the first.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from bench.made_questions import Maker

DATASET, MANAGER = "bench", "manager"
AT_ONCE = 2000
_ENGLISH = [
    "person",
    "company",
    "family",
    "message",
    "account",
    "contract",
    "medicine",
    "school",
    "station",
    "camera",
    "record",
    "payment",
    "report",
    "neighbour",
    "friend",
    "office",
    "document",
    "answer",
    "question",
    "safety",
    "website",
    "password",
    "delivery",
    "hospital",
    "insurance",
]


def main() -> None:
    import django

    django.setup()
    words = sys.argv[1:]
    if words[0] == "more":
        change(int(words[1]))
    else:
        make(int(words[0]))


def texts(count: int, *, seed: int) -> Iterator[tuple[str, str, str, str]]:
    """(question, answer, question in English, answer in English): 25 to 150 and some 200 characters, 20 and 60 words."""
    maker, chance = Maker(seed), random.Random(seed)
    for n in range(count):
        question = f"{n}番目です。" + maker.question()
        answer = f"{n}番目の質問についてお答えします。" + "".join(maker.questions(3))
        english = (" ".join(chance.choices(_ENGLISH, k=k)).capitalize() + f" {n}." for k in (20, 60))
        yield question, answer, next(english), next(english)


def make(count: int) -> None:
    """The dataset under `ac2` with its manager and `count` approved items, each translated."""
    from curation.actions.datasets import create_dataset, load_taxonomy
    from curation.log import OPERATOR
    from curation.models import Membership, Person

    taxonomy, _new = load_taxonomy(OPERATOR, "ac2")
    dataset = create_dataset(OPERATOR, name=DATASET, taxonomy=taxonomy, slug=DATASET)

    manager = Person.objects.create(username=MANAGER, locale="ja")
    Membership.objects.create(dataset=dataset, person=manager, role=Membership.Role.RELEASE_MANAGER)
    add(dataset, texts(count, seed=1), first=0)


def add(dataset: Any, rows: Iterator[tuple[str, str, str, str]], *, first: int) -> None:
    """Approved items with translations, in states that the workflow would have brought them to."""
    from curation.actions.texts import keep_texts
    from curation.models import Item, Question

    leaves = list(dataset.taxonomy.categories.filter(level=3, provisional=False).order_by("position"))
    number = first
    for part in batched_rows(rows):
        keep_texts(text for row in part for text in row)
        questions = Question.objects.bulk_create(Question(dataset=dataset) for _ in part)
        items = Item.objects.bulk_create(
            Item(dataset=dataset, question=question, external_id=f"b{number + n:07}")
            for n, question in enumerate(questions)
        )
        revisions = _approve(items, part, [leaves[(number + n) % len(leaves)] for n in range(len(part))])
        _translate(revisions, part)
        number += len(part)


def batched_rows(rows: Iterator[Any]) -> Iterator[list[Any]]:
    held: list[Any] = []
    for row in rows:
        held.append(row)
        if len(held) == AT_ONCE:
            yield held
            held = []
    if held:
        yield held


def _approve(items: list[Any], rows: list[tuple[str, str, str, str]], leaves: list[Any]) -> list[Any]:
    from curation.models import Item, Review, Revision
    from curation.similar import text_hash

    revisions = Revision.objects.bulk_create(
        Revision(
            item=item,
            number=1,
            category=leaf,
            question_text_id=text_hash(question),
            answer_text_id=text_hash(answer),
            sources=[f"https://example.org/{item.external_id}"],
            attributes={"difficulty": item.pk % 3},
            content_hash="0" * 64,
        )
        for item, (question, answer, *_), leaf in zip(items, rows, leaves, strict=True)
    )
    own = Revision.objects.filter(item=OuterRef("pk"), number=1)
    _point_at(Item, items, own)
    Item.objects.filter(pk__range=(items[0].pk, items[-1].pk)).update(
        category=Subquery(own.values("category"))
    )
    Review.objects.bulk_create(
        Review(item=item, revision=revision, kind=Review.Kind.IMPORT, decision=Review.Decision.APPROVE)
        for item, revision in zip(items, revisions, strict=True)
    )

    return revisions


def _translate(source: list[Any], rows: list[tuple[str, str, str, str]]) -> None:
    from curation.models import Translation, TranslationRevision
    from curation.similar import text_hash

    translations = Translation.objects.bulk_create(
        Translation(item_id=row.item_id, locale="en") for row in source
    )
    TranslationRevision.objects.bulk_create(
        TranslationRevision(
            translation=row,
            number=1,
            source_revision=revision,
            source_question_hash=text_hash(question),
            source_answer_hash=text_hash(answer),
            question_text_id=text_hash(in_english),
            answer_text_id=text_hash(answer_in_english),
        )
        for row, revision, (question, answer, in_english, answer_in_english) in zip(
            translations, source, rows, strict=True
        )
    )
    own = TranslationRevision.objects.filter(translation=OuterRef("pk"), number=1)
    _point_at(Translation, translations, own)


def _point_at(model: Any, rows: list[Any], revisions: QuerySet[Any]) -> None:
    """In one statement for all: a value per row (bulk_update) takes as long as all the rest."""
    own = Subquery(revisions.values("pk"))
    fresh = model.objects.filter(pk__range=(rows[0].pk, rows[-1].pk))
    fresh.update(current_revision=own, approved_revision=own, state="approved")


def change(count: int) -> None:
    """Another `count` items, and as many of the old ones with other attributes: what the next version differs by."""
    from curation.models import Dataset, Item, Review, Revision

    dataset = Dataset.objects.get(slug=DATASET)
    add(dataset, texts(count, seed=2), first=Item.objects.filter(dataset=dataset).count())
    changed = list(Item.objects.filter(dataset=dataset).order_by("pk")[:count])
    for item in changed:
        revision = Revision.objects.get(item=item, number=1)
        revision.pk, revision.number, revision.attributes = None, 2, {"difficulty": 9}
        revision.save(force_insert=True)
        accepted = {"kind": Review.Kind.IMPORT, "decision": Review.Decision.APPROVE}
        Review.objects.create(item=item, revision=revision, **accepted)
        fresh = {"current_revision": revision, "approved_revision": revision}
        Item.objects.filter(pk=item.pk).update(**fresh)


if __name__ == "__main__":
    main()
