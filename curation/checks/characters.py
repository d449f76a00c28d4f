"""Characters that other machines may show differently or not at all. Pure.

Japanese files still pass through Windows' CP932 and through programs that know JIS X 0208 only. What CP932 has beyond
that (NEC's row 13, IBM's kanji) and what only one maker's font has turns into other characters there, is not found by a
search for the usual form, and is a token of its own to a model. Sources: JIS X 0208:1997, Microsoft's code page 932.
"""

from __future__ import annotations

import re
import unicodedata

from curation.checks.findings import Finding, Place, warning

KINDS = ("circled", "roman", "unit", "variant", "private_use", "decomposed", "invisible")
_CIRCLED = (range(0x2460, 0x2500), range(0x2776, 0x2794), range(0x3251, 0x3260), range(0x32B1, 0x32C0))
_ROMAN = (range(0x2160, 0x2189),)
_UNITS = (range(0x3200, 0x3400), range(0x2116, 0x2117), range(0x2121, 0x2122))
_COMPATIBLE = (range(0xF900, 0xFB00), range(0x2F800, 0x2FA20))
_SELECTORS = (range(0xE0100, 0xE01F0),)
_VOICED = "\u3099\u309a"
_EMOJI_PARTS = "\u200d\ufe0f"
_KEPT = "\n\r\t"
# Forms of kanji that Unicode does not decompose: what stands in most names' printed form.
_USUAL = str.maketrans(
    "髙﨑濵德增寬桒瀨曻栁橫淸黑郞靑緖薰賴閒悅敎凬",
    "高崎浜徳増寛桑瀬昇柳横清黒郎青緒薫頼間悦教風",
)
_SIGNS = {"№": "No.", "℡": "TEL"}
# A kana with a voicing mark of its own, a kanji with a selector of its form: two code points, one character.
_PAIR = re.compile(f"[\u3041-\u30ff][{_VOICED}]|.[\U000e0100-\U000e01ef]", re.DOTALL)


def machine_dependent(part: str, text: str) -> list[Finding]:
    """One finding for each kind of KINDS that is there, with every place and, where there is one, the usual form."""
    try:
        text.encode("shift_jis")
    except UnicodeEncodeError:
        pass
    else:
        if not any(char < " " and char not in _KEPT for char in text):
            return []
    found: dict[str, list[Place]] = {}
    at = 0
    while at < len(text):
        pair = _PAIR.match(text, at)
        piece = pair[0] if pair else text[at]
        if kind := _kind_of_pair(piece) if pair else _kind(piece):
            place = Place(start=at, end=at + len(piece), text=piece, instead=usual(piece))
            found.setdefault(kind, []).append(place)
        at += len(piece)
    return [warning(kind, part, found[kind]) for kind in KINDS if kind in found]


def usual(piece: str) -> str:
    """The form that every machine has; "" where there is none to offer."""
    if piece in _SIGNS:
        return _SIGNS[piece]
    bare = "".join(char for char in piece if not _within(char, _SELECTORS))
    plain = unicodedata.normalize("NFKC", bare).translate(_USUAL)
    return plain if plain != piece and plain.isprintable() else ""


def _kind_of_pair(piece: str) -> str:
    return "decomposed" if piece[1] in _VOICED else "variant"


def _kind(char: str) -> str:
    for kind, spans in (("circled", _CIRCLED), ("roman", _ROMAN), ("unit", _UNITS), ("variant", _COMPATIBLE)):
        if _within(char, spans):
            return kind
    category = unicodedata.category(char)
    if category == "Co":
        return "private_use"
    if char in _VOICED:
        return "decomposed"
    if category in ("Cf", "Cc") and char not in _KEPT and char not in _EMOJI_PARTS:
        return "invisible"
    return "variant" if category == "Lo" and _only_cp932(char) else ""


def _within(char: str, spans: tuple[range, ...]) -> bool:
    return any(ord(char) in span for span in spans)


def _only_cp932(char: str) -> bool:
    """Whether Windows' code page has it and JIS X 0208 has not."""
    try:
        char.encode("shift_jis")
    except UnicodeEncodeError:
        try:
            char.encode("cp932")
        except UnicodeEncodeError:
            return False
        return True
    return False
