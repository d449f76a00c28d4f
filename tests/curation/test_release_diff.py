"""How two releases differ: cell by cell, whatever their hashes cover, and what version follows."""

from __future__ import annotations

import pytest
from django.utils import timezone

from curation.change_log import as_markdown, change_between, changes_of, changes_until, lines_of
from curation.models import ReleaseItem
from curation.release_diff import diff, difference
from curation.similar import text_hash
from tests.factories.curation import make_dataset
from tests.factories.releases import LABELS, make_frozen, row

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def dataset():
    return make_dataset("versions")


def test_every_cell_is_told_with_what_it_was_and_is(dataset) -> None:
    other = ("Area A", "Type A", "Leaf A1")
    english = {"en": {"question": "Before?", "answer": None}}
    before = row("a", attributes={"x": 1, "y": 2}, sources=["s"], translations=english)
    after = row(
        "a",
        question="別の質問です。",
        answer=None,
        split="test",
        labels=other,
        attributes={"y": 2},
        sources=[],
        translations={"en": {"question": "After?", "answer": None}, "ko": {"question": "k", "answer": None}},
    )
    old, new = (make_frozen(dataset, name, [cells]) for name, cells in (("v1", before), ("v2", after)))
    found = diff(old, new, texts=True)
    (changed,) = found["changed"]
    assert changed["cells"] == list(changed["values"])
    assert changed["values"] == {
        "question": sides("aの質問です。", "別の質問です。"),
        "answer": sides("aの参考回答です。\n二行目です。", None),
        "split": {"before": "dev", "after": "test"},
        "category": {"before": list(LABELS), "after": list(other)},
        "attributes": {"before": {"x": 1, "y": 2}, "after": {"y": 2}},
        "sources": {"before": ["s"], "after": []},
        "translations.en.question": sides("Before?", "After?"),
        "translations.ko.question": sides(None, "k"),
    }
    assert "before_text" not in diff(old, new)["changed"][0]["values"]["question"]


def sides(before: str | None, after: str | None) -> dict[str, str | None]:
    return {
        "before": text_hash(before) if before else None,
        "after": text_hash(after) if after else None,
        "before_text": before,
        "after_text": after,
    }


@pytest.mark.parametrize(
    ("after", "level", "counts"),
    [
        ([row("a"), row("b")], "patch", (0, 0, 0)),
        ([row("b"), row("a")], "patch", (0, 0, 0)),
        ([row("a"), row("b"), row("c")], "minor", (1, 0, 0)),
        ([row("a")], "major", (0, 1, 0)),
        ([row("a"), row("b", split="test"), row("c")], "major", (1, 0, 1)),
    ],
)
def test_the_level_follows_from_what_happened(dataset, after, level, counts) -> None:
    old = make_frozen(dataset, "v1", [row("a"), row("b")])
    found = difference(old, make_frozen(dataset, "v2", after))
    assert (found.level, tuple(found.counts.values())) == (level, counts)


@pytest.mark.parametrize("fields", [{"hash_version": 1}, {"imported": True, "version": ""}])
def test_hashes_over_other_cells_are_no_change(dataset, fields) -> None:
    """The old release's hashes leave cells out: every one of them differs, and nothing that they stand for."""
    rows = [row("a"), row("b", sources=["s"])]
    old = make_frozen(dataset, "v1", [], **fields)
    new = make_frozen(dataset, "v2", [*rows[:1], row("b", sources=["s"], split="test")])
    for position, source in enumerate(make_frozen(dataset, "v0", rows).items.all()):
        source.pk, source.release, source.position = None, old, position
        source._state.adding, source.content_hash = True, "0" * 64
        source.save()
    assert ReleaseItem.objects.filter(release=old, content_hash="0" * 64).count() == 2
    assert [(r.id, [c.name for c in r.cells]) for r in difference(old, new).rows] == [("b", ["split"])]


