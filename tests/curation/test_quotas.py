"""Targets: what a table says, what changes by it, and who may."""

from __future__ import annotations

import csv
import io
import json

import pytest
from rest_framework.test import APIClient

from curation.actions.quotas import Change, changes, edition, set_quotas, set_routine
from curation.errors import Conflict, Invalid, NotAllowed
from curation.formats.faults import UnusableFile
from curation.formats.quotas import read_quotas, written
from curation.log import OPERATOR
from curation.models import Category, LogEntry, Quota
from curation.queries import quotas_of, routine_of
from tests.curation.views.conftest import signed_in
from tests.factories.curation import leaf, make_dataset, make_member
from tests.rig.commands import ended

LEAVES = {7: "=悪\t違法\t個人", 8: "誤情報\t実被害\t医療"}


def read(tmp_path, text, name="t.csv"):
    place = tmp_path / name
    place.write_text(text, encoding="utf-8")
    return read_quotas(place, LEAVES)


def test_a_table_comes_back_as_it_was_written_and_holds_no_formula(tmp_path):
    targets = {7: {"dev": 3, "test": 1}, 8: {"dev": 0, "test": 0}}
    text = written(LEAVES, targets)
    lines = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert lines[0] == ["ID", "risk-area", "harm-type", "specific-harm", "dev", "test"]
    assert lines[1] == ["7", "'=悪", "違法", "個人", "3", "1"]
    found = read(tmp_path, text)
    assert (found.targets, found.apart) == (targets, [])


def test_rows_are_named_by_id_by_labels_or_by_both(tmp_path):
    table = "ID,大分類,中分類,小分類,dev,test\n7,,,,1,\n,誤情報,実被害,医療,,２\n"
    assert read(tmp_path, table).targets == {7: {"dev": 1}, 8: {"test": 2}}
    rows = [
        {"id": 8, "dev": 4},
        {"risk-area": "=悪", "harm-type": "違法", "specific-harm": "個人", "test": 5},
    ]
    assert read(tmp_path, json.dumps(rows), "t.json").targets == {8: {"dev": 4}, 7: {"test": 5}}


def test_bad_rows_stand_apart_with_their_number_and_why(tmp_path):
    table = (
        "ID,risk-area,harm-type,specific-harm,dev,test\n"
        "9,,,,1,1\n"  # no such leaf
        ",,,,1,1\n"  # names none
        ",誤情報,実被害,金融,1,1\n"  # labels of none
        "7,誤情報,実被害,医療,1,1\n"  # id and labels disagree
        "7,,,,-1,1\n"
        "7,,,,1.5,1\n"
        "7,,,,,\n"
        "7,,,,2,1\n"
        "7,,,,3,1\n"  # twice
    )
    found = read(tmp_path, table)
    assert found.targets == {7: {"dev": 2, "test": 1}}
    assert [(row.row, row.field) for row in found.apart] == [
        (1, "ID"),
        (2, "ID"),
        (3, "specific-harm"),
        (4, "ID"),
        (5, "dev"),
        (6, "dev"),
        (7, "dev"),
        (9, "ID"),
    ]
    assert found.apart[4].reason == "must be a whole number from 0 to 1000000"


def test_another_table_is_refused_as_a_whole(tmp_path):
    with pytest.raises(UnusableFile, match="none of the columns"):
        read(tmp_path, "question,answer\na,b\n")


@pytest.fixture
def dataset(db):
    return make_dataset("home")


@pytest.fixture
def lead(dataset):
    return make_member(dataset, "lead")


def target(dataset, number, split):
    return quotas_of(dataset).get(leaf(dataset, number).pk, {}).get(split, 0)


@pytest.mark.both_databases
def test_setting_changes_what_is_named_and_logs_numbers_alone(dataset, lead):
    first, second = leaf(dataset, 0).pk, leaf(dataset, 1).pk
    done = set_quotas(lead, dataset, {first: {"dev": 5, "test": 1}, second: {"test": 0}})
    assert done == [
        Change(leaf=first, split="dev", was=2, now=5),
        Change(leaf=second, split="test", was=1, now=0),
    ]
    assert [target(dataset, n, s) for n in range(3) for s in ("dev", "test")] == [5, 1, 2, 0, 2, 1]
    assert Quota.objects.filter(dataset=dataset).count() == 5
    entry = LogEntry.objects.get(verb="set_quotas")
    assert entry.details == {"changed": [[first, "dev", 2, 5], [second, "test", 1, 0]]}
    assert set_quotas(lead, dataset, {first: {"dev": 5}}) == []
    assert LogEntry.objects.filter(verb="set_quotas").count() == 1


def test_what_somebody_changed_meanwhile_is_not_overwritten(dataset, lead):
    base = edition(quotas_of(dataset))
    set_quotas(lead, dataset, {leaf(dataset).pk: {"dev": 9}}, base=base)
    with pytest.raises(Conflict):
        set_quotas(lead, dataset, {leaf(dataset).pk: {"dev": 4}}, base=base)
    assert target(dataset, 0, "dev") == 9


def test_wrong_targets_change_nothing(dataset, lead):
    Category.objects.filter(pk=leaf(dataset, 2).pk).update(provisional=True)
    other = leaf(dataset, 2).pk
    for targets in (
        {leaf(dataset).parent_id: {"dev": 1}},
        {leaf(dataset).pk: {"dev": -1}},
        {other: {"dev": 3}},
    ):
        with pytest.raises(Invalid):
            set_quotas(lead, dataset, {leaf(dataset, 1).pk: {"dev": 7}} | targets)
    assert target(dataset, 1, "dev") == 2
    with pytest.raises(NotAllowed):
        set_quotas(make_member(dataset, "author", "reviewer"), dataset, {})
    assert [each.now for each in changes(dataset, {leaf(dataset).pk: {"dev": 3}})] == [3]
    assert target(dataset, 0, "dev") == 2


