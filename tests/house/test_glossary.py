"""The Japanese of the interface keeps to one word per concept and to one typography."""

import re
from functools import lru_cache

import pytest
from babel.messages.catalog import Message

from config.messages import complaints, flat, read_catalogue

# What must not stand in a translation, and what stands there instead.
FORBIDDEN = {
    r"アイテム": "項目",
    r"アノテー": "評価, 執筆",
    r"レビューア|レビュワー|査読": "レビュアー, レビュー",
    r"ユーザ(?!ー)": "ユーザー",
    r"サーバ(?!ー)": "サーバー",
    r"フォルダ(?!ー)": "フォルダー",
    r"ワーカ(?!ー)": "ワーカー",
    r"エラ(?!ー)": "エラー",
    r"タクソノミ|分類法": "分類体系",
    r"カテゴリ": "分類",
    r"ルーブリック|採点基準": "評価基準",
    r"ジャッジ": "LLM判定者",
    r"審査": "レビュー",
    r"棄却|拒絶": "却下",
    r"参照回答|模範回答|リファレンス": "参考回答",
    r"ドラフト": "下書き",
    r"リビジョン|バージョン(?!では)": "版",
    r"凍結|フリーズ": "確定",
    r"エラッタ|正誤表": "訂正",
    r"(?<!サロ)ゲート": "公開前チェック",
    r"合意度|一致率(?<!完全一致率)": "一致度",
    r"信頼水準|信用区間": "信頼区間",
    r"サインイン|サインアウト|ログオン": "ログイン, ログアウト",
    r"エクスポート|インポート": "書き出し, 取り込み",
    r"訓練|トレーニング": "学習",
    r"ミクスチャ|ミックス": "データ配合",
    r"キャンセル": "中止",
    r"過剰な拒否": "過剰拒否",
    r"下さい|出来(?:る|ない|ま)|全て|更に|及び|既に": "ください, できる, すべて, さらに, および, すでに",
}
JAPANESE = r"[ぁ-んァ-ヶ一-龠々ー]"
MALFORMED = {
    rf"{JAPANESE} [A-Za-z%]|[A-Za-z] {JAPANESE}": "no space between Japanese and Latin",
    rf"{JAPANESE}[,.!?:;](?!\w)": "full-width punctuation in Japanese",
    rf"{JAPANESE}\(|\){JAPANESE}": "full-width parentheses in Japanese",
    r"[０-９Ａ-Ｚａ-ｚ]": "half-width digits and Latin",
    r"[｡-ﾟ]": "full-width kana",
    r"。。|、、| $|^ ": "no doubled mark, no space at the ends",
}
# A language tag, a placeholder of a name and a command or a key may stand apart from the Japanese around it.
APART = re.compile(r"%\(\w+\)[sd]|<[^>]+>|https?://\S+|http\(s\)|ICC\(1,1\)|Ctrl\+Enter")


@lru_cache(maxsize=1)
def translations() -> list[tuple[str, str]]:
    """(msgid, Japanese) of every message."""
    return [
        (flat(message.id)[0], text)
        for message in read_catalogue("ja")
        if isinstance(message, Message) and message.id
        for text in flat(message.string)
    ]


@pytest.mark.parametrize("variant", FORBIDDEN)
def test_glossary_holds(variant: str) -> None:
    found = [(msgid, text) for msgid, text in translations() if re.search(variant, text)]
    assert found == [], f"write {FORBIDDEN[variant]}"


@pytest.mark.parametrize("shape", MALFORMED)
def test_typography_holds(shape: str) -> None:
    found = [(msgid, text) for msgid, text in translations() if re.search(shape, APART.sub("", text))]
    assert found == [], MALFORMED[shape]


def test_placeholders_are_those_of_the_message() -> None:
    wrong = [line for line in complaints() if "fills in" in line or "leaves out" in line]
    assert wrong == []


def test_sentences_end_as_in_the_message() -> None:
    """A label or a button gets no 。, a whole sentence of the English gets one."""
    sentence = re.compile(r"[.?]$")
    # A sentence that closes on an address, a number or a list may end without the mark.
    bare = re.compile(r"[\w)）…]$", re.ASCII)
    labels = [
        (msgid, text) for msgid, text in translations() if not sentence.search(msgid) and text.endswith("。")
    ]
    cut_off = [
        (msgid, text)
        for msgid, text in translations()
        if msgid.endswith(".") and not text.endswith(("。", "、")) and not bare.search(text)
    ]
    assert (labels, cut_off) == ([], [])
