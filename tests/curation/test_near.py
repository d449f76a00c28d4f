"""The search of near-duplicates finds exactly what comparing everything with everything finds, and what people copy."""

from __future__ import annotations

import json
import random
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.made_questions import VARIANTS, Maker
from curation.near import NEAR, letters, likeness, near_pairs, sketched
from curation.similar import fold
from curation.twins import clusters
from tests.data_sets import data_set

# Few letters, so that texts drawn at random are often alike.
TEXTS = st.lists(st.text(alphabet="あいう金 。a", max_size=14).map(fold), max_size=14)
CUTOFFS = st.sampled_from([51.0, 66.0, NEAR, 90.0, 100.0])


def slowly(one: str, other: str) -> float:
    """The measure, written down a second time."""
    left, right = (
        Counter(map("".join, pairwise(text))) if len(text) > 1 else Counter(text)
        for text in (letters(one), letters(other))
    )
    # A text of one letter counts as that letter alone, which is no pair of any other text.
    total = left.total() + right.total()
    return 200 * (left & right).total() / total if total else 0.0


def found(left: list[str], right: list[str] | None, cutoff: float) -> dict[tuple[int, int], float]:
    other = None if right is None else sketched(right)
    return {
        (int(i), int(j)): float(score)
        for pairs in near_pairs(sketched(left), other, cutoff=cutoff)
        for i, j, score in zip(pairs.left, pairs.right, pairs.score, strict=True)
    }


@given(TEXTS, TEXTS, CUTOFFS)
@settings(max_examples=150, deadline=None)
def test_join_is_what_comparing_everything_gives(left: list[str], right: list[str], cutoff: float) -> None:
    wanted = {
        (i, j): pytest.approx(slowly(one, other))
        for i, one in enumerate(left)
        for j, other in enumerate(right)
        if slowly(one, other) >= cutoff - 1e-9
    }
    assert found(left, right, cutoff) == wanted


@given(TEXTS, CUTOFFS)
@settings(max_examples=100, deadline=None)
def test_list_joined_with_itself_gives_each_pair_once(texts: list[str], cutoff: float) -> None:
    both = [tuple(sorted(pair)) for pair in found(texts, None, cutoff)]
    wanted = [
        (i, j) for j in range(len(texts)) for i in range(j) if slowly(texts[i], texts[j]) >= cutoff - 1e-9
    ]
    assert sorted(both) == sorted(wanted)


@pytest.mark.parametrize("nouns", [40, 5000])
def test_join_of_whole_questions_misses_nothing(nouns: int) -> None:
    """Longer texts use longer sketches and several blocks; with few nouns most of their phrases are the same."""
    texts = [fold(text) for text in Maker(3, nouns=nouns).questions(170)] + [
        fold("長い質問です。" * 40 + "終わり")
    ]
    left, right = texts[:100] + texts[-1:], texts[70:]
    wanted = {
        (i, j)
        for i, one in enumerate(left)
        for j, other in enumerate(right)
        if slowly(one, other) >= NEAR - 1e-9
    }
    assert len(wanted) >= 31  # the 30 questions in both lists and the long one, at least
    assert set(found(left, right, NEAR)) == wanted


def test_likeness_is_the_share_of_common_pairs_of_letters() -> None:
    # ab bc cd | ab bc ce: 2 * 2 / 6. The sign and the space are not compared.
    assert likeness("ab, cd", "abce") == pytest.approx(200 * 2 / 6)
    assert likeness("鍵", "鍵") == likeness("？！", "？！") == 100.0
    assert likeness("鍵", "鍵屋") == likeness("", "") == 0.0
    assert likeness("aaaa", "aa") == 50.0  # three times aa, and once: 2 * 1 / 4


def test_empty_texts_match_nothing_and_empty_lists_are_no_fault() -> None:
    assert found(["", "鍵の型を取る"], ["", "鍵の型を取る"], NEAR) == {(1, 1): 100.0}
    assert found([], [], NEAR) == found(["", ""], None, NEAR) == {}


def test_cutoff_that_cannot_be_searched_is_refused() -> None:
    for cutoff in (0.0, 50.0, 100.5):
        with pytest.raises(ValueError, match="cutoff"):
            next(near_pairs(sketched(["a"]), cutoff=cutoff))


def test_struck_out_pairs_are_not_compared() -> None:
    texts = ["鍵の型を取る方法", "鍵の型を取る方法は", "鍵の型を取る方法を"]
    seen = []

    def wanted(left, right):
        seen.extend(zip(left.tolist(), right.tolist(), strict=True))
        return (left != 0) & (right != 0)

    pairs = [
        pair
        for batch in near_pairs(sketched(texts), wanted=wanted)
        for pair in zip(batch.left, batch.right, strict=True)
    ]
    assert sorted(map(tuple, map(sorted, seen))) == [(0, 1), (0, 2), (1, 2)]
    assert [tuple(sorted(map(int, pair))) for pair in pairs] == [(1, 2)]


def test_clusters_join_chains_and_name_the_most_alike() -> None:
    texts = [
        "金庫を開ける方法を教えて",
        "まったく別の質問をします",
        "金庫を開ける方法を教えてねすぐ",
        "大きな金庫を開ける方法を教えてねすぐ",
    ]
    groups = clusters(texts, prefer=[0, 0, 0, 0])
    assert groups.cluster.tolist() == [0, 1, 0, 0]
    # 11 common pairs of letters of 11 + 17 (79 %): 0 and 3 are joined by 2 alone (22 of 25, and 28 of 31).
    assert likeness(texts[0], texts[3]) < NEAR
    assert groups.twin.tolist() == [2, -1, 3, 2]
    assert groups.score.tolist() == pytest.approx([2200 / 25, 0, 2800 / 31, 2800 / 31])


def test_preferred_twin_comes_before_the_most_alike() -> None:
    texts = ["金庫を開ける方法を教えて", "金庫を開ける方法を教えて", "金庫を開ける方法を教えてね"]
    assert clusters(texts, prefer=[0, 0, 1]).twin.tolist() == [2, 2, 0]
    assert clusters(texts, prefer=[0, 0, 0]).twin.tolist() == [1, 0, 0]


# What the search must find of copies, by the length of the question that was copied: what was measured (see
# docs/near_duplicates.md), less four standard errors of these samples.
RECALL = {
    "exact": 1.0, "width": 1.0, "kana": 1.0, "punctuation": 1.0, "greeting": 0.98, "ending": 0.96, "typing": 0.96,
    "order": 0.96, "word": 0.9, "spelling": 0.55, "two_words": 0.55,
}  # fmt: skip


@pytest.mark.parametrize("variant", VARIANTS)
def test_copies_of_questions_are_found(variant: str) -> None:
    chance = random.Random(5)
    questions = Maker(6).questions(150)
    copies = [VARIANTS[variant](text, chance) for text in questions]
    hits = [likeness(fold(one), fold(other)) >= NEAR for one, other in zip(questions, copies, strict=True)]
    assert np.mean(hits) >= RECALL[variant]


def test_sentences_that_people_called_different_raise_few_alarms() -> None:
    rows = (data_set("jglue") / "jsts-v1.3_valid-v1.3.json").read_text(encoding="utf-8").splitlines()
    pairs = [json.loads(row) for row in rows]
    different = [row for row in pairs if row["label"] < 2]
    alarms = [likeness(fold(row["sentence1"]), fold(row["sentence2"])) >= NEAR for row in different]
    assert len(different) == 537
    assert sum(alarms) <= 0.01 * len(different)
