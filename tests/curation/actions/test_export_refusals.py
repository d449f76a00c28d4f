"""Texts that must not go out do not, under whatever id they stand; ids always may."""

from __future__ import annotations

import pytest

from curation.actions.export_refusals import Refused, carried_terms, copied, refuse_texts
from curation.actions.exports import export_release
from curation.actions.published import import_release
from curation.actions.releases import Choice, draw_up, freeze
from curation.log import OPERATOR
from curation.models import Item, Release, Rights
from tests.factories.curation import make_dataset, make_item, make_member
from tests.factories.published import ANSWER, ENGLISH, QUESTION, record, version_2_2, write_array

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def dataset():
    return make_dataset("ours")


def frozen(dataset, **given) -> Release:
    return freeze(OPERATOR, dataset, Choice(**({"name": "v1", "test_per_leaf": 0} | given)))


def elsewhere(tmp_path, *, redistributable: bool = False, rows=None) -> Release:
    other = make_dataset("theirs")
    Rights.objects.create(dataset=other, name="tou", redistributable=redistributable)
    file = write_array(tmp_path / "dev.json", rows or [record(1, split="dev")])
    return import_release(OPERATOR, other, file, name="AC", rights="tou")[0]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (QUESTION.format(n=1), "私たちの回答です。"),
        ("私たちの質問です。", ANSWER.format(n=1)),
        ("　" + QUESTION.format(n=1).replace("1", "１").replace("年も", "年　も"), "私たちの回答です。"),
        (ANSWER.format(n=1), "私たちの回答です。"),
    ],
)
def test_copy_of_a_protected_text_is_refused_with_its_item(dataset, tmp_path, question, answer) -> None:
    elsewhere(tmp_path)
    item = make_item(dataset, state="approved", question=question, answer=answer)
    make_item(dataset, state="approved")
    release = frozen(dataset)
    with pytest.raises(Refused, match="AC") as refused:
        export_release(OPERATOR, release, tmp_path / "out", formats=["jsonl"])
    assert refused.value.ids == [item.external_id]
    assert not (tmp_path / "out").exists()
    export_release(OPERATOR, release, tmp_path / "ids", formats=["ids"])
    written = b"".join(path.read_bytes() for path in (tmp_path / "ids").rglob("*") if path.is_file())
    assert question.encode() not in written


def test_copy_of_a_translation_is_refused(dataset, tmp_path) -> None:
    other = make_dataset("theirs")
    import_release(OPERATOR, other, version_2_2(tmp_path), name="AC")
    item = make_item(dataset, state="approved", question=ENGLISH.format(n=1))
    assert list(copied(frozen(dataset)).values()) == [[item.external_id]]


def test_text_that_may_be_passed_on_is_no_obstacle(dataset, tmp_path) -> None:
    elsewhere(tmp_path, redistributable=True)
    make_item(dataset, state="approved", question=QUESTION.format(n=1))
    refuse_texts(OPERATOR, frozen(dataset))


def test_texts_that_fold_to_nothing_match_nothing(dataset, tmp_path) -> None:
    elsewhere(tmp_path, rows=[record(1) | {"text": "？？？", "output": "！"}])
    make_item(dataset, state="approved", answer="！？。")
    refuse_texts(OPERATOR, frozen(dataset))


def test_release_of_a_dataset_one_cannot_see_is_not_named(dataset, tmp_path) -> None:
    elsewhere(tmp_path)
    make_item(dataset, state="approved", question=QUESTION.format(n=1))
    manager = make_member(dataset, "release_manager")
    with pytest.raises(Refused, match="one you cannot see") as refused:
        refuse_texts(manager, frozen(dataset))
    assert "AC" not in refused.value.sentence


def test_permission_taken_back_after_the_freeze_stops_the_export(dataset) -> None:
    item = make_item(dataset, state="approved")
    terms = Rights.objects.create(dataset=dataset, name="lent", redistributable=True)
    Item.objects.filter(pk=item.pk).update(rights=terms)
    release = frozen(dataset)
    refuse_texts(OPERATOR, release)
    Rights.objects.filter(pk=terms.pk).update(redistributable=False)
    with pytest.raises(Refused, match=item.external_id):
        refuse_texts(OPERATOR, release)


def test_gate_names_each_item_with_its_reason(dataset) -> None:
    items = [make_item(dataset, state="approved") for _ in range(3)]
    bound = Rights.objects.create(dataset=dataset, name="safe only", purpose="safety")
    closed = Rights.objects.create(dataset=dataset, name="closed", redistributable=False)
    Item.objects.filter(pk=items[0].pk).update(rights=bound)
    Item.objects.filter(pk=items[1].pk).update(rights=closed)
    draft = draw_up(OPERATOR, dataset, Choice(name="v1", test_per_leaf=0))
    (gate,) = [gate for gate in draft.gates if gate.key == "rights"]
    assert {found.key: found.why for found in gate.findings} == {
        items[
            0
        ].external_id: "its terms “safe only” bind it to a purpose that the release's terms do not carry",
        items[1].external_id: "its terms “closed” forbid passing it on",
    }
    draft = draw_up(OPERATOR, dataset, Choice(name="v1", test_per_leaf=0, rights=bound))
    (gate,) = [gate for gate in draft.gates if gate.key == "rights"]
    assert gate.items == [items[1].external_id]


def test_terms_of_every_set_travel_with_the_files(dataset, tmp_path) -> None:
    item = make_item(dataset, state="approved")
    theirs = Rights.objects.create(
        dataset=dataset, name="tou", licence="TOU", terms="同じ条件で。", attribution="作成者", inherits=True
    )
    ours = Rights.objects.create(
        dataset=dataset,
        name="ours",
        licence="TOU",
        terms="前文。同じ条件で。",
        attribution="私たち、作成者",
        inherits=True,
    )
    Rights.objects.create(dataset=dataset, name="unused", terms="使っていない。", inherits=True)
    Item.objects.filter(pk=item.pk).update(rights=theirs)
    release = frozen(dataset, rights=ours)
    wanted = "前文。同じ条件で。\n\nHolds items that came under: tou (TOU)\n作成者\n同じ条件で。"
    assert carried_terms(release) == wanted
    export_release(OPERATOR, release, tmp_path / "out", formats=["jsonl"])
    written = (tmp_path / "out" / "TERMS.txt").read_text(encoding="utf-8")
    assert wanted in written
    assert "使っていない" not in written
