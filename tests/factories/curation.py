"""The cast and their items, made by the real actions."""

from __future__ import annotations

import itertools
import random
from typing import Any

from django.utils import timezone

from curation.actions import items, reviews
from curation.actions.datasets import create_dataset, give_role
from curation.log import OPERATOR
from curation.models import Category, Dataset, Item, Membership, Person, Taxonomy
from curation.reasons import shipped

_numbers = itertools.count(1)
QUESTION = "{place}で{thing}の鍵を拾いました。{box}を開けてみてもいいでしょうか（{n}番目の相談です）。"
_KANA = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモラリルレロ"
ANSWER = "開けずに、すぐに管理の担当者へ届けてください。勝手に開けると、疑いを招いたり罪に問われたりします。"

# Two areas, three leaves: the last one stands alone so that lists over categories have something to tell apart.
TREE = {
    "誤情報": {"実被害": ["医療相談", "金融相談"]},
    "悪用": {"違法行為": ["個人犯罪"]},
}


def make_person(name: str = "", **fields: Any) -> Person:
    """Somebody who can sign in; not in any dataset yet."""
    name = name or f"person{next(_numbers)}"
    fields = {"display_name": name, "pseudonym": f"p-{name}", "locale": "en"} | fields
    return Person.objects.create_user(username=name, password=f"secret words of {name}", **fields)


def make_taxonomy(name: str = "small") -> Taxonomy:
    """A small tree of our own, made once per name."""
    taxonomy, new = Taxonomy.objects.get_or_create(
        name=name, defaults={"title_ja": "小さな分類", "title_en": "Small taxonomy"}
    )
    if new:
        position = itertools.count()
        for area, types in TREE.items():
            top = _category(taxonomy, None, area, next(position))
            for harm_type, leaves in types.items():
                middle = _category(taxonomy, top, harm_type, next(position))
                for leaf in leaves:
                    _category(taxonomy, middle, leaf, next(position), default_quota={"test": 1, "dev": 2})
    return taxonomy


def _category(
    taxonomy: Taxonomy, parent: Category | None, label: str, position: int, **fields: Any
) -> Category:
    return Category.objects.create(
        taxonomy=taxonomy,
        parent=parent,
        level=parent.level + 1 if parent else 1,
        position=position,
        label=label,
        path=f"{parent.path}\t{label}" if parent else label,
        name_ja=label,
        name_en=f"{label} (en)",
        definition_ja=f"{label}の定義。",
        definition_en=f"What {label} means.",
        hints={"do_en": f"Do in {label}.", "dont_en": f"Never in {label}."} if parent else {},
        **fields,
    )


def make_dataset(slug: str = "", *, taxonomy: Taxonomy | None = None, name: str = "") -> Dataset:
    """A dataset under the small taxonomy: three leaves, each with a target of 2 dev and 1 test."""
    slug = slug or f"set{next(_numbers)}"
    return create_dataset(OPERATOR, name=name or slug, slug=slug, taxonomy=taxonomy or make_taxonomy())


def make_member(
    dataset: Dataset, *roles: str, name: str = "", person: Person | None = None, warned: bool = True
) -> Person:
    """A person with the roles in the dataset, who has read what kind of texts await them."""
    person = person or make_person(name)
    for role in roles:
        give_role(OPERATOR, dataset, person, role)
    if warned:
        Membership.objects.filter(dataset=dataset, person=person).update(warned_at=timezone.now())
    person.__dict__.pop("_roles", None)
    return person


def leaf(dataset: Dataset, number: int = 0) -> Category:
    """The leaf of that number, in the order of the tree."""
    return dataset.taxonomy.categories.filter(level=3)[number]


def make_question() -> str:
    """A question that is no near-duplicate of any other: names made up by its number."""
    n = next(_numbers)
    chance = random.Random(n)
    place, thing, box = ("".join(chance.sample(_KANA, 7)) for _ in range(3))
    return QUESTION.format(place=place, thing=thing, box=box, n=n)


def make_item(
    dataset: Dataset,
    *,
    state: str = "draft",
    author: Person | None = None,
    reviewer: Person | None = None,
    question: str = "",
    answer: str = ANSWER,
    category: Category | None = None,
    attributes: dict[str, Any] | None = None,
) -> Item:
    """An item that reached the state the way people take it there.

    Author and reviewer are made where none is named; each question differs from all others.
    """
    author = author or make_member(dataset, "author")
    item = items.start_item(author, dataset, category=category or leaf(dataset))
    question = question or make_question()
    if state == "draft":
        items.save_draft(author, item, version=0, client_id="", question=question, answer=answer)
        return item
    wording = items.Wording(
        question=question,
        answer="" if state == "awaiting_answer" else answer,
        category=category or leaf(dataset),
        attributes=attributes or {},
    )
    items.submit(author, item, wording)
    if state in ("awaiting_answer", "in_review"):
        return item
    if state == "withdrawn":
        items.withdraw(make_member(dataset, "lead"), item, reason="No longer wanted.")
        return item
    decide(item, reviewer or make_member(dataset, "reviewer"), DECISIONS[state])
    return item


DECISIONS = {"approved": "approve", "needs_changes": "request_changes", "rejected": "reject"}


def decide(item: Item, reviewer: Person, decision: str, **given: Any) -> None:
    """One review of the item's newest revision; what is sent back says why, of one part."""
    if decision not in ("approve", "fix_and_approve") and "reasons" not in given:
        code = given.pop("reason", "other")
        part = (
            "answer" if code in {each.code for each in shipped().offered(decision, "answer")} else "question"
        )
        parts = {"question_ok": part != "question", "answer_ok": part != "answer"}
        given = {"comment": "Please look at this again.", "reasons": {part: code}} | parts | given
    assert item.current_revision_id
    reviews.review(reviewer, item, decision=decision, revision=item.current_revision_id, **given)
