"""Folding, bigrams and hashes: examples that users meet, and laws that hold for any text."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.similar import bigrams, fold, folded_hash, query_bigrams, text_hash

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60)
KANA_TEXT = st.text(alphabet="ヤミ金ﾔﾐがｶﾞ゛ﾞ゜ -aＡ\u3000\n\u200bー殺人İßǆ㍿", max_size=20)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ﾔﾐ金", "やみ金"),
        ("ヤミ金", "やみ金"),
        ("ヤ ミ\u3000金", "やみ金"),
        ("ｶﾞｿﾘﾝ", "がそりん"),
        ("ＡＢＣ　１２３", "abc 123"),
        ("  two\n words\t", "two words"),
        ("言葉\n続き", "言葉続き"),
        ("zero\u200bwidth", "zerowidth"),
        ("葛\U000e0100飾", "葛飾"),
        ("㈱テスト", "(株)てすと"),
        ("\u3000\u200b\ufeff ", ""),
        ("", ""),
    ],
)
def test_fold_of_what_people_type(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.one_of(ANY_TEXT, KANA_TEXT))
@settings(max_examples=300, deadline=None)
def test_fold_is_idempotent(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(ANY_TEXT)
@settings(deadline=None)
def test_fold_ignores_outer_space(text: str) -> None:
    assert fold("  " + text + "\u3000\n") == fold(text)


@given(st.one_of(ANY_TEXT, KANA_TEXT), st.data())
@settings(max_examples=200, deadline=None)
def test_bigrams_hold_the_terms_of_every_substring_without_spaces(text: str, data: st.DataObject) -> None:
    words = fold(text).split()
    if not words:
        assert bigrams(fold(text)) == []
        return
    word = data.draw(st.sampled_from(words))
    start = data.draw(st.integers(0, len(word) - 1))
    end = data.draw(st.integers(start + 1, len(word)))
    terms, wanted = bigrams(fold(text)), query_bigrams(word[start:end])
    spans = [terms[at : at + len(wanted)] for at in range(len(terms))]
    assert any(
        span[:-1] == wanted[:-1] and span[-1].startswith(wanted[-1])
        for span in spans
        if len(span) == len(wanted)
    )


def test_bigrams_of_a_word_end_with_its_last_character() -> None:
    assert bigrams("殺人事件") == ["殺人", "人事", "事件", "件"]
    assert query_bigrams("殺人") == ["殺人"]
    assert query_bigrams("殺") == ["殺"]
    assert bigrams("ab c") == ["ab", "b", "c"]
    assert bigrams("") == query_bigrams("") == []


def test_text_hash_is_of_the_exact_text() -> None:
    assert text_hash("ヤミ金") == hashlib.sha256("ヤミ金".encode()).hexdigest()
    assert text_hash("a") != text_hash("a ")
    with pytest.raises(UnicodeEncodeError):
        text_hash("\ud800")


@given(ANY_TEXT)
@settings(deadline=None)
def test_folded_hash_is_empty_exactly_where_folding_is(text: str) -> None:
    assert folded_hash(text) == (text_hash(fold(text)) if fold(text) else "")


def test_folded_hash_of_nothing_visible_is_empty() -> None:
    assert folded_hash("") == folded_hash("\u3000\n\u200b") == ""
    assert folded_hash("ﾔﾐ金") == folded_hash("ヤミ金") != ""
