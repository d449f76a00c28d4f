"""Each gate turns red for its own reason, names what to mend, and tells nothing of datasets one cannot see."""

from __future__ import annotations

import pytest

from curation.actions import items
from curation.actions.items import Wording
from curation.actions.published import import_release
from curation.actions.releases import Choice, Waiver, draw_up, freeze
from curation.errors import Invalid
from curation.gates import NEVER_WAIVED
from curation.log import OPERATOR
from curation.models import Category, Item, Rights
from tests.factories.curation import ANSWER, leaf, make_dataset, make_item, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def dataset():
    return make_dataset("gates")


def said(actor, dataset, **given):
    draft = draw_up(actor, dataset, Choice(**{"name": "v1", "test_per_leaf": 0} | given))
    return {gate.key: gate for gate in draft.gates}


def test_empty_dataset_cannot_be_frozen(dataset) -> None:
    assert not said(OPERATOR, dataset)["approved"].green
    with pytest.raises(Invalid, match="approved"):
        freeze(OPERATOR, dataset, Choice(name="v1", test_per_leaf=0))


def test_all_is_green_for_sound_items(dataset) -> None:
    make_item(dataset, state="approved")
    assert [key for key, gate in said(OPERATOR, dataset).items() if not gate.green] == []


def test_quota_counts_the_leaves_that_are_short(dataset) -> None:
    make_item(dataset, state="approved")
    gate = said(OPERATOR, dataset, test_per_leaf=1)["quota"]
    # Three leaves have a target for test; the only item stays in dev, so none of them holds one.
    assert (gate.green, len(gate.items)) == (False, 3)


def test_provisional_label_is_named(dataset) -> None:
    item = make_item(dataset, state="approved")
    Category.objects.filter(pk=leaf(dataset).pk).update(provisional=True)
    gate = said(OPERATOR, dataset)["provisional"]
    assert (gate.green, gate.items) == (False, [item.external_id])


def test_terms_that_forbid_passing_on_are_named(dataset) -> None:
    item = make_item(dataset, state="approved")
    terms = Rights.objects.create(dataset=dataset, name="closed", redistributable=False)
    Item.objects.filter(pk=item.pk).update(rights=terms)
    assert said(OPERATOR, dataset)["rights"].items == [item.external_id]


def test_leak_names_a_release_of_another_dataset_only_to_who_may_see_it(dataset, tmp_path) -> None:
    asked = "ＡＢＣが漏れてはいけない質問です。"
    other = make_dataset("elsewhere")
    file = tmp_path / "published.csv"
    labels = leaf(other).labels
    file.write_text(
        "ID,text,output,risk-area,harm-type,specific-harm,split\n"
        f"x1,{asked},答え,{labels[0]},{labels[1]},{labels[2]},test\n",
        encoding="utf-8",
    )
    import_release(OPERATOR, other, file, name="secret-name")
    item = make_item(dataset, state="approved", question="ABCが漏れてはいけない質問です。")
    manager = make_member(dataset, "release_manager")
    hidden = said(manager, dataset)["leaks"]
    assert (hidden.green, hidden.items) == (False, [item.external_id])
    assert [name for name in ("secret-name", "elsewhere") if name in hidden.sentence] == []
    make_member(other, "researcher", person=manager)
    assert "secret-name" in said(manager, dataset)["leaks"].sentence


def test_leaks_and_missing_approval_are_never_waived(dataset) -> None:
    assert {"approved", "leaks"} == NEVER_WAIVED
    waivers = [Waiver(gate="approved", reason="because", person="x")]
    with pytest.raises(Invalid):
        freeze(OPERATOR, dataset, Choice(name="v1", test_per_leaf=0), waivers=waivers)


def test_waived_gate_is_kept_with_its_person_and_reason(dataset) -> None:
    make_item(dataset, state="approved")
    waivers = [Waiver(gate="quota", reason="pilot", person="mari")]
    release = freeze(OPERATOR, dataset, Choice(name="v1", test_per_leaf=1), waivers=waivers)
    kept = {gate["key"]: gate["waived"] for gate in release.gates if not gate["green"]}
    assert kept == {"quota": {"gate": "quota", "reason": "pilot", "person": "mari"}}


def test_revised_item_is_frozen_in_its_approved_revision(dataset) -> None:
    item = make_item(dataset, state="approved", question="前の質問です。")
    items.submit(item.author, item, Wording(question="後の質問です。", answer=ANSWER))
    release = freeze(OPERATOR, dataset, Choice(name="v1", test_per_leaf=0))
    assert [row.question for row in release.items.all()] == ["前の質問です。"]
