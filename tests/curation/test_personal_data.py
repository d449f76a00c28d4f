"""What looks like a person's data is found, in every width; what names nobody is left alone."""

from __future__ import annotations

import pytest

from curation.personal_data import is_card, is_my_number, personal_data


def kinds(text: str) -> list[str]:
    return [found.kind for found in personal_data(text)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("連絡はmari.k+a@dummy-corp.co.jpまで", "mail"),
        ("連絡はｍａｒｉ＠ｄｕｍｍｙ－ｃｏｒｐ．ｊｐまで", "mail"),
        ("電話は090-3141-5926です。", "phone"),
        ("電話は０９０－３１４１－５９２６です。", "phone"),
        ("電話は09031415926です。", "phone"),
        ("電話は(03)3141-5926です。", "phone"),
        ("電話は03（3141）5926です。", "phone"),
        ("電話は0466-31-5926です。", "phone"),
        ("電話は03ー3141ー5926です。", "phone"),
        ("Call +81-90-3141-5926 now.", "phone"),
        ("〒152-8550にお住まい", "postal_code"),
        ("郵便番号は1528550です", "postal_code"),
        # 2 3 1 4 1 5 9 2 6 5 3: weights 6 5 4 3 2 7 6 5 4 3 2 give 12+15+4+12+2+35+54+10+24+15+6 = 189 = 17 * 11 + 2; 11 - 2 = 9
        ("番号は2314-1592-6539です。", "my_number"),
        ("番号は231415926539です。", "my_number"),
        ("番号は２３１４１５９２６５３９です。", "my_number"),
        ("カードは4929 0000 1234 5674です。", "card"),
        ("カードは3714-496353-98431です。", "card"),
        ("田中太郎さんの家", "name"),
        ("高橋 健一 様", "name"),
        ("佐々木美咲氏によると", "name"),
        ("中島みゆきさんの歌", "name"),
        ("山本エリカちゃん", "name"),
        ("Please ask Mr. Kenji Tanaka.", "name"),
    ],
)
def test_found(text: str, kind: str) -> None:
    assert kinds(text) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "連絡はinfo@example.comかa@sub.example.jp、b@c.invalidまで",
        "電話は090-0000-0000か090-1234-5678です。",
        "電話は03-0000-0000か03-1234-5678です。",
        "窓口は0120-279-338と0570-064-556と#7119です。",
        "大阪中毒110番（072-727-2499）に電話してください。",
        "2024-10-15に1,234,567円を払い、型番は2374-2674-2675-1です。",
        "文献は432-0012-345、画像は476269-115967-88417です。",
        "〒000-0000または〒123-4567と書く欄",
        "番号は2314-1592-6538です。",
        "番号は111111111111です。",
        "カードは4111 1111 1111 1111です。",
        "カードは4929 0000 1234 5675です。",
        "田中さんと佐藤先生と林業者さん、東京都様、お客様、皆様、患者さん、店員さん",
        "山田太郎様と記入例にあります。",
        "田中おばあさん、高橋おじさん",
        "清水商店様、山本部長様、木村弁護士さん",
        "彼氏と某氏と両氏の君主制",
        "Please ask Mr. John Smith or Dr. Tanaka.",
    ],
)
def test_left_alone(text: str) -> None:
    assert kinds(text) == []


def test_several_kinds_come_in_one_order_with_what_was_found() -> None:
    found = personal_data("田中太郎さん、電話は090-3141-5926、mari@dummy-corp.jp")
    assert [(each.kind, each.found) for each in found] == [
        ("mail", "mari@dummy-corp.jp"),
        ("phone", "090-3141-5926"),
        ("name", "田中太郎さん"),
    ]


def test_one_wrong_digit_is_seen_by_both_checks() -> None:
    right, card = "231415926539", "4929000012345674"
    assert (is_my_number(right), is_card(card)) == (True, True)
    # The remainder modulo 11 maps 0 and 1 to one check digit, so a wrong digit may rarely pass; none does here.
    wrong = [right[:at] + str((int(right[at]) + 1) % 10) + right[at + 1 :] for at in range(12)]
    assert [each for each in wrong if is_my_number(each)] == []
    wrong = [card[:at] + str((int(card[at]) + 1) % 10) + card[at + 1 :] for at in range(16)]
    assert [each for each in wrong if is_card(each)] == []
