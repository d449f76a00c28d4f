"""Files of a release: nothing unapproved by query or by file, nothing that must not be passed on."""

from __future__ import annotations

import pytest

from curation.actions.export_jobs import Wish, archive_of, queue_export
from curation.actions.exports import export_release
from curation.actions.published import import_release
from curation.actions.releases import Choice, Waiver, freeze
from curation.errors import Invalid, NotAllowed
from curation.log import OPERATOR
from curation.models import Category, Item, Job, LogEntry, Rights
from tests.factories.curation import leaf, make_dataset, make_item, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
PLANTED = "まだ承認されていない秘密の質問です。"


@pytest.fixture
def dataset():
    return make_dataset("files")


def frozen(dataset, *waived):
    waivers = [Waiver(gate=gate, reason="test", person="mari") for gate in waived]
    return freeze(OPERATOR, dataset, Choice(name="v1", test_per_leaf=0), waivers=waivers)


def test_item_that_was_sent_back_is_in_no_export(dataset, tmp_path) -> None:
    make_item(dataset, state="approved")
    planted = make_item(dataset, state="needs_changes", question=PLANTED)
    release = frozen(dataset)
    assert release.items.filter(item=planted).count() == 0
    files, checked = export_release(OPERATOR, release, tmp_path / "out", formats=["all"])
    assert list(checked.problems) == []
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(files) > 5
    for needle in (PLANTED, planted.external_id):
        assert [path.name for path in written if needle.encode() in path.read_bytes()] == []
    assert LogEntry.objects.filter(verb="export").count() == 1


def test_terms_that_forbid_passing_on_leave_ids_alone(dataset, tmp_path) -> None:
    item = make_item(dataset, state="approved", question=PLANTED)
    terms = Rights.objects.create(dataset=dataset, name="closed", redistributable=False)
    Item.objects.filter(pk=item.pk).update(rights=terms)
    release = frozen(dataset, "rights")
    with pytest.raises(Invalid, match=item.external_id):
        export_release(OPERATOR, release, tmp_path / "texts", formats=["all"])
    assert not (tmp_path / "texts").exists()
    export_release(OPERATOR, release, tmp_path / "ids", formats=["ids"])
    written = b"".join(path.read_bytes() for path in (tmp_path / "ids").rglob("*") if path.is_file())
    assert (item.external_id.encode() in written, PLANTED.encode() in written) == (True, False)


def test_provisional_category_is_not_exported(dataset, tmp_path) -> None:
    item = make_item(dataset, state="approved")
    Category.objects.filter(pk=leaf(dataset).pk).update(provisional=True)
    release = frozen(dataset, "provisional")
    with pytest.raises(Invalid, match=item.external_id):
        export_release(OPERATOR, release, tmp_path / "out", formats=["jsonl"])


def test_texts_of_a_release_published_elsewhere_are_not_written(dataset, tmp_path) -> None:
    labels = leaf(dataset).labels
    file = tmp_path / "test.csv"
    file.write_text(
        f"ID,text,output,risk-area,harm-type,specific-harm\nx1,よその質問です。,答え,{','.join(labels)}\n",
        encoding="utf-8",
    )
    release, quarantined = import_release(OPERATOR, dataset, file, name="published")
    assert (quarantined, release.counts["dev"], release.counts["test"]) == ([], 0, 1)
    with pytest.raises(Invalid):
        export_release(OPERATOR, release, tmp_path / "out", formats=["jsonl"])


def test_only_who_may_export_does(dataset, tmp_path) -> None:
    make_item(dataset, state="approved")
    with pytest.raises(NotAllowed):
        export_release(make_member(dataset, "author"), frozen(dataset), tmp_path / "out", formats=["jsonl"])


@pytest.mark.parametrize("formats", [[], ["exe"], ["jsonl", "../x"]])
def test_unknown_format_queues_nothing(dataset, formats) -> None:
    make_item(dataset, state="approved")
    with pytest.raises(Invalid):
        queue_export(OPERATOR, frozen(dataset), Wish(formats=tuple(formats)), target_url="")
    assert Job.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_queued_export_ends_in_an_archive(dataset) -> None:
    make_item(dataset, state="approved")
    job = queue_export(OPERATOR, frozen(dataset), Wish(formats=("jsonl",)), target_url="")
    job.refresh_from_db()
    assert (job.state, job.done, job.total) == ("succeeded", 100, 100)
    archive = archive_of(job)
    assert archive is not None
    assert archive.stat().st_size == job.result["bytes"]
