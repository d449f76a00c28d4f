"""Taxonomies, datasets and roles."""

from __future__ import annotations

import json

import pytest

from curation.actions.datasets import (
    create_dataset,
    give_role,
    load_taxonomy,
    shipped_taxonomies,
    take_role,
)
from curation.errors import Invalid, NotAllowed
from curation.log import OPERATOR
from curation.models import Dataset, LogEntry, Membership, Taxonomy
from tests.factories.curation import make_dataset, make_item, make_member, make_person

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def test_shipped_taxonomies_load_once() -> None:
    for name in shipped_taxonomies():
        taxonomy, new = load_taxonomy(OPERATOR, name)
        again, known = load_taxonomy(OPERATOR, name)
        assert (new, known, again) == (True, False, taxonomy)


@pytest.mark.parametrize(
    "tree",
    [
        {},
        {"name": "x", "title_ja": "x", "title_en": "x", "categories": []},
        {"name": "x", "title_ja": "x", "title_en": "x", "categories": [{"label": "only one level"}]},
        {"name": "", "title_ja": "", "title_en": "", "categories": "text"},
    ],
)
def test_unusable_tree_writes_nothing(tree, tmp_path) -> None:
    (tmp_path / "t.json").write_text(json.dumps(tree), encoding="utf-8")
    with pytest.raises(Invalid):
        load_taxonomy(OPERATOR, str(tmp_path / "t.json"))
    assert Taxonomy.objects.count() == 0


def test_other_labels_under_a_known_name_are_refused(tmp_path) -> None:
    def tree(leaf: str) -> dict:
        middle = {"label": "b", "children": [{"label": leaf}]}
        return {
            "name": "mine",
            "title_ja": "x",
            "title_en": "x",
            "categories": [{"label": "a", "children": [middle]}],
        }

    for leaf, fits in (("c", True), ("c", True), ("d", False)):
        (tmp_path / "t.json").write_text(json.dumps(tree(leaf)), encoding="utf-8")
        if fits:
            load_taxonomy(OPERATOR, str(tmp_path / "t.json"))
        else:
            with pytest.raises(Invalid):
                load_taxonomy(OPERATOR, str(tmp_path / "t.json"))
    assert Taxonomy.objects.get().categories.count() == 3


def test_dataset_takes_the_quotas_of_its_taxonomy_and_an_unsigned_guideline() -> None:
    dataset = make_dataset("new")
    # Three leaves with a target of 1 test and 2 dev each.
    assert sorted(dataset.quotas.values_list("split", "target")) == [("dev", 2)] * 3 + [("test", 1)] * 3
    assert [(row.version, row.signed_by) for row in dataset.guidelines.all()] == [(1, None)]
    with pytest.raises(Invalid):
        create_dataset(OPERATOR, name="new", slug="new", taxonomy=dataset.taxonomy)
    with pytest.raises(Invalid):
        create_dataset(OPERATOR, name="日本語", taxonomy=dataset.taxonomy)
    assert Dataset.objects.count() == 1


def test_role_is_given_once_and_ending_it_is_logged() -> None:
    dataset, person = make_dataset("roles"), make_person()
    lead = make_member(dataset, "lead")
    before = LogEntry.objects.count()
    first = give_role(lead, dataset, person, "author")
    assert give_role(lead, dataset, person, "author") == first
    take_role(lead, first)
    verbs = list(LogEntry.objects.order_by("pk").values_list("verb", flat=True))[before:]
    assert (verbs, Membership.objects.filter(person=person).count()) == (["give_role", "take_role"], 0)


def test_author_gives_no_roles() -> None:
    dataset = make_dataset("roles")
    with pytest.raises(NotAllowed):
        give_role(make_member(dataset, "author"), dataset, make_person(), "lead")


def test_who_wrote_a_part_never_reviews_it_after_a_change_of_roles() -> None:
    from curation.rules import why_not

    dataset = make_dataset("roles")
    author = make_member(dataset, "author")
    item = make_item(dataset, state="in_review", author=author)
    take_role(OPERATOR, author.memberships.get())
    make_member(dataset, "reviewer", person=author)
    assert why_not(author, "approve", item) is not None
