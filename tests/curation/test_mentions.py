"""Where a text names people."""

from __future__ import annotations

import pytest

from curation.mentions import pieces, places

NAMES = ["sato", "sato.h", "佐藤", "佐藤花子", "Tanaka"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("@sato お願いします", ["sato"]),
        ("＠佐藤さん、確認を", ["佐藤"]),
        ("@佐藤花子さん", ["佐藤花子"]),
        ("@sato.h and @sato.", ["sato.h", "sato"]),
        ("(@ＴＡＮＡＫＡ)", ["Tanaka"]),
        ("お願い@satoさん", ["sato"]),
        ("@satoshi", []),
        ("mail@sato", []),
        ("a@sato.example", []),
        ("@@sato", []),
        ("@", []),
        ("sato", []),
        ("@鈴木", []),
    ],
)
def test_who_is_named(text: str, named: list[str]) -> None:
    assert [place.name for place in places(text, NAMES)] == named


def test_pieces_make_the_text_again_with_its_signs() -> None:
    text = "＠佐藤さんと@sato へ"
    found = pieces(text, NAMES)
    assert found == [("＠佐藤", True), ("さんと", False), ("@sato", True), (" へ", False)]
    assert "".join(piece for piece, _named in found) == text
