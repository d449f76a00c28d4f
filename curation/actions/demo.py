"""The demo: a small team's dataset in every state, made by the same actions that people use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from curation import registry
from curation.actions import comments, items, notices, releases, reviews, translations
from curation.actions.datasets import create_dataset, give_role, load_taxonomy
from curation.actions.items import Wording
from curation.errors import Invalid
from curation.log import OPERATOR
from curation.models import Category, Dataset, Item, Membership, Person, Quota
from curation.queries import notices_of

FOLDER = Path(__file__).resolve().parent.parent / "demo"
SLUG = "demo"
R = Membership.Role
# Sign-in name without "demo-": display name, pseudonym, roles. The names are invented.
CAST: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "author": ("青木 さくら", "author-01", (R.AUTHOR,)),
    "reviewer": ("石川 誠", "reviewer-01", (R.REVIEWER,)),
    "translator": ("上田 香織", "translator-01", (R.TRANSLATOR,)),
    "bilingual": ("遠藤 マリア", "bilingual-01", (R.BILINGUAL_REVIEWER,)),
    "rater1": ("岡田 直樹", "rater-01", (R.RATER,)),
    "rater2": ("加藤 美穂", "rater-02", (R.RATER,)),
    "rater3": ("木村 健", "rater-03", (R.RATER,)),
    "researcher": ("工藤 玲奈", "researcher-01", (R.RESEARCHER,)),
    "manager": ("小林 隆", "manager-01", (R.RELEASE_MANAGER, R.LEAD)),
}


@transaction.atomic
def load_demo() -> list[str]:
    """Make the demo's dataset, people and work; returns a sentence per part.

    Raises Invalid where it is there already: what people did in it meanwhile is theirs.
    """
    if Dataset.objects.filter(slug=SLUG).exists():
        raise Invalid(_("The demo is loaded already."))
    taxonomy, _new = load_taxonomy(OPERATOR, "ac2")
    dataset = create_dataset(
        OPERATOR,
        name="丁寧デモ",
        taxonomy=taxonomy,
        slug=SLUG,
        description="丁寧を試すためのデータセットです。質問も回答も架空のものです。",
    )
    cast = _people(dataset)
    leaves = {tuple(leaf.labels): leaf for leaf in taxonomy.categories.filter(level=3)}
    rows = list(read("items"))
    for row in rows:
        _item(dataset, cast, row, leaves[row["risk_area"], row["harm_type"], row["specific_harm"]])
    # So small a dataset reaches no target: they come after its first version, which asks for none.
    Quota.objects.filter(dataset=dataset).delete()
    choice = releases.Choice(name="demo-0.1", seed=1, test_per_leaf=1, terms=TERMS, leave_out=True)
    release = releases.freeze(cast["manager"], dataset, choice)
    _quotas(dataset)
    _talk(cast, dataset)
    _read_notices(cast, dataset)
    said = [f"{len(rows)} items; release {release.name} with {release.counts['items']} of them."]
    return said + [part(dataset, cast) for part in registry.demo_parts()]


TERMS = "デモの文章はすべて架空のものです。自由に使い、再配布できます。内容が完全であることは保証しません。"
# A morning's notices are left as new; nobody begins with a hundred of them.
FRESH = 6


def read(kind: str) -> Iterator[dict[str, Any]]:
    """The demo's own records of a kind (items, responses), in order."""
    for path in sorted(FOLDER.glob(f"{kind}_*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip():
                yield json.loads(line)


def external_id(key: str) -> str:
    """The id of a demo record's item."""
    return f"demo-{key}"


def _people(dataset: Dataset) -> dict[str, Person]:
    cast = {}
    for key, (name, pseudonym, roles) in CAST.items():
        person = Person(username=f"demo-{key}", display_name=name, pseudonym=pseudonym)
        person.set_unusable_password()
        person.save()
        for role in roles:
            give_role(OPERATOR, dataset, person, role)
        cast[key] = person
    return cast


def _item(dataset: Dataset, cast: dict[str, Person], row: dict[str, Any], leaf: Category) -> Item:
    author = cast["author"]
    item = items.start_item(author, dataset, category=leaf)
    Item.objects.filter(pk=item.pk).update(external_id=external_id(row["key"]))
    item.refresh_from_db()
    state = row["state"]
    if state == "draft":
        items.save_draft(
            author, item, version=0, client_id="", question=row["question"], answer=row["answer"]
        )
        return item
    answer = "" if state == "awaiting_answer" else row["answer"]
    first = answer.rpartition("\n")[0] or answer[: len(answer) // 2]
    stale = row.get("translation_state") == "stale"
    wording = Wording(
        question=row["question"],
        answer=first if stale else answer,
        category=leaf,
        attributes=row.get("attributes", {}),
        sources=row.get("sources", []),
    )
    items.submit(author, item, wording)
    _decide(cast, item, row)
    if state == "approved":
        _translate(cast, item, row)
        if stale:
            items.submit(author, item, Wording(question=row["question"], answer=answer, category=leaf))
            _review(cast, item, "approve", row)
    return item


def _decide(cast: dict[str, Person], item: Item, row: dict[str, Any]) -> None:
    decisions = {"approved": "approve", "needs_changes": "request_changes", "rejected": "reject"}
    if decision := decisions.get(row["state"]):
        _review(cast, item, decision, row)
    elif row["state"] == "withdrawn":
        _review(cast, item, "approve", row)
        items.withdraw(cast["manager"], item, reason=row.get("review_comment") or "類似の質問があるため")


def _review(cast: dict[str, Person], item: Item, decision: str, row: dict[str, Any]) -> None:
    assert item.current_revision_id is not None
    said: dict[str, Any] = {}
    if decision != "approve":
        reasons = row["review_reasons"]
        said = {"reasons": reasons, "comment": row["review_comment"]}
        said |= {f"{part}_ok": part not in reasons for part in ("question", "answer")}
    reviews.review(cast["reviewer"], item, decision=decision, revision=item.current_revision_id, **said)


def _translate(cast: dict[str, Person], item: Item, row: dict[str, Any]) -> None:
    state = row.get("translation_state")
    if not state or not row.get("question_en"):
        return
    translation = translations.translation_of(item, "en")
    translations.submit(
        cast["translator"], translation, question=row["question_en"], answer=row.get("answer_en") or ""
    )
    if state == "in_review":
        return
    assert translation.current_revision_id is not None
    back = state == "needs_changes"
    translations.review(
        cast["bilingual"],
        translation,
        decision="request_changes" if back else "approve",
        revision=translation.current_revision_id,
        adequacy=3 if back else 5,
        fluency=4,
        safety_kept=not back,
        comment="原文の注意の度合いが弱くなっています。" if back else "",
    )


def _talk(cast: dict[str, Person], dataset: Dataset) -> None:
    """A thread on the first item that was sent back."""
    item = Item.objects.filter(dataset=dataset, state=Item.State.NEEDS_CHANGES).order_by("pk").first()
    if item is None:
        return
    asked = comments.comment(
        cast["reviewer"],
        item,
        body="@demo-author 相談先には、かかりつけの薬局のほかに何を挙げられそうですか。",
    )
    comments.comment(
        cast["author"], item, body="自治体の相談窓口を加えて、書き直してみます。", reply_to=asked.pk
    )


def _read_notices(cast: dict[str, Person], dataset: Dataset) -> None:
    newest = notices_of(cast["author"], dataset).values_list("pk", flat=True)[FRESH : FRESH + 1]
    for pk in newest:
        notices.mark_seen(cast["author"], dataset, up_to=pk)


def _quotas(dataset: Dataset) -> None:
    """Targets that a demo of this size can nearly meet."""
    Quota.objects.filter(dataset=dataset).delete()
    approved: dict[int, int] = {}
    held = Item.objects.filter(dataset=dataset, state=Item.State.APPROVED)
    for category in held.values_list("approved_revision__category", flat=True):
        approved[category] = approved.get(category, 0) + 1
    for leaf in Category.objects.filter(taxonomy=dataset.taxonomy, level=3, provisional=False):
        Quota.objects.create(dataset=dataset, category=leaf, split="dev", target=2)
        if approved.get(leaf.pk, 0) > 1:
            Quota.objects.create(dataset=dataset, category=leaf, split="test", target=1)
