"""The database refuses what no program of ours would do, whoever asks."""

from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.utils import timezone

from curation import doctor, frozen_rows
from curation.actions.texts import keep_text
from curation.models import Release, ReleaseItem, Text
from tests.factories.annotation import make_release
from tests.factories.curation import make_dataset

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def refused(act: Callable[[], object]) -> str:
    """The sentence with which the database refuses."""
    with pytest.raises(DatabaseError) as error, transaction.atomic():
        act()
    return str(error.value).splitlines()[0]


@pytest.mark.parametrize(
    "change",
    [{"name": "other"}, {"root_hash": "1" * 64}, {"size": 9}, {"counts": {}}, {"terms": "none"}],
    ids=lambda change: next(iter(change)),
)
def test_release_is_not_changed(change: dict[str, object]) -> None:
    release = make_release(make_dataset(), questions=2)
    before = Release.objects.values().get()
    said = refused(lambda: Release.objects.filter(pk=release.pk).update(**change))
    assert said == "A release is frozen: publish a corrected successor instead."
    assert Release.objects.values().get() == before


def test_release_is_not_deleted_by_raw_sql() -> None:
    make_release(make_dataset(), questions=2)

    def delete(table: str) -> Callable[[], object]:
        return lambda: connection.cursor().execute(f"DELETE FROM {connection.ops.quote_name(table)}")

    for model in (ReleaseItem, Release):
        said = refused(delete(model._meta.db_table))
        assert said == "A release is frozen: publish a corrected successor instead."
    assert (Release.objects.count(), ReleaseItem.objects.count()) == (1, 2)


@pytest.mark.parametrize(
    "column", ["split", "labels", "question_text", "content_hash", "position", "sources"]
)
def test_row_of_a_release_is_not_changed(column: str) -> None:
    make_release(make_dataset(), questions=2)
    before = list(ReleaseItem.objects.values())
    other = {"split": "dev", "labels": ["x"], "position": F("position") + 7, "sources": ["x"]}
    value = keep_text("別の質問です。") if column == "question_text" else other.get(column, "f" * 64)
    said = refused(lambda: ReleaseItem.objects.update(**{column: value}))
    assert said == "A release is frozen: publish a corrected successor instead."
    assert list(ReleaseItem.objects.values()) == before


def test_row_is_not_added_to_a_complete_release() -> None:
    make_release(make_dataset(), questions=2)
    row = ReleaseItem.objects.values().first()
    assert row is not None
    more = ReleaseItem(**row | {"id": None, "position": 2, "external_id": "q2"})
    said = refused(lambda: ReleaseItem.objects.bulk_create([more]))
    assert said == "A release is frozen: no row can be added to it."
    assert ReleaseItem.objects.count() == 2


def test_frozen_text_is_not_changed_but_loses_its_body() -> None:
    text = keep_text("凍結された質問です。")
    kept = Text.objects.filter(hash=text.hash)
    said = "A text is kept as it is: it can only be redacted, by two people."
    for change in ({"body": "別の本文"}, {"body": ""}, {"hash": "0" * 64}):
        assert refused(lambda change=change: kept.update(**change)) == said
    assert refused(kept.delete) == said
    assert kept.update(folded="") == 1  # a search form may be made again
    assert kept.update(body="", folded="", redacted_at=timezone.now()) == 1
    assert refused(lambda: kept.update(body="また書く")) == said
    assert (Text.objects.get().hash, Text.objects.get().body) == (text.hash, "")


def test_doctor_says_that_releases_are_open() -> None:
    assert (doctor.frozen().state, doctor.frozen().advice) == ("ok", "")
    frozen_rows.remove()
    said = doctor.frozen()
    assert (said.state, said.sentence.count(",")) == ("wrong", len(frozen_rows.TRIGGERS) - 1)
    frozen_rows.install()
    assert doctor.frozen().state == "ok"


@pytest.mark.django_db(transaction=True)
def test_emptied_database_refuses_again() -> None:
    """`flush` takes the triggers away with the rows; the signal that ends it brings them back."""
    from django.core.management import call_command

    make_release(make_dataset(), questions=1)
    call_command("flush", interactive=False, verbosity=0)
    assert Release.objects.count() == 0
    release = make_release(make_dataset(), questions=1)
    assert "frozen" in refused(lambda: Release.objects.filter(pk=release.pk).update(name="x"))