def test_what_older_hashes_leave_out_is_found_all_the_same(dataset) -> None:
    """Hashed without its sources, a row looks the same after they changed."""
    made = [make_frozen(dataset, f"rows-{n}", [row("a", sources=[f"s{n}"])]).items.get() for n in range(2)]
    versions = [make_frozen(dataset, f"v{n}", [], hash_version=1, root_hash=str(n)) for n in range(2)]
    for source, release in zip(made, versions, strict=True):
        source.pk, source.release, source.content_hash = None, release, "0" * 64
        source._state.adding = True
        source.save()
    (found,) = difference(*versions).rows
    assert [(cell.name, cell.before, cell.after) for cell in found.cells] == [("sources", ["s0"], ["s1"])]


def test_the_change_log_tells_each_version_of_the_line(dataset) -> None:
    first = make_frozen(dataset, "v1", [row("a"), row("b")], note="First light.")
    second = make_frozen(
        dataset, "v2", [row("a", split="test"), row("c")], predecessor=first, version="2.0.0"
    )
    first.errata.create(successor=second, withdrawn_ids=["b"], reason="Wrong\nanswer.")
    newest, oldest = changes_of(second)
    assert (newest["added"], newest["removed"], newest["changed"]) == (1, 1, 1)
    assert (newest["level"], newest["cells"]) == ("major", {"split": 1})
    assert newest["leaves"] == [{"labels": list(LABELS), "added": 1, "removed": 1, "changed": 1}]
    assert (oldest["predecessor"], oldest["added"], oldest["errata"][0]["withdrawn"]) == (None, 2, ["b"])
    day = oldest["date"]
    assert lines_of(oldest) == [
        "First light.",
        "First version. Items: 2.",
        f"Erratum of {day}: Wrong answer. Withdrawn: b. Use v2 instead.",
    ]
    assert lines_of(newest) == [
        "Since v1: added 1, removed 1, changed 1 (major by Croissant 1.1).",
        "Cells changed: split 1.",
        "Area A › Type A › Leaf A0: added 1, removed 1, changed 1",
    ]


def test_files_tell_what_was_known_at_the_freeze(dataset) -> None:
    """An erratum that its line mends, none that came later; only so many versions are compared."""
    first = make_frozen(dataset, "v1", [row("a"), row("b")])
    second = make_frozen(dataset, "v2", [row("a")], predecessor=first, version="2.0.0")
    third = make_frozen(dataset, "v3", [row("a"), row("c")], predecessor=second, version="2.1.0")
    mended = first.errata.create(successor=second, withdrawn_ids=["b"], reason="Wrong.")
    third.errata.create(successor=None, withdrawn_ids=["c"], reason="Later.")
    second.errata.create(
        successor=make_frozen(dataset, "v2b", [row("d")], predecessor=second),
        withdrawn_ids=["a"],
        reason="Other.",
    )
    told = [lines_of(entry) for entry in changes_until(third, compared=1)]
    leaf = "Area A › Type A › Leaf A0: added 1"
    assert told == [
        ["Since v2: added 1, removed 0, changed 0 (minor by Croissant 1.1).", leaf],
        ["Items: 1."],
        [
            "First version. Items: 2.",
            f"Erratum of {timezone.localdate(mended.created_at)}: Wrong. Withdrawn: b. Use v2 instead.",
        ],
    ]


def test_markdown_holds_no_markup_of_names(dataset) -> None:
    release = make_frozen(dataset, "v_1", [row("a")], note="*[x](y)*")
    assert as_markdown(change_between(None, release)).splitlines() == [
        f"## v\\_1 (1.0.0) {timezone.localdate(release.frozen_at):%Y-%m-%d}",
        "",
        "- \\*\\[x\\](y)\\*",
        "- First version. Items: 1.",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("moved", [1000, 100_000])
def test_a_hundred_thousand_are_compared_with_as_many(dataset, moved) -> None:
    rows = [row(f"i{n:06}") for n in range(100_000)]
    old = make_frozen(dataset, "v1", rows)
    new = make_frozen(
        dataset, "v2", [cells | ({"split": "test"} if n < moved else {}) for n, cells in enumerate(rows)]
    )
    assert difference(old, new).counts == {"added": 0, "removed": 0, "changed": moved}
