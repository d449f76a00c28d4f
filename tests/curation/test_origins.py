"""How characters came in, carried from text to text; the runs are always as long as the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from curation.origins import KINDS, carried, counts, fitted, joined, read, sound

letters = some.text("あいうえおab\n", max_size=12)


@given(letters, letters, some.sampled_from(KINDS))
def test_carried_runs_are_as_long_as_the_text(before: str, after: str, kind: str) -> None:
    runs = carried([["typed", len(before)]] if before else [], before, after, kind=kind)
    assert sum(number for _kind, number in runs) == len(after)
    assert sound(runs) == runs


def test_what_stays_keeps_its_origin_and_what_is_new_is_unknown() -> None:
    held = [["typed", 3], ["pasted", 4]]
    assert carried(held, "あいうかきくけ", "あいうえかきく") == [["typed", 3], ["unknown", 1], ["pasted", 3]]


def test_given_runs_count_where_they_fit_the_text() -> None:
    held = [["pasted", 2]]
    assert fitted([["typed", 3]], "あいう", held=held, before="あい") == [["typed", 3]]
    assert fitted([["typed", 9]], "あいう", held=held, before="あい") == [["pasted", 2], ["unknown", 1]]
    assert fitted(None, "", held=held, before="あい") == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"question": 3}',
        '{"question": [["stolen", 3]]}',
        '{"question": [["typed", -1]]}',
        '{"question": [["typed", true]]}',
        '{"question": [["typed"]]}',
        '{"else": [["typed", 1]]}',
        "[" * 99_999,
    ],
)
def test_what_is_not_of_the_shape_says_nothing(text: str) -> None:
    assert read(text) == {}


def test_neighbours_of_one_kind_are_one_and_are_counted() -> None:
    assert read('{"answer": [["typed", 1], ["typed", 2], ["pasted", 4]]}') == {
        "answer": [["typed", 3], ["pasted", 4]]
    }
    assert joined([("typed", 1), ("pasted", 1), ("pasted", 1)]) == [["typed", 1], ["pasted", 2]]
    assert counts([["typed", 3], ["pasted", 4]]) == {
        "typed": 3,
        "pasted": 4,
        "machine": 0,
        "unknown": 0,
        "all": 7,
    }
    assert counts([["unknown", 4]]) == counts(None) == {}
