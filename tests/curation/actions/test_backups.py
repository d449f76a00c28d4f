"""A backup brings every row back, and nothing at all where it is damaged or there is something already."""

from __future__ import annotations

import zipfile

import pytest

from curation.actions.backups import backup, kept_models, restore
from curation.actions.releases import Choice, freeze
from curation.errors import Invalid
from curation.log import OPERATOR
from curation.models import Item, Person, Release
from tests.factories.curation import make_dataset, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def test_backup_holds_every_row_and_refuses_to_write_over(tmp_path) -> None:
    make_item(make_dataset("kept"), state="approved")
    counts = backup(tmp_path / "all.zip")
    assert counts["curation.item.jsonl"] == 1
    assert sum(counts.values()) == sum(model._default_manager.count() for model in kept_models())
    with pytest.raises(Invalid):
        backup(tmp_path / "all.zip")


def test_restore_refuses_a_system_that_is_not_empty(tmp_path) -> None:
    make_item(make_dataset("kept"))
    backup(tmp_path / "all.zip")
    with pytest.raises(Invalid):
        restore(tmp_path / "all.zip")
    assert Item.objects.count() == 1


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 broken"])
def test_damaged_file_restores_nothing(tmp_path, content) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(Invalid):
        restore(tmp_path / "x.zip")
    assert Person.objects.count() == 0


def test_changed_line_is_noticed(tmp_path) -> None:
    backup(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as old, zipfile.ZipFile(tmp_path / "new.zip", "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content + b"\n" if name == "curation.person.jsonl" else content)
    with pytest.raises(Invalid):
        restore(tmp_path / "new.zip")


def test_path_that_cannot_be_written_leaves_no_half_file(tmp_path) -> None:
    with pytest.raises(Invalid):
        backup(tmp_path / "nowhere" / "all.zip")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.django_db(transaction=True)
def test_round_trip(tmp_path) -> None:
    from django.core.management import call_command

    dataset = make_dataset("kept")
    item = make_item(dataset, state="approved", question="戻ってくる質問です。")
    release = freeze(OPERATOR, dataset, Choice(name="v1", test_per_leaf=0))
    counts = backup(tmp_path / "all.zip")
    call_command("flush", interactive=False, verbosity=0)
    assert restore(tmp_path / "all.zip") == counts
    assert Item.objects.get(pk=item.pk).current_revision.question == "戻ってくる質問です。"
    assert Release.objects.get().root_hash == release.root_hash
    # Sequences go on after the restored ids.
    assert make_item(make_dataset("after")).pk > item.pk
