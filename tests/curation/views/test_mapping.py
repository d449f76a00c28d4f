"""The taxonomy beside the one it was made from, and a signature that holds for exactly what was read."""

from __future__ import annotations

from typing import Any

import pytest

from curation.actions.releases import Choice, freeze
from curation.actions.sign_offs import sign_mapping
from curation.errors import Conflict, NotAllowed
from curation.log import OPERATOR
from curation.mapping import content_hash, pairs
from curation.models import CategoryMapping, LogEntry, MappingSignOff, Taxonomy
from tests.factories.curation import make_item, make_member, make_taxonomy
from tests.rig.clients import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def leaves(taxonomy: Taxonomy) -> list[Any]:
    return list(taxonomy.categories.filter(level=3).order_by("position"))


@pytest.fixture
def original(dataset: Any) -> Taxonomy:
    """Three leaves too: the first is the same here, two there were merged into the second here; the third is new."""
    made = make_taxonomy("original")
    there, here = leaves(made), leaves(dataset.taxonomy)
    made.categories.create(
        parent=there[0].parent,
        level=3,
        position=99,
        label="廃止",
        path="廃止",
        name_ja="廃止",
        name_en="gone",
    )
    for source, target, kind in ((0, 0, "same"), (1, 1, "merged"), (2, 1, "merged")):
        CategoryMapping.objects.create(source=there[source], target=here[target], kind=kind)
    return made


def told(taxonomy: Taxonomy, other: Taxonomy) -> list[tuple[str, str | None, list[str]]]:
    return [
        (pair.kind, pair.leaf.label if pair.leaf else None, [each.label for each in pair.others])
        for pair in pairs(taxonomy, other)
    ]


def test_every_category_of_both_sides_stands_once(dataset, original) -> None:
    assert told(dataset.taxonomy, original) == [
        ("same", "医療相談", ["医療相談"]),
        ("merged", "金融相談", ["金融相談", "個人犯罪"]),
        ("new", "個人犯罪", []),
        ("dropped", None, ["廃止"]),
    ]
    # From the other side the same rows are read the other way round.
    assert told(original, dataset.taxonomy)[1:3] == [
        ("merged", "金融相談", ["金融相談"]),
        ("merged", "個人犯罪", ["金融相談"]),
    ]


def test_page_shows_both_definitions_and_filters(dataset, original, as_author) -> None:
    page = as_author.get("/d/home/taxonomy/mapping/")
    assert [(kind, n) for kind, _label, n in page.context["kinds"]] == [
        ("same", 1),
        ("merged", 1),
        ("new", 1),
        ("dropped", 1),
    ]
    text = page.content.decode()
    assert (text.count("金融相談の定義。"), text.count("What 金融相談 means.")) == (2, 2)
    assert f'id="leaf-{leaves(dataset.taxonomy)[0].pk}"' in text
    only = as_author.get("/d/home/taxonomy/mapping/", {"kind": "merged", "with": "original"})
    assert [pair.kind for pair in only.context["pairs"]] == ["merged"]
    strange = as_author.get("/d/home/taxonomy/mapping/", {"kind": "x", "with": "nope"})
    assert len(strange.context["pairs"]) == 4


def test_lead_signs_what_was_read(dataset, original, as_author) -> None:
    lead = make_member(dataset, "lead")
    client, taxonomy = signed_in(lead), dataset.taxonomy
    read = client.get("/d/home/taxonomy/mapping/").context["content_hash"]
    as_author.post("/d/home/taxonomy/mapping/sign/", {"read": read})
    assert MappingSignOff.objects.count() == 0
    with pytest.raises(NotAllowed):
        sign_mapping(OPERATOR, taxonomy, read=read)
    leaves(original)[0].__class__.objects.filter(pk=leaves(original)[0].pk).update(definition_ja="別の定義")
    with pytest.raises(Conflict):
        sign_mapping(lead, taxonomy, read=read)
    read = content_hash(taxonomy)
    for _twice in range(2):
        client.post("/d/home/taxonomy/mapping/sign/", {"read": read, "comment": "確認しました"})
    signed = MappingSignOff.objects.get()
    assert (signed.person, signed.content_hash, signed.comment) == (lead, read, "確認しました")
    assert LogEntry.objects.filter(verb="sign_mapping").count() == 1
    page = client.get("/d/home/taxonomy/mapping/")
    assert page.context["standing"] == signed
    assert b"Signed by" in client.get("/d/home/taxonomy/").content
    CategoryMapping.objects.filter(kind="same").update(kind="split")
    page = client.get("/d/home/taxonomy/mapping/")
    assert (page.context["standing"], b"It was changed since it was signed." in page.content) == (None, True)


def test_release_keeps_whether_its_taxonomy_was_signed(dataset, original) -> None:
    make_item(dataset, state="approved")
    lead, now = make_member(dataset, "lead", name="himitsu"), content_hash(dataset.taxonomy)
    before = freeze(OPERATOR, dataset, Choice(name="v1", test_per_leaf=0))
    signed = sign_mapping(lead, dataset.taxonomy, read=now)
    after = freeze(OPERATOR, dataset, Choice(name="v2", test_per_leaf=0))
    assert before.snapshot["taxonomy_signed"] == {"content_hash": now, "signed_at": None}
    assert after.snapshot["taxonomy_signed"] == {
        "content_hash": now,
        "signed_at": signed.signed_at.isoformat(),
    }
    assert "himitsu" not in str(after.snapshot)
