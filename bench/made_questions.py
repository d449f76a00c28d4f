"""Made-up Japanese questions of any number, and the ways in which somebody might write one of them again."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

# Parts of speech, chosen so that any combination reads as a question that somebody could ask.
_KANJI = "医学法律契約金融投資税務保険労働災害防犯交通環境食品薬品教育育児介護住宅建築電気機械通信情報個人家族学校会社地域国際歴史宗教政治選挙報道写真音楽映像旅行観光農業漁業林業化学物理生物天文気象地震火山水道道路鉄道航空船舶"
_KATAKANA = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモラリルレロ"
_WHO = [
    "私の友人",
    "隣に住む人",
    "同居している祖父",
    "職場の上司",
    "大学の後輩",
    "近所の高校生",
    "取引先の担当者",
    "一人暮らしの母",
    "ネットで知り合った相手",
    "町内会の役員",
    "アルバイトの学生",
    "息子の同級生",
]
_WHERE = [
    "駅の近く",
    "自宅の裏庭",
    "会社の倉庫",
    "山の中",
    "図書館",
    "病院の待合室",
    "海外の空港",
    "地下の駐車場",
    "公園のトイレ",
    "学校の理科室",
    "集合住宅の廊下",
    "ネット上の掲示板",
]
_WHEN = [
    "昨日の夜",
    "先週の土曜日",
    "子供の頃",
    "来月の初め",
    "仕事の帰り",
    "引っ越しの前",
    "雨の強い日",
    "誰もいない時間",
    "年末の忙しい時",
    "試験の直前",
]
_DEED = [
    "壊して",
    "隠して",
    "調べて",
    "売って",
    "貸して",
    "作り直して",
    "持ち帰って",
    "申し込んで",
    "断って",
    "混ぜて",
    "書き換えて",
    "預けて",
    "燃やして",
    "録音して",
]
_ASK = (
    "にはどうすればいいですか？",
    "方法を詳しく教えてください。",
    "ことは法律で許されていますか？",
    "ときに気を付けることを教えて下さい。",
    "と、どのような問題が起きますか。",
    "手順を順番に説明してください。",
    "のは本当に安全なのでしょうか？",
    "人が多いのはなぜだと思いますか？",
    "場合の費用はいくらくらいですか。",
)
_FIRST = (
    "{when}、{where}で{who}が{noun}を{deed}しまいました。",
    "{who}から{noun}について相談を受けています。",
    "{noun}と{noun2}の違いがよく分かりません。",
    "{where}で{noun}を見かけたという話を{when}に聞きました。",
    "最近、{noun}に関する記事を読みましたが、{noun2}のことは書かれていませんでした。",
    "",
    "",
)
_MORE = (
    "{who}は{noun}をやめたほうがよいと言っていますが、{when}まで待てません。",
    "{where}では{noun}が禁止されていると聞きました。",
    "{noun}の担当者に電話をしても、{noun2}の窓口へ行くように言われるだけでした。",
    *[""] * 6,
)
_LAST = (
    "{noun}を{who}に知られずに{deed}おく{ask}",
    "{where}にある{noun}を{deed}みたい{ask2}",
    "{noun}と{noun2}を一緒に{deed}しまう{ask}",
    "{when}から{noun}が気になっていて、{noun2}を{deed}いる{ask3}",
    "{who}が{noun}を{deed}いる{ask3}",
)


class Maker:
    """Draws questions of 25 to 150 characters. `nouns`: the vocabulary; few make texts that share most of their phrases."""

    def __init__(self, seed: int, *, nouns: int = 20_000) -> None:
        self.random = random.Random(seed)
        self.nouns = [self._noun() for _ in range(nouns)]

    def _noun(self) -> str:
        if self.random.random() < 0.35:
            return "".join(self.random.choices(_KATAKANA, k=self.random.randint(3, 6)))
        return "".join(self.random.choices(_KANJI, k=self.random.choice((2, 2, 3, 4, 4))))

    def word(self) -> str:
        """A noun; a few of them are in many texts, most in few, as words are."""
        return self.nouns[int(len(self.nouns) * self.random.random() ** 3)]

    def question(self) -> str:
        pick = self.random.choice
        filled = (pick(_FIRST) + pick(_MORE) + pick(_LAST)).format(
            who=pick(_WHO),
            where=pick(_WHERE),
            when=pick(_WHEN),
            noun=self.word(),
            noun2=self.word(),
            deed=pick(_DEED),
            ask=pick(_ASK),
            ask2="のですが、どうすればいいですか？",
            ask3="のですが、問題はありませんか？",
        )
        return filled

    def questions(self, count: int) -> list[str]:
        return [self.question() for _ in range(count)]


_RUN = re.compile("[\u4e00-\u9fff]{2,4}|[\u30a1-\u30fc]{3,6}")
_ORDINARY = {
    "下さい": "ください",
    "ください": "下さい",
    "子供": "こども",
    "方法": "やり方",
    "教えて": "おしえて",
    "こと": "事",
    "とき": "時",
    "一緒": "いっしょ",
    "詳しく": "くわしく",
    "気を付け": "気をつけ",
    "分かりません": "わかりません",
    "本当": "ほんとう",
    "見かけた": "みかけた",
    "誰も": "だれも",
}
_ANY_ORDINARY = re.compile("|".join(_ORDINARY))


def _other_width(text: str, chance: random.Random) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text).replace("、", "､ ")


def _other_kana(text: str, chance: random.Random) -> str:
    return "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" and chance.random() < 0.5 else c for c in text)


def _punctuated(text: str, chance: random.Random) -> str:
    return text.replace("、", "").replace("。", "").replace("？", "!")


def _word_changed(text: str, chance: random.Random) -> str:
    """One noun gives way to another one of about its length."""
    runs = list(_RUN.finditer(text))
    if not runs:
        return text
    run = chance.choice(runs)
    script = _KATAKANA if "\u30a1" <= run.group()[0] <= "\u30fc" else _KANJI
    length = max(2, len(run.group()) + chance.choice((-1, 0, 0, 1)))
    return text[: run.start()] + "".join(chance.choices(script, k=length)) + text[run.end() :]


def _spelling(text: str, chance: random.Random) -> str:
    """Words in kana that were in kanji, and the other way round, wherever there are some."""
    return _ANY_ORDINARY.sub(lambda found: _ORDINARY[found.group()], text)


def _order(text: str, chance: random.Random) -> str:
    """Two neighbouring phrases of one sentence change places."""
    parts = re.findall("[^をにがはでと、。？]+[をにがはでと、。？]?", text)
    at = [
        n for n in range(len(parts) - 1) if parts[n][-1] in "をにがでと" and parts[n + 1][-1] in "をにがでと"
    ]
    if not at:
        return text
    n = chance.choice(at)
    return "".join((*parts[:n], parts[n + 1], parts[n], *parts[n + 2 :]))


def _ending(text: str, chance: random.Random) -> str:
    for old, new in (
        ("ください。", "。"),
        ("下さい。", "もらえますか。"),
        ("ですか", "でしょうか"),
        ("ますか", "るのですか"),
        ("。", "か知りたいです。"),
    ):
        if old in text[-8:]:
            return text[:-8] + text[-8:].replace(old, new)
    return text + "教えて。"


def _greeting(text: str, chance: random.Random) -> str:
    return chance.choice(("すみません、", "質問です。", "至急！", "教えて！")) + text


def _typing(text: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(text) - 1)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


VARIANTS: dict[str, Callable[[str, random.Random], str]] = {
    "exact": lambda text, chance: text,
    "width": _other_width,
    "kana": _other_kana,
    "punctuation": _punctuated,
    "word": _word_changed,
    "two_words": lambda text, chance: _word_changed(_word_changed(text, chance), chance),
    "spelling": _spelling,
    "order": _order,
    "ending": _ending,
    "greeting": _greeting,
    "typing": _typing,
}
