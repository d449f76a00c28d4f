"""What people set for their own sake: theirs alone, without a reason, and without a trace of what they chose."""

import pytest

from curation.actions.care import set_care, set_opt_outs
from curation.errors import Invalid, NotAllowed
from curation.log import OPERATOR
from curation.models import Category, LogEntry, OptOut
from tests.factories.annotation import make_member, make_world_dataset
from tests.rig.clients import signed_in

pytestmark = pytest.mark.django_db


def stored(person) -> list[str]:
    return sorted(OptOut.objects.filter(person=person).values_list("category__label", flat=True))


def leaf(dataset, label: str) -> int:
    return Category.objects.get(taxonomy=dataset.taxonomy, label=label).pk


def test_opt_outs_are_kept_at_the_highest_level_chosen() -> None:
    dataset = make_world_dataset()
    person = make_member(dataset, "rater")
    assert set_opt_outs(person, person, dataset, [leaf(dataset, "leaf0"), leaf(dataset, "leaf2")]) == 2
    assert stored(person) == ["leaf0", "leaf2"]
    # leaf0 lies below type, so it goes with it
    assert set_opt_outs(person, person, dataset, [leaf(dataset, "type"), leaf(dataset, "leaf0")]) == 1
    assert stored(person) == ["type"]
    assert set_opt_outs(person, person, dataset, []) == 0
    assert stored(person) == []


def test_opt_outs_of_another_tree_stay_and_cannot_be_set_from_here() -> None:
    dataset, other = make_world_dataset(), make_world_dataset()
    person = make_member(dataset, "rater")
    set_opt_outs(person, person, other, [leaf(other, "area")])
    set_opt_outs(person, person, dataset, [leaf(dataset, "leaf1")])
    assert stored(person) == ["area", "leaf1"]
    with pytest.raises(Invalid):
        set_opt_outs(person, person, dataset, [leaf(other, "leaf1")])
    assert stored(person) == ["area", "leaf1"]


def test_care_is_everybodys_own() -> None:
    dataset = make_world_dataset()
    person, lead = make_member(dataset, "rater"), make_member(dataset, "lead")
    for actor in (lead, OPERATOR):
        with pytest.raises(NotAllowed):
            set_care(actor, person, dataset=dataset, blur=True)
        with pytest.raises(NotAllowed):
            set_opt_outs(actor, person, dataset, [])


def test_care_out_of_range_changes_nothing() -> None:
    dataset = make_world_dataset()
    person = make_member(dataset, "rater")
    for minutes in (-1, 241):
        with pytest.raises(Invalid) as error:
            set_care(person, person, dataset=dataset, blur=True, break_minutes=minutes)
        assert error.value.field == "break_minutes"
    person.refresh_from_db()
    assert (person.blur, person.break_minutes) == (False, 50)


def test_the_log_knows_that_something_changed_and_not_what_is_avoided() -> None:
    dataset = make_world_dataset()
    person = make_member(dataset, "rater")
    set_opt_outs(person, person, dataset, [leaf(dataset, "leaf1")])
    set_opt_outs(person, person, dataset, [leaf(dataset, "leaf1")])  # nothing new
    set_care(person, person, dataset=dataset, blur=True, break_minutes=50)
    entries = LogEntry.objects.filter(verb="care").order_by("id")
    assert [entry.details for entry in entries] == [{"changed": ["opt_outs"]}, {"changed": ["blur"]}]


def test_the_page_shows_the_tree_and_keeps_what_was_ticked() -> None:
    dataset = make_world_dataset()
    person = make_member(dataset, "rater")
    client, base = signed_in(person), f"/d/{dataset.slug}/me/"
    page = client.get(base)
    (area,) = page.context["tree"]
    (kind,) = area["children"]
    assert [row["category"].label for row in kind["children"]] == ["leaf0", "leaf1", "leaf2"]
    client.post(f"{base}opt-outs/", {"category": [leaf(dataset, "leaf0"), leaf(dataset, "leaf1")]})
    (area,) = client.get(base).context["tree"]
    assert (area["inside"], area["chosen"], area["children"][0]["inside"]) == (2, False, 2)
    client.post(f"{base}care/", {"blur": "on", "break_minutes": "25"})
    client.post(f"{base}care/", {"break_minutes": "1e3"})  # no number: refused, and blur stays
    person.refresh_from_db()
    assert (person.blur, person.break_minutes, stored(person)) == (True, 25, ["leaf0", "leaf1"])


def test_the_contact_is_shown_as_the_operator_wrote_it(settings) -> None:
    dataset = make_world_dataset()
    client = signed_in(make_member(dataset, "rater"))
    settings.TEINEI_SUPPORT_CONTACT = "soudan@example.org"
    assert 'href="mailto:soudan@example.org"' in client.get(f"/d/{dataset.slug}/me/").content.decode()
    settings.TEINEI_SUPPORT_CONTACT = ""
    assert "mailto:" not in client.get(f"/d/{dataset.slug}/me/").content.decode()


@pytest.mark.parametrize("path", ["me/", "me/care/", "me/opt-outs/"])
def test_own_pages_do_not_exist_for_strangers(path: str) -> None:
    dataset = make_world_dataset()
    stranger = signed_in(make_member(make_world_dataset(), "lead"))
    address = f"/d/{dataset.slug}/{path}"
    codes = {stranger.get(address).status_code, stranger.post(address).status_code}
    assert codes <= {404, 405}
    assert 404 in codes