def test_routine_is_set_within_its_bounds(dataset, lead):
    assert set_routine(lead, dataset, soft_cap=90, hard_cap=None, reserve_hours=6)
    kept = routine_of(dataset)
    assert (kept.soft_cap, kept.hard_cap, kept.reserve_hours) == (90, None, 6)
    assert not set_routine(lead, dataset, soft_cap=90, hard_cap=None, reserve_hours=6)
    for wrong in ((0, 100, 6), (100, 99, 6), (100, 1001, 6), (100, 150, 0), (100, 150, 721)):
        with pytest.raises(Invalid):
            set_routine(OPERATOR, dataset, soft_cap=wrong[0], hard_cap=wrong[1], reserve_hours=wrong[2])


def test_command_sets_says_and_quarantines(dataset, tmp_path):
    place = tmp_path / "t.csv"
    first = leaf(dataset)
    place.write_text(f"ID,dev,test\n{first.pk},6,\n999999,1,1\n", encoding="utf-8")
    for words in (("--dry-run",), ()):
        code, printed = ended("set_quotas", place, "--json", *words)
        assert code == 3
        said = json.loads(printed[printed.index("{") :])
        assert said["changed"] == [
            {"id": first.pk, "labels": first.labels, "split": "dev", "was": 2, "now": 6}
        ]
        assert [row["row"] for row in said["quarantined"]] == [2]
        assert target(dataset, 0, "dev") == (2 if words else 6)


def page_of(client, **given):
    return client.post("/d/home/coverage/targets/", given)


def test_the_page_edits_in_bulk_and_keeps_what_was_typed_wrongly(dataset, lead, django_assert_num_queries):
    client = signed_in(lead)
    first, last = leaf(dataset, 0).pk, leaf(dataset, 2).pk
    base = edition(quotas_of(dataset))
    given = {f"target-{first}-dev": "8", f"target-{last}-test": "", "base": base}
    assert page_of(client, **given).status_code == 302
    assert (target(dataset, 0, "dev"), target(dataset, 2, "test")) == (8, 0)
    wrong = page_of(client, **{f"target-{first}-dev": "多め", f"target-{last}-dev": "4"})
    assert wrong.status_code == 422
    shown = wrong.content.decode()
    assert 'value="多め"' in shown
    assert 'value="4"' in shown
    assert target(dataset, 2, "dev") == 2
    assert page_of(client, **given).status_code == 409
    for role in ("author", "reviewer", "release_manager"):
        assert signed_in(make_member(dataset, role)).get("/d/home/coverage/targets/").status_code == 404


def test_a_file_is_shown_before_it_is_saved(dataset, lead):
    client = signed_in(lead)
    table = client.get("/d/home/coverage/targets.csv")
    assert table["Content-Disposition"] == 'attachment; filename="home-targets.csv"'
    text = table.content.decode().replace("医療相談,2,1", "医療相談,12,1") + "5555555,,,,1,1\n"
    file = io.BytesIO(text.encode())
    file.name = "targets.csv"
    shown = client.post("/d/home/coverage/targets/file/", {"file": file}).content.decode()
    assert "1 target would change. Nothing is saved yet" in shown
    assert 'value="12"' in shown
    assert "was 2" in shown
    assert "5555555" in shown
    assert target(dataset, 0, "dev") == 2
    refused = client.post("/d/home/coverage/targets/file/", {"file": io.BytesIO(b"\x89PNG\r\n\x1a\n")})
    assert refused.status_code == 422
    assert client.post("/d/home/coverage/targets/file/").status_code == 422


def test_api_reads_and_sets(dataset, lead):
    client = APIClient()
    client.force_login(lead, backend="django.contrib.auth.backends.ModelBackend")
    body = client.get("/api/d/home/coverage/").json()
    assert body["routine"] == {"soft_cap": 100, "hard_cap": 150, "reserve_hours": 24}
    first = body["leaves"][0]
    assert (first["labels"][-1], first["targets"], first["standing"]) == (
        "医療相談",
        {"dev": 2, "test": 1},
        "open",
    )
    wrong = client.put("/api/d/home/coverage/", {"targets": [{"ID": first["id"], "dev": "x"}]}, format="json")
    assert (wrong.status_code, wrong.json()["rows"][0]["field"]) == (400, "dev")
    right = {"targets": [{"ID": first["id"], "dev": 4}]}
    for dry in (True, False):
        done = client.put("/api/d/home/coverage/", right | {"dry_run": dry}, format="json")
        assert done.json() == {
            "changed": [{"id": first["id"], "split": "dev", "was": 2, "now": 4}],
            "dry_run": dry,
        }
        assert target(dataset, 0, "dev") == (2 if dry else 4)
    other = APIClient()
    other.force_login(make_member(dataset, "author"), backend="django.contrib.auth.backends.ModelBackend")
    assert other.put("/api/d/home/coverage/", right, format="json").status_code == 403
    stranger = APIClient()
    stranger.force_login(
        make_member(make_dataset(), "lead"), backend="django.contrib.auth.backends.ModelBackend"
    )
    assert stranger.get("/api/d/home/coverage/").status_code == 404
