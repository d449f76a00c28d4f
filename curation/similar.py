"""Folding of Japanese text, and bigrams for substring search. Pure: no Django, no models.

Two texts that a reader would call the same text written differently fold to the same string. Folding is for finding
and comparing; what is stored and shown is always the exact text.
"""

import hashlib
import re
import unicodedata
from itertools import pairwise

# Characters that are there for the machine, not for the reader: zero-width spaces and joiners, soft hyphens,
# direction marks, byte order marks (Cf), and variation selectors. They would hide a repeat from the eye.
_VARIATION_SELECTORS = (
    range(0xFE00, 0xFE10),
    range(0xE0100, 0xE01F0),
    range(0x180B, 0x180E),
)
_KATAKANA = {code: code - 0x60 for code in (*range(0x30A1, 0x30F7), 0x30FD, 0x30FE)}
_FORMAT_CHARACTERS = (
    code
    for span in (range(0x20000), range(0xE0000, 0xE0080))
    for code in span
    if unicodedata.category(chr(code)) == "Cf"
)
_DROPPED = dict.fromkeys((*_FORMAT_CHARACTERS, *(code for span in _VARIATION_SELECTORS for code in span)))
_TABLE: dict[int, int | None] = {**_KATAKANA, **_DROPPED}

_SPACE = re.compile(r"\s+")
# Kana, Han, their marks and full-width signs: between these a space or a line break is layout, not a word boundary.
_CJK = "\u3000-\u30ff\u3100-\u312f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
_SPACE_AT_CJK = re.compile(f"(?<=[{_CJK}]) | (?=[{_CJK}])")


def fold(text: str) -> str:
    """The form in which texts are compared and searched.

    NFKC (width, compatibility forms), case folding, katakana to hiragana, invisible characters dropped, runs of white
    space to one space, none at the ends nor beside a Japanese character. So `ﾔﾐ金` and `ヤミ 金` fold to `やみ金`.
    Idempotent: fold(fold(x)) == fold(x). A text of white space and invisible characters folds to ''.
    """
    folded = _fold_once(text)
    # One pass can make something that the next would fold again (a spacing voiced mark that has lost its space
    # composes with the kana before it), so passes go on until nothing moves. Each pass but the last shortens or maps
    # towards a fixed form; two are the rule.
    while (again := _fold_once(folded)) != folded:
        folded = again
    return folded


def _fold_once(text: str) -> str:
    if text.isascii():
        return _SPACE.sub(" ", text).strip().casefold()
    mapped = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).translate(_TABLE)
    spaced = _SPACE.sub(" ", mapped).strip()
    return _SPACE_AT_CJK.sub("", spaced) if " " in spaced else spaced


def bigrams(folded: str) -> list[str]:
    """Index terms of an already folded text: every pair of neighbours, and the last character of each word alone.

    In order and with repeats, so that a phrase query over them is a substring query. The lone last character makes a
    one-character query (matched as a prefix) find every occurrence. '' gives [].
    Source of the choice: trigram indexes answer one- and two-character queries with no rows and no error.
    """
    return [term for word in folded.split() for term in (*map("".join, pairwise(word)), word[-1])]


def query_bigrams(folded: str) -> list[str]:
    """Phrase terms that find an already folded query inside texts indexed by `bigrams`.

    Only the last term may be a single character; it must then be matched as a prefix. Hits still need a recheck
    (`folded query in folded text`), since a query may begin or end inside a word of the text. '' gives [].
    """
    terms = bigrams(folded)
    last = folded.rsplit(maxsplit=1)[-1] if folded.strip() else ""
    # Inside a text the last character of the query is usually followed by another, so it stands alone in no term.
    return terms[:-1] if len(last) > 1 else terms


def text_hash(text: str) -> str:
    """SHA-256 (64 hex digits) of the exact UTF-8 of the text. UnicodeEncodeError on a lone surrogate."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def folded_hash(text: str) -> str:
    """SHA-256 of the folded text, or '' when nothing is left of it: an empty folding matches nothing."""
    folded = fold(text)
    return text_hash(folded) if folded else ""
