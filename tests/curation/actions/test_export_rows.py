"""A frozen release as the exporters get it: the same bytes from both databases, in one query for each piece."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from curation.actions import export_rows
from curation.actions.export_rows import describe, rows_of
from curation.actions.exports import export_release
from curation.actions.release_pages import keep_page
from curation.actions.releases import Choice, Waiver, freeze
from curation.formats.writing import export, verification
from curation.log import OPERATOR
from curation.models import Dataset, Item, Release, ReleaseItem, Text
from curation.similar import text_hash
from curation.workflow import advance
from tests.curation.formats.make_golden import GOLDEN
from tests.curation.formats.release_rows import DESCRIPTION, ROWS, TABLES
from tests.factories.curation import make_dataset, make_item, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def kept(text: str | None) -> str | None:
    """The hash of a text that is in the database from now on."""
    if text is None:
        return None
    return Text.objects.get_or_create(hash=text_hash(text), defaults={"body": text})[0].hash


def backwards(value: Any) -> Any:
    """The same JSON with its keys in another order, as a database may give it back."""
    if isinstance(value, dict):
        return {key: backwards(value[key]) for key in reversed(value)}
    return [backwards(inner) for inner in value] if isinstance(value, list) else value


@pytest.fixture
def release() -> Release:
    """The made-up rows of the golden files, frozen."""
    made = Release.objects.create(
        dataset=make_dataset("frozen-rows"),
        name="v1",
        version="1.1.0",
        size=len(ROWS),
        hash_version=2,
        counts={"items": 4, "dev": 2, "test": 2, "translations": {"ko": 1, "en": 2}},
        rights={"name": "Made-up Terms 1.0", "licence": "", "purpose": "安全の改善", "gate": "open"},
    )
    for row in ROWS:
        translations = {
            locale: {part: kept(text) for part, text in reversed(parts.items())}
            for locale, parts in reversed(row.translations.items())
        }
        ReleaseItem.objects.create(
            release=made,
            position=row.position,
            external_id=row.external_id,
            question_text_id=kept(row.question),
            answer_text_id=kept(row.answer),
            labels=list(row.labels),
            split=row.split,
            attributes=backwards(dict(row.attributes)),
            sources=backwards(list(row.sources)),
            rights_name=row.rights_name,
            translations=translations,
            content_hash=row.computed_hash(),
        )
    return made


def test_rows_of_a_database_give_the_golden_files(release: Release, tmp_path: Path) -> None:
    described = replace(DESCRIPTION, locales=describe(release).locales)
    export(rows_of(release), described, tmp_path / "out", formats=["all"], tables=TABLES)
    for file in GOLDEN.rglob("*.*"):
        if file.is_file():
            assert (tmp_path / "out" / file.relative_to(GOLDEN)).read_bytes() == file.read_bytes(), file


@pytest.mark.parametrize(("piece", "queries"), [(2000, 2), (4, 2), (2, 3), (1, 5)])
def test_each_piece_is_one_query(
    release: Release, monkeypatch: Any, django_assert_num_queries: Any, piece: int, queries: int
) -> None:
    monkeypatch.setattr(export_rows, "CHUNK", piece)
    with django_assert_num_queries(queries):  # the last finds nothing
        rows = list(rows_of(release))
    assert [row.external_id for row in rows] == ["made-up-0001", "made-up-0002", "made-up-0003", "-4"]
    wanted = sorted(ROWS, key=lambda row: row.position)
    assert [row.hashes() for row in rows] == [row.hashes() for row in wanted]
    assert [row.translations for row in rows] == [row.translations for row in wanted]


def test_redacted_texts_are_no_rows_and_no_translations(release: Release, tmp_path: Path) -> None:
    gone = [ROWS[1].question, "Here is how to reset it."]
    hashes = [text_hash(text) for text in gone]
    assert Text.objects.filter(hash__in=hashes).update(body="", redacted_at=timezone.now()) == 2
    rows = {row.position: row for row in rows_of(release)}
    assert (rows[0].redacted, rows[0].question, rows[0].answer, rows[0].question_sha256) == (
        True,
        "",
        "",
        hashes[0],
    )
    assert rows[2].translations["en"] == {"question": "I forgot my password.", "answer": None}
    export(rows_of(release), describe(release), tmp_path / "out", formats=["all"])
    found = verification(tmp_path / "out", deep=False)
    assert found.problems == []
    written = b"".join(path.read_bytes() for path in (tmp_path / "out").rglob("*.json*"))
    assert [text.encode() in written for text in gone] == [False, False]


def test_what_is_said_of_a_release_is_what_the_records_say(tmp_path: Path) -> None:
    dataset = make_dataset("told")
    writer, reviewer = make_member(dataset, "author"), make_member(dataset, "reviewer")
    for _ in range(3):
        make_item(dataset, state="approved", author=writer, reviewer=reviewer)
    waivers = [Waiver(gate="quota", reason="test", person="mari")]
    first = freeze(OPERATOR, dataset, Choice(name="v1", test_per_leaf=0, note="First."), waivers=waivers)
    make_item(dataset, state="approved", author=writer, reviewer=reviewer)
    gone = Item.objects.order_by("pk").first()
    advance(gone, "withdraw", actor=OPERATOR)
    second = freeze(OPERATOR, dataset, Choice(name="v2", test_per_leaf=0), waivers=waivers)
    told = describe(second)
    assert (told.root_hash, told.hash_version, told.version) == (second.root_hash, 2, second.version)
    assert told.facts["annotationsPerItem"] == "1.00 reviews by people on average"
    day = f"{timezone.localdate():%Y-%m-%d}"
    assert (told.created, told.citation) == (day, f"told v2, {day[:4]}. sha256:{second.root_hash}")
    assert told.facts["dataCollectionTimeFrame"] == [day, day]
    assert told.facts["dataCollection"] == (
        "Items by origin of their text: 3 written here. Questions by 1 and answers by 1 people known to the system."
    )
    leaf = " › ".join(second.items.first().labels)
    assert "annotatorDemographics" not in told.facts
    assert "machineAnnotationTools" not in told.facts
    assert told.derived_from == ("told v1",)
    assert [(change.release, change.lines) for change in told.changes] == [
        (
            "v2",
            (
                "Since v1: added 1, removed 1, changed 0 (major by Croissant 1.1).",
                f"{leaf}: added 1, removed 1",
            ),
        ),
        ("v1", ("First.", "First version. Items: 3.")),
    ]
    assert {change.date for change in told.changes} == {day}
    _, checked = export_release(OPERATOR, first, tmp_path / "a", formats=["hf"])
    Dataset.objects.filter(pk=dataset.pk).update(name="renamed", description="Described anew.")
    keep_page(OPERATOR, first, public=True, homepage="https://example.org/later")
    export_release(OPERATOR, Release.objects.get(pk=first.pk), tmp_path / "b", formats=["hf"])
    assert (checked.problems, checked.loaded) == ([], ["pandas", "datasets", "mlcroissant"])
    assert (tmp_path / "a/SHA256SUMS").read_bytes() == (tmp_path / "b/SHA256SUMS").read_bytes()
