"""Kept English sentences reach Japanese readers in Japanese, with what they held."""

import re

import pytest
from django.utils.translation import override

from config.messages import read_catalogue
from curation import retold as module
from curation.retold import retold


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ("No ratings.", "評価がありません。"),
        (
            "Not defined: the number of raters per response varies from 2 to 3.",
            "定義できません：1件あたりの評価者数が2から3まで異なります。",
        ),
        (
            "0 of 25 categories hold fewer than 1 test questions.",
            "test質問が1件に満たない分類：25分類中0分類。",
        ),
        ("No ratings. No verdicts.", "評価がありません。判定がありません。"),
        ("No ratings. The disk is full.", "評価がありません。 The disk is full."),
        ("The disk is full.", "The disk is full."),
        ("", ""),
        (None, ""),
    ],
)
def test_retold_in_japanese(kept: str | None, told: str) -> None:
    with override("ja"):
        assert retold(kept) == told


def test_retold_in_english_stays() -> None:
    with override("en"):
        assert retold("No ratings. No verdicts.") == "No ratings. No verdicts."


def test_every_kept_sentence_is_translated_and_found_again() -> None:
    catalogue = read_catalogue("ja")
    for message in module._KEPT:
        found = catalogue.get(message)
        assert found is not None, message
        assert found.string, message
        places = iter(range(1, 9))
        filled = re.sub(r"%\(\w+\)[sd]", lambda _place, places=places: str(next(places)), message)
        with override("ja"):
            assert re.search(r"[ぁ-ん]", retold(filled)), filled
