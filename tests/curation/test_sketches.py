"""Sketches leave out nothing that is near, and promise nothing that is not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.made_questions import Maker
from curation.near import letters, likeness, likenesses
from curation.similar import fold, text_hash
from curation.sketches import Sketches

TEXTS = st.lists(st.text(alphabet="あいう金 。a", max_size=14).map(fold), max_size=14, unique=True)
CUTOFFS = st.sampled_from([40.0, 60.0, 83.0, 100.0])


def made(texts: list[str]) -> Sketches:
    sketches = Sketches()
    sketches.add([text_hash(text) for text in texts], texts)
    return sketches


@given(TEXTS, st.text(alphabet="あいう金a", max_size=14), CUTOFFS)
@settings(max_examples=150, deadline=None)
def test_everything_near_is_among_what_is_close(texts: list[str], asked: str, cutoff: float) -> None:
    hashes, most = made(texts).close(fold(asked), cutoff=cutoff, limit=99)
    scores = {text_hash(text): likeness(fold(asked), text) for text in texts}
    assert {text for text, score in scores.items() if score >= cutoff} <= set(hashes)
    for text, bound in zip(hashes, most, strict=True):
        assert scores[text] <= bound + 1e-9
    assert list(most) == sorted(most, reverse=True)


@given(TEXTS, st.text(alphabet="あいう金a", max_size=14))
@settings(max_examples=100, deadline=None)
def test_likeness_to_many_is_likeness_to_each(texts: list[str], asked: str) -> None:
    assert likenesses(fold(asked), texts).tolist() == [likeness(fold(asked), text) for text in texts]


def test_list_grows_and_knows_what_it_holds() -> None:
    texts = [fold(text) for text in Maker(4).questions(3000)]
    hashes = [text_hash(text) for text in texts]
    sketches = Sketches()
    sketches.add(hashes[:10], texts[:10])
    before = sketches.close(texts[2000], cutoff=100, limit=9)[0]
    sketches.add(hashes[10:], texts[10:])
    assert (before, sketches.close(texts[2000], cutoff=100, limit=9)[0]) == ([], [hashes[2000]])
    assert len(sketches) == 3000
    new = text_hash("新しい")
    assert sketches.unknown([hashes[5], new, new, hashes[2999]]) == [new]


def test_texts_in_which_nothing_can_be_compared_are_left_out() -> None:
    sketches = made(["", "鍵の型を取る方法"])
    assert len(sketches) == 1
    assert [len(sketches.close(asked, cutoff=60, limit=9)[0]) for asked in ("", "鍵の型を取る方法")] == [0, 1]
    # Signs alone are compared as they are, a text of one letter by that letter.
    assert letters("？！") == "？！"
    assert made(["？！"]).close("？！", cutoff=100, limit=9)[1].tolist() == pytest.approx([100])


def test_of_too_many_the_closest_are_kept() -> None:
    texts = ["鍵の型を取る方法" + "と手順" * n for n in range(9)]
    asked = texts[4]
    hashes, most = made(texts).close(asked, cutoff=10, limit=3)
    best = sorted(texts, key=lambda text: -likeness(asked, text))[:3]
    assert (set(hashes), hashes[0]) == ({text_hash(text) for text in best}, text_hash(asked))
    assert most[0] == 100
