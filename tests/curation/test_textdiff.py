"""What changed between two texts, and texts changed on two sides: examples of a reader, and laws for any text."""

import json
import time
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.diffwords import clusters, words
from curation.merging import merged, settled
from curation.textdiff import changes

TABLE = json.loads(
    (Path(__file__).parent.parent / "fixtures" / "text_changes.json").read_text(encoding="utf-8")
)
# Few letters, so that texts have much in common; marks, variants, joiners and flags, so that cuts would show.
TEXT = st.text(alphabet="薬医者を飲むすがか\u3099ーアｶﾞ葛\U000e0100👩\u200d👧🏽🇯🇵ab1。\r\n ", max_size=30)
JAPANESE = "薬医師患者飲食むすがのをにはアイウエオ、。"


@pytest.mark.parametrize("case", TABLE["diffs"], ids=lambda case: f"{case['before']}>{case['after']}")
def test_changes_read_as_people_would_mark_them(case: dict) -> None:
    assert [list(part) for part in changes(case["before"], case["after"])] == case["segments"]


@pytest.mark.parametrize("case", TABLE["merges"], ids=lambda case: f"{case['mine']}|{case['theirs']}")
def test_what_two_sides_changed_is_merged_by_passage(case: dict) -> None:
    found = merged(case["base"], case["mine"], case["theirs"])
    assert [list(passage) for passage in found] == case["passages"]


def test_a_character_with_its_marks_is_one() -> None:
    text = "か\u3099葛\U000e0100👩\u200d👩\u200d👧👍🏽🇯🇵🇺🇸ｶﾞ\r\nx\u0301\n\u3099"
    assert clusters(text) == [
        *("か\u3099", "葛\U000e0100", "👩\u200d👩\u200d👧", "👍🏽", "🇯🇵", "🇺🇸", "ｶﾞ"),
        *("\r\n", "x\u0301", "\n", "\u3099"),
    ]


def test_words_are_runs_of_one_script() -> None:
    runs = ["".join(word) for word in words("らーめんはラーメンと同々ABC12、。")]
    assert runs == ["らーめんは", "ラーメン", "と", "同々", "ABC12", "、", "。"]


@given(TEXT, TEXT)
@settings(max_examples=200, deadline=None)
def test_changes_give_both_texts_and_cut_no_character(before: str, after: str) -> None:
    parts = changes(before, after)
    assert "".join(text for kind, text in parts if kind != "ins") == before
    assert "".join(text for kind, text in parts if kind != "del") == after
    assert [piece for kind, text in parts if kind != "ins" for piece in clusters(text)] == clusters(before)
    assert [piece for kind, text in parts if kind != "del" for piece in clusters(text)] == clusters(after)
    kinds = [kind for kind, _text in parts]
    assert all(one != other and (one, other) != ("ins", "del") for one, other in pairwise(kinds))


@given(TEXT)
def test_the_same_text_has_no_marks(text: str) -> None:
    assert changes(text, text) == ([("same", text)] if text else [])


@given(TEXT, TEXT)
@settings(max_examples=200, deadline=None)
def test_one_side_alone_is_taken_as_it_is(base: str, other: str) -> None:
    for mine, theirs in ((other, base), (base, other), (other, other)):
        passages = merged(base, mine, theirs)
        assert settled(passages) == other
        assert not [passage for passage in passages if passage[0] == "conflict"]


@given(TEXT, TEXT, TEXT)
@settings(max_examples=200, deadline=None)
def test_a_merge_is_the_same_from_both_sides_and_loses_no_side(base: str, mine: str, theirs: str) -> None:
    passages, mirrored = merged(base, mine, theirs), merged(base, theirs, mine)
    assert settled(passages) == settled(mirrored, conflicts="theirs")
    assert [passage[0] == "conflict" for passage in passages] == [each[0] == "conflict" for each in mirrored]
    assert "".join(passage[1] for passage in passages) == base
    one_side = [each[-1] if each[0] in ("theirs", "agreed") else each[1] for each in passages]
    whole = "".join(
        each[3] if each[0] == "conflict" else text for each, text in zip(passages, one_side, strict=True)
    )
    assert whole == theirs


def test_long_texts_are_compared_and_in_bounded_time() -> None:
    chance = Random(7)
    before = "".join(chance.choices(JAPANESE, k=20_000))
    pieces = list(before)
    for place in range(500, 20_000, 1_000):
        pieces[place] = "新"
    began = time.process_time()
    parts = changes(before, "".join(pieces))
    come = [text for kind, text in parts if kind == "ins"]
    assert (len(come), "".join(come).count("新")) == (20, 20)
    assert len("".join(come)) <= 20 * 5  # each with at most what is read as part of it
    rewritten = changes(before, "".join(chance.choices(JAPANESE, k=20_000)))
    assert "".join(text for kind, text in rewritten if kind != "ins") == before
    assert (
        time.process_time() - began < 20
    )  # about 2 s on an idle machine; a table of all pairs takes minutes
