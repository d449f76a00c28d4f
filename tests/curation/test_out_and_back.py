"""What commands write can be compared and read back: releases cell by cell, translations character for character."""

from pathlib import Path

import pytest

from curation.actions import translations
from curation.log import OPERATOR
from tests.factories.whole import make_whole
from tests.rig.commands import counts, ended

pytestmark = pytest.mark.django_db


def test_differences_of_two_releases_cell_by_cell() -> None:
    """The successor lacks one item and says so; a release differs from itself in nothing."""
    whole = make_whole()
    first = whole.release.items.first()
    assert first is not None
    assert ended("correct_release", "r-0.1", "--withdraw", first.external_id, "--reason", "r")[0] == 0
    successor = whole.dataset.releases.exclude(name="r-0.1").get().name
    code, said = ended("diff_releases", "r-0.1", successor)
    assert (code, said.splitlines()) == (0, [f"- {first.external_id}", "major: 1.0.0 to 2.0.0"])
    assert ended("diff_releases", "r-0.1", "r-0.1") == (0, "r-0.1 and r-0.1 hold the same.\n")


@pytest.mark.both_databases
@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_translations_go_out_and_come_back_character_for_character(ending: str, tmp_path: Path) -> None:
    hostile = '=HYPERLINK("http://x","y")\n+1, \'quoted\' \u202e'
    whole = make_whole()
    translation = whole.items["approved"].translations.get()
    translations.submit(OPERATOR, translation, question=hostile, answer="@SUM(1)")
    file = tmp_path / f"t.{ending}"
    assert ended("export_translations", "--locale", "en", "--out", file)[0] == 0
    before = counts()
    code, said = ended("import_translations", file)
    assert (code, said.strip()) == (0, "0 translations handed in, 1 unchanged, 0 quarantined.")
    assert counts() == before
