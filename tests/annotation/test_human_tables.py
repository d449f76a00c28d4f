"""People's data of a release goes out raw and aggregated, under pseudonyms that stand nowhere here."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command

from annotation.actions.leases import lease
from annotation.actions.ratings import rate
from annotation.human_tables import BY_RESPONSE, RAW, tables_of
from annotation.models import Rater
from curation.errors import NotAllowed
from curation.formats.writing import verify
from curation.log import OPERATOR
from tests.factories.annotation import make_member, make_task, make_world_dataset

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def rated():
    """One question, one model, rated 2 and 4 by two people and not decided by a third."""
    task, people = make_task(make_world_dataset(), raters=3, questions=1, models=["m"])
    for person, score in zip(people, (2, 4, None), strict=True):
        held = lease(person, task)
        rate(
            person,
            task,
            token=held.token,
            score=score,
            cannot_decide=score is None,
            comment="内緒の理由" if score else "",
            seconds=2.5,
        )
    return task, people


def test_ratings_are_told_as_given_and_by_response(rated) -> None:
    task, _ = rated
    raw, by_response = tables_of(OPERATOR, task.release)
    assert (raw.name, by_response.name) == ("ratings_raw", "ratings_by_response")
    rows = [dict(zip(RAW, row, strict=True)) for row in raw.rows]
    assert [row["rater"] for row in rows] == ["A1", "A2", "A3"]
    given = sorted((row["number"] or 0, row["score"], row["cannot_decide"], row["seconds"]) for row in rows)
    assert given == [(0, None, True, 2.5), (2, "2", False, 2.5), (4, "4", False, 2.5)]
    (row,) = by_response.rows
    told = dict(zip(BY_RESPONSE, row, strict=True))
    # (2 + 4) / 2 over those who decided
    assert {key: told[key] for key in ("ratings", "cannot_decide", "mean", "least", "most", "final")} == {
        "ratings": 3,
        "cannot_decide": 1,
        "mean": 3.0,
        "least": 2,
        "most": 4,
        "final": None,
    }


def test_files_hold_no_pseudonym_and_no_comment_of_the_house(rated, tmp_path) -> None:
    task, _ = rated
    words = ["--dataset", task.dataset.slug, "--format", "csv", "--format", "jsonl", "--with-ratings"]
    call_command("export_release", task.release.name, "--out", str(tmp_path / "out"), *words)
    written = "".join(
        path.read_text(encoding="utf-8") for path in (tmp_path / "out").rglob("*") if path.is_file()
    )
    house = [*Rater.objects.values_list("pseudonym", flat=True), "内緒の理由"]
    assert [word for word in house if word in written] == []
    manifest = json.loads((tmp_path / "out/MANIFEST").read_text(encoding="utf-8"))
    assert [(told["name"], told["rows"]) for told in manifest["tables"]] == [
        ("ratings_raw", 3),
        ("ratings_by_response", 1),
    ]
    assert verify(tmp_path / "out", deep=False) == []


def test_who_has_still_to_rate_gets_no_ratings() -> None:
    task, people = make_task(make_world_dataset(), raters=1, questions=2, models=["m"])
    held = lease(people[0], task)
    rate(people[0], task, token=held.token, score=3)
    for person in (people[0], make_member(task.dataset, "author")):
        with pytest.raises(NotAllowed):
            tables_of(person, task.release)


def test_release_without_tasks_has_no_tables() -> None:
    task, _ = make_task(make_world_dataset(), raters=1, questions=1)
    assert tables_of(OPERATOR, task.release) == []
