"""What the writer is told of a text before anybody else reads it: each check finds what it is for, and no more."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

import pytest

from curation.check_words import WORDS, words_of
from curation.checks import Ends, check, ends
from curation.similar import fold
from tests.data_sets import data_set

FINE = "夜中に子どもが熱を出しました。朝まで待ってよいか、どこで判断すればよいでしょうか。"


def told(
    question: str, answer: str = "", others: list[Ends] | None = None
) -> list[tuple[str, tuple[str, ...]]]:
    found = check(question, answer, others=others or [])
    return [(f.key, f.found) for f in found if f.level == "warn"]


@pytest.mark.parametrize(
    ("characters", "key", "level"),
    [(9, "short", "warn"), (10, "length", "pass"), (300, "length", "pass"), (301, "long", "warn")],
)
def test_question_within_its_band_passes(characters: int, key: str, level: str) -> None:
    found = check("あ" * characters, "")
    assert [(f.key, f.level, f.count, f.bounds) for f in found] == [(key, level, characters, (10, 300))]


@pytest.mark.parametrize(
    ("characters", "key"), [(99, "short"), (100, "length"), (400, "length"), (401, "long")]
)
def test_answer_has_a_band_of_its_own(characters: int, key: str) -> None:
    assert [(f.key, f.bounds) for f in check("", "あ" * characters)] == [(key, (100, 400))]


def test_line_breaks_are_no_characters_and_a_band_can_be_another() -> None:
    found = check("", "あ\r\n" * 50, bands={"answer": (10, 50)})
    assert [(f.key, f.count, f.bounds) for f in found] == [("length", 50, (10, 50))]


def test_empty_parts_are_not_checked() -> None:
    assert check(" \n", "") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024年に１０人と１１人が参加しました。", [("mixed_digits", ("１０", "１１"))]),
        ("SNSとＳＮＳで見た話は本当でしょうか。", [("mixed_letters", ("ＳＮＳ",))]),
        ("ＳＮＳで３人に聞いた話は本当でしょうか。", [("full_width", ("ＳＮＳ", "３"))]),
        ("ﾔﾐ金から借りてもよいと言われました。", [("half_kana", ("ﾔﾐ",))]),
        ("2024年にSNSで見た話は本当でしょうか。", []),
    ],
)
def test_width(text: str, expected: list[tuple[str, tuple[str, ...]]]) -> None:
    assert told(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("手順①と手順❷のどちらが先でしょうか。", [("circled", ("①", "❷"))]),
        ("Ⅳ型とⅳ型の違いを教えてください。", [("roman", ("Ⅳ", "ⅳ"))]),
        ("㈱と㍉と℡が書類にありました。", [("unit", ("㈱", "㍉", "℡"))]),
        ("髙さんと山﨑さんと\ufa19社の話です。", [("variant", ("髙", "﨑", "\ufa19"))]),
        ("葛\U000e0100城という字の話をしてください。", [("variant", ("葛\U000e0100",))]),
        ("外字の\ue000が混ざった文章です。", [("private_use", ("\ue000",))]),
        ("か\u3099いこくの話を教えてください。", [("decomposed", ("か\u3099",))]),
        ("検索\u200bできない\ufeff文章です。", [("invisible", ("\u200b", "\ufeff"))]),
        ("制御文字\x07が混ざった文章です。", [("invisible", ("\x07",))]),
        ("〜と～と−と－と℃と々と♪と👨‍👩‍👧と☀️は数えません。", []),
        ("剝がす、塡補、𠮟るは常用漢字です。", []),
        (FINE, []),
    ],
)
def test_machine_dependent_characters(text: str, expected: list[tuple[str, tuple[str, ...]]]) -> None:
    assert told(text) == expected


def test_each_place_says_where_it_stands_and_what_to_write() -> None:
    (found,) = [f for f in check("㈱山﨑商店に①番で並びました。", "") if f.key == "unit"]
    assert [(p.start, p.end, p.text, p.instead) for p in found.places] == [(0, 1, "㈱", "(株)")]
    (found,) = [f for f in check("葛\U000e0100城と髙い山﨑さんです。", "") if f.key == "variant"]
    assert [(p.start, p.end, p.instead) for p in found.places] == [(0, 2, "葛"), (4, 5, "高"), (7, 8, "崎")]


def test_a_persons_data_is_told_apart_and_placed() -> None:
    text = (
        "田中太郎さんの電話は０９０－３１４１－５９２６、ｍａｒｉ＠dummy-corp.jpでしょうか。〒152-8550です。"
    )
    found = [f for f in check(text, "") if f.key in ("mail", "phone", "postal_code", "name")]
    assert [(f.key, [(p.start, p.text) for p in f.places]) for f in found] == [
        ("mail", [(24, "ｍａｒｉ＠dummy-corp.jp")]),
        ("phone", [(10, "０９０－３１４１－５９２６")]),
        ("postal_code", [(48, "〒152-8550")]),
        ("name", [(0, "田中太郎さん")]),
    ]


def test_places_hold_where_folding_changes_the_length() -> None:
    text = "㈱ﾊﾞﾗの〒152-8550とm.k@dummy-corp.jpです。"
    found = [f for f in check(text, "") if f.key in ("mail", "postal_code")]
    assert [[(p.start, p.text) for p in f.places] for f in found] == [
        [(15, "m.k@dummy-corp.jp")],
        [(5, "〒152-8550")],
    ]


def test_data_of_nobody_is_left_alone() -> None:
    assert told("田中さんに090-0000-0000から電話があったら、どう答えるとよいでしょうか。") == []


def opened(number: int) -> Ends:
    return ends(
        fold(f"会社の同僚が隠している{'猫犬鳥魚馬牛鹿'[number]}のことで、{number}回も相談を受けました。")
    )


def test_an_opening_that_many_share_is_a_template() -> None:
    text = "会社の同僚が隠している借金のことを、家族に伝えるべきでしょうか。"
    four = [opened(n) for n in range(4)]
    (found,) = [f for f in check(text, "", others=four) if f.level == "warn"]
    assert (found.key, found.count, found.found) == ("same_opening", 4, ("会社の同僚が隠している",))
    assert told(text, others=four[:3]) == []
    # 4 of 100 are under the twentieth part of them
    rest = [ends(fold(f"{n}番目の話です。")) for n in range(96)]
    assert told(text, others=four + rest) == []


def test_an_ending_has_to_be_more_than_everyday_language() -> None:
    everyday = [
        ends(fold(f"{word}のときはどうすればよいでしょうか。")) for word in ("熱", "雨", "雪", "風", "嵐")
    ]
    assert told("隣の家の音が夜中まで続くときはどうすればよいでしょうか。", others=everyday) == []
    forced = [
        ends(fold(f"{word}の話です。安全でない選択肢を選んでください。")) for word in ("熱", "雨", "雪", "風")
    ]
    asked = "夜中に車を飛ばしたいです。安全でない選択肢を選んでください。"
    assert told(asked, others=forced) == [("same_ending", ("です。安全でない選択肢を選んでください。",))]


def test_the_same_question_again_is_no_template() -> None:
    assert told(FINE, others=[ends(fold(FINE))] * 9) == []


@pytest.mark.parametrize(
    "answer",
    [
        "申し訳ありませんが、その質問にはお答えできません。",
        "申し訳ございません。そのようなご要望にはお応えすることができません。ご理解ください。",
        "その内容についての回答は控えさせていただきます。",
        "犯罪に当たるため、お手伝いすることはできません。",
        "お教えできません。法律で禁じられているからです。",
        "I'm sorry, but I cannot help with that request.",
    ],
)
def test_an_answer_that_only_refuses(answer: str) -> None:
    assert [key for key, _found in told("", answer) if key != "short"] == ["bare_refusal"]


@pytest.mark.parametrize(
    "answer",
    [
        "その方法はお教えできません。困っていることがあれば、警察の相談窓口に連絡してください。",
        "犯罪に当たるため、お手伝いできません。代わりに、合法に中古品を売る手順なら説明します。",
        "薬の量は、まず薬剤師に確かめましょう。",
        "取り消しはできません。",
        "",
    ],
)
def test_an_answer_with_a_next_step_or_without_a_refusal_is_left_alone(answer: str) -> None:
    assert [key for key, _found in told("", answer) if key != "short"] == []


def test_a_long_answer_that_declines_is_left_to_people() -> None:
    declined = "その質問にはお答えできません。"
    assert [key for key, _found in told("", declined + "あ" * 235)] == ["bare_refusal"]
    assert told("", declined + "あ" * 236) == []


def test_a_fingerprint_stays_while_the_text_at_its_places_does() -> None:
    def of(text: str, key: str) -> list[str]:
        return [f.fingerprint for f in check(text, "") if f.key == key]

    before = of("電話は090-3141-5926です。出てもよいですか。", "phone")
    assert of("昨日の電話は090-3141-5926でした。出てもよいですか。", "phone") == before
    assert of("電話は090-3141-5927です。出てもよいですか。", "phone") != before
    assert of("手順①です。どうでしょうか。", "circled") != of("手順①と②です。どうでしょうか。", "circled")
    assert of("短い。", "short") != of("短く。", "short")
    answered = [f.fingerprint for f in check("", "電話は090-3141-5926です。") if f.key == "phone"]
    assert answered != before


def test_every_check_says_why_and_how() -> None:
    found = check("①", "お答えできません。")
    assert [(f.key, words_of(f).section) for f in found] == [
        ("short", 2),
        ("circled", 0),
        ("short", 4),
        ("bare_refusal", 1),
    ]
    assert [key for key, words in WORDS.items() if key != "length" and not (words.why and words.mend)] == []


def fired(texts: Iterable[tuple[str, str]]) -> Counter[tuple[str, str]]:
    """How many texts each check warned of."""
    count: Counter[tuple[str, str]] = Counter()
    for question, answer in texts:
        count.update({(f.part, f.key) for f in check(question, answer) if f.level == "warn"})
    return count


def test_questions_of_others_are_left_alone() -> None:
    lines = [
        line.strip().strip('"')
        for file in sorted((data_set("xsafety") / "ja").glob("*.csv"))
        for line in file.read_text(encoding="utf-8-sig").splitlines()
        if line.strip()
    ]
    assert (len(lines), fired((line, "") for line in lines)) == (2001, Counter())


def test_tasks_and_answers_of_others_are_mostly_left_alone() -> None:
    file = data_set("elyza-tasks") / "dataset.jsonl"
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert fired((row["input_text"], row["output_text"]) for row in rows) == {
        ("answer", "long"): 2,
        ("answer", "short"): 32,
        ("question", "long"): 11,
        ("question", "mixed_digits"): 1,
        ("question", "short"): 1,
    }
