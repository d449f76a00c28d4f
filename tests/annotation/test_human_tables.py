"""What people gave goes out under pseudonyms, of closed tasks, and with no name in any file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from annotation.actions.leases import lease
from annotation.actions.quality import quality_of
from annotation.actions.ratings import rate
from annotation.actions.tasks import close
from annotation.models import Rater, RatingTask
from curation.actions.exports import export_release
from curation.actions.releases import Choice, freeze
from curation.errors import NotAllowed
from curation.log import OPERATOR
from curation.models import Dataset, Person, Release
from curation.people_tables import human_tables, pseudonyms_of
from tests.factories.annotation import make_task
from tests.factories.curation import make_dataset, make_item, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
SCORES = {"reika": (1, 1), "taro-yamada": (1, 5), "hanako-suzuki": (5, None)}


def named(dataset: Dataset, name: str, *roles: str) -> Person:
    person = make_member(dataset, *roles, name=name)
    person.display_name, person.email = f"名前 {name}", f"{name}@example.org"
    person.pseudonym = f"ps-{name}"
    person.save()
    return person


@pytest.fixture
def world() -> tuple[Release, RatingTask, dict[str, Person]]:
    """Two items, reviewed by one person, who also rates the responses of one model with two others."""
    dataset = make_dataset("people")
    people = {name: named(dataset, name, "rater") for name in SCORES}
    reviewer = make_member(dataset, "reviewer", person=people["reika"])
    for _each in range(2):
        make_item(dataset, state="approved", reviewer=reviewer)
    release = freeze(OPERATOR, dataset, Choice(name="v1", test_per_leaf=0))
    task, _none = make_task(dataset, raters=0, models=("modelsecret-a",), overlap=3)
    return release, task, people


def rate_all(task: RatingTask, people: dict[str, Person]) -> None:
    for name, scores in SCORES.items():
        held = lease(people[name], task)
        for score in scores:
            assert held is not None
            done = rate(
                people[name],
                task,
                token=held.token,
                score=score,
                cannot_decide=score is None,
                comment="私は山田です。",
                seconds=3.5,
            )
            held = done.following


def rows(release: Release, name: str) -> list[dict[str, Any]]:
    for table in human_tables(release):
        if table.name == name:
            return [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    return []


def test_open_task_is_in_no_table(world) -> None:
    release, task, people = world
    rate_all(task, people)
    assert rows(release, "ratings_raw") == []
    assert len(rows(release, "reviews")) == 2
    close(OPERATOR, task)
    assert len(rows(release, "ratings_raw")) == 6


def test_tables_say_what_was_given(world) -> None:
    release, task, people = world
    rate_all(task, people)
    close(OPERATOR, task)
    raw = rows(release, "ratings_raw")
    assert sorted((row["score"], row["cannot_decide"]) for row in raw) == [
        *[("", True), ("1", False), ("1", False), ("1", False), ("5", False), ("5", False)]
    ]
    assert {(row["task"], row["axis"], row["model"], row["seconds"]) for row in raw} == {
        ("T1", "safety", "modelsecret-a", 3.5)
    }
    gathered = rows(release, "ratings_by_response")
    assert [row["n"] + row["cannot_decide"] for row in gathered] == [3, 3]
    for row in gathered:
        counts = json.loads(row["counts"])
        assert sum(counts.values()) == row["n"]
        assert row["mean"] == sum(int(point) * n for point, n in counts.items()) / row["n"]
        most = [point for point, n in counts.items() if n * 2 > row["n"]]
        assert row["majority"] == (most[0] if most else None)


def test_one_person_has_one_pseudonym_in_a_release_and_another_in_the_next(world) -> None:
    release, task, people = world
    rate_all(task, people)
    close(OPERATOR, task)
    keys = [f"person:{pk}" for pk in range(1, 40)]
    first = pseudonyms_of(release, keys)
    assert sorted(first.values(), key=lambda name: int(name[1:])) == [f"A{n}" for n in range(1, 40)]
    assert first == pseudonyms_of(release, reversed(keys))
    other = Release(root_hash="1" * 64)
    order, elsewhere = [first[key] for key in keys], pseudonyms_of(other, keys)
    assert order != [f"A{n}" for n in range(1, 40)]
    assert order != [elsewhere[key] for key in keys]
    (reviewer,) = {row["reviewer"] for row in rows(release, "reviews")}
    raters = {row["rater"] for row in rows(release, "ratings_raw")}
    assert raters == {"A1", "A2", "A3"}
    assert reviewer in raters  # the same person reviewed and rated
    of_reviewer = [row["score"] for row in rows(release, "ratings_raw") if row["rater"] == reviewer]
    assert of_reviewer == ["1", "1"]


def test_no_name_is_in_any_exported_byte(world, tmp_path) -> None:
    release, task, people = world
    rate_all(task, people)
    close(OPERATOR, task)
    quality_of(OPERATOR, task, resamples=50)
    _files, checked = export_release(
        OPERATOR, release, tmp_path / "out", formats=["jsonl", "csv"], with_people=True
    )
    assert [str(problem) for problem in checked.problems] == []
    written = {path.name: path.read_bytes() for path in Path(tmp_path).rglob("*") if path.is_file()}
    assert {"reviews.jsonl", "ratings_raw.csv", "ratings_by_response.jsonl"} <= written.keys()
    words = ["私は山田です。", *Rater.objects.values_list("pseudonym", flat=True)]
    for person in Person.objects.all():
        words += [person.username, person.email, person.display_name, person.pseudonym]
    found = [
        (name, word)
        for name, content in written.items()
        for word in words
        if word and word.encode() in content
    ]
    assert found == []


def test_people_are_left_out_unless_asked_for(world, tmp_path) -> None:
    release, task, people = world
    rate_all(task, people)
    close(OPERATOR, task)
    export_release(OPERATOR, release, tmp_path / "out", formats=["jsonl"])
    assert [path.name for path in tmp_path.rglob("tables")] == []


def test_who_still_rates_cannot_export_people(world, tmp_path) -> None:
    release, task, people = world
    rater = make_member(release.dataset, "researcher", person=people["reika"])
    assert lease(rater, task) is not None
    with pytest.raises(NotAllowed, match="still have responses to rate"):
        export_release(rater, release, tmp_path / "out", formats=["jsonl"], with_people=True)
    export_release(rater, release, tmp_path / "out", formats=["jsonl"])
    close(OPERATOR, task)
    export_release(rater, release, tmp_path / "people", formats=["jsonl"], with_people=True)


def test_card_tells_how_raters_agree(world) -> None:
    from curation.people_tables import human_figures, sentences_of

    release, task, people = world
    rate_all(task, people)
    close(OPERATOR, task)
    quality_of(OPERATOR, task)
    figures = human_figures(release)
    assert figures["reviews"] == {"n": 2, "reviewers": 1}
    told = figures["ratings"]["T1"]
    assert (told["responses"], told["raters"], told["ratings"]) == (2, 3, 6)
    alpha = told["agreement"]["safety"]["krippendorff_alpha_ordinal"]
    (sentence,) = sentences_of(figures)
    assert sentence.startswith(
        "T1 (safety5 v1): 6 ratings of 2 responses by 3 raters; safety krippendorff_alpha_ordinal "
    )
    assert ("n" in alpha, f"{alpha['value']:.3f}" in sentence if alpha["value"] is not None else True) == (
        True,
        True,
    )
