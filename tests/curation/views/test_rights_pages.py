"""Terms on their pages: entered and changed by the manager alone, each change on record, frozen releases untouched."""

from __future__ import annotations

import pytest

from curation.actions.releases import Choice, freeze
from curation.actions.rights import create_rights, edition, revise_rights
from curation.errors import Conflict, Invalid, NotAllowed
from curation.log import OPERATOR
from curation.models import Item, LogEntry, Release, Rights
from tests.factories.curation import make_dataset, make_item, make_member
from tests.rig.clients import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
TYPED = {
    "name": "tou",
    "licence": "TOU-2025",
    "gate": "requested",
    "inherits": "on",
    "purpose": "safety",
    "attribution": "作成者",
    "terms": "条件の全文。",
}


@pytest.fixture
def dataset():
    return make_dataset("terms")


@pytest.fixture
def manager(dataset):
    return make_member(dataset, "release_manager")


@pytest.fixture
def terms(dataset):
    return create_rights(OPERATOR, dataset, {"name": "tou", "gate": "no_access"})


def test_manager_enters_terms(dataset, manager) -> None:
    answer = signed_in(manager).post("/d/terms/rights/new/", TYPED)
    assert answer.status_code == 302
    row = Rights.objects.get(dataset=dataset)
    assert (row.name, row.gate, row.redistributable, row.inherits) == ("tou", "requested", False, True)
    assert (row.purpose, row.attribution, row.terms) == ("safety", "作成者", "条件の全文。")
    entry = LogEntry.objects.get(verb="create_rights")
    assert (entry.person, entry.to_state, entry.object_id) == (manager, "requested", str(row.pk))


def test_gate_that_opens_is_on_record_without_texts(manager, terms) -> None:
    client, place = signed_in(manager), f"/d/terms/rights/{terms.pk}/"
    assert client.post(place, TYPED | {"gate": "granted", "base": edition(terms)}).status_code == 302
    terms.refresh_from_db()
    assert (terms.gate, terms.terms) == ("granted", "条件の全文。")
    entry = LogEntry.objects.get(verb="revise_rights")
    assert (entry.from_state, entry.to_state) == ("no_access", "granted")
    changed = ["attribution", "gate", "inherits", "licence", "purpose", "redistributable", "terms"]
    assert entry.details == {"fields": changed}
    assert "changed terms (No access → Granted)" in client.get(place).content.decode()


def test_nothing_changed_is_nothing_logged(dataset, manager, terms) -> None:
    revise_rights(manager, terms, {"gate": "no_access"}, base=edition(terms))
    assert LogEntry.objects.filter(verb="revise_rights").count() == 0


def test_edit_of_what_somebody_changed_meanwhile_is_refused(manager, terms) -> None:
    read = edition(terms)
    revise_rights(OPERATOR, terms, {"gate": "requested"}, base=read)
    with pytest.raises(Conflict):
        revise_rights(manager, terms, {"gate": "open"}, base=read)
    page = signed_in(manager).post(f"/d/terms/rights/{terms.pk}/", TYPED | {"base": read})
    assert (page.status_code, "Somebody else changed these terms" in page.content.decode()) == (200, True)
    assert Rights.objects.get(pk=terms.pk).gate == "requested"


def test_frozen_release_keeps_the_terms_and_their_name(dataset, manager, terms) -> None:
    item = make_item(dataset, state="approved")
    revise_rights(manager, terms, {"gate": "open", "purpose": "safety"}, base=edition(terms))
    terms.refresh_from_db()
    Item.objects.filter(pk=item.pk).update(rights=terms)
    release = freeze(OPERATOR, dataset, Choice(name="v1", test_per_leaf=0, rights=terms))
    revise_rights(manager, terms, {"purpose": "anything"}, base=edition(terms))
    terms.refresh_from_db()
    release = Release.objects.get(pk=release.pk)
    assert (terms.purpose, release.rights["purpose"], release.snapshot["rights"][0]["purpose"]) == (
        "anything",
        "safety",
        "safety",
    )
    with pytest.raises(Invalid) as refused:
        revise_rights(manager, terms, {"name": "other"}, base=edition(terms))
    assert refused.value.field == "name"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": "tou"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "new", "gate": "ajar"}, "gate"),
        ({"name": "new", "terms": "half \ud800"}, ""),
        ({"name": "new", "terms": "nul \0"}, ""),
    ],
)
def test_terms_that_cannot_be_kept_leave_no_row(dataset, manager, terms, values, field) -> None:
    with pytest.raises(Invalid) as refused:
        create_rights(manager, dataset, {"gate": "open"} | values)
    assert refused.value.field.startswith(field)
    assert Rights.objects.count() == 1


@pytest.mark.parametrize("role", ["author", "lead", "researcher", "reviewer"])
def test_others_read_and_do_not_write(dataset, terms, role) -> None:
    person = make_member(dataset, role)
    client = signed_in(person)
    place = f"/d/terms/rights/{terms.pk}/"
    page = client.get(place)
    assert (page.status_code, "<textarea" in page.content.decode()) == (200, False)
    client.post(place, TYPED | {"base": edition(terms)})
    assert client.get("/d/terms/rights/new/").status_code == 404
    assert Rights.objects.get(pk=terms.pk).gate == "no_access"
    with pytest.raises(NotAllowed):
        revise_rights(person, terms, {"gate": "open"}, base=edition(terms))


def test_strangers_and_raters_find_nothing(dataset, terms) -> None:
    stranger = make_member(make_dataset("other"), "release_manager")
    rater = make_member(dataset, "rater")
    for person in (stranger, rater):
        for place in ("", "new/", f"{terms.pk}/"):
            assert signed_in(person).get(f"/d/terms/rights/{place}").status_code == 404
    assert signed_in(stranger).get(f"/d/other/rights/{terms.pk}/").status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
def test_list_costs_the_same_for_any_length(dataset, manager, rows, django_assert_num_queries) -> None:
    for n in range(rows):
        create_rights(OPERATOR, dataset, {"name": f"terms {n}"})
    client = signed_in(manager)
    client.get("/d/terms/rights/")
    with django_assert_num_queries(LIST_QUERIES):
        assert client.get("/d/terms/rights/").content.decode().count("data-href") == rows


LIST_QUERIES = 9
