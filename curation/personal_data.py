"""What in a text looks like a real person's data. Pure: no Django, no models.

Found are mail addresses, telephone numbers, postal codes, My Numbers and card numbers (both by their check digits), and
full names with a title. Left alone is what names nobody: domains set aside for examples (RFC 2606), numbers that are
plainly made up (090-0000-0000, 03-1234-5678), services (0120) and lines of public counsel, the card numbers of payment
tests, sample names of forms (山田太郎), and family names alone (田中さん). What is found is a person's to judge.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from curation.personal_names import FAMILY, LAST

KINDS = ("mail", "phone", "postal_code", "my_number", "card", "name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`kind` is one of KINDS; `found` the piece after folding of width, which stands in the text at [start, end)."""

    kind: str
    found: str
    start: int
    end: int


_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−ーｰ－", "-"))
_MAIL = re.compile(r"[A-Za-z0-9._%+-]+@((?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,})")
_EXAMPLE = re.compile(
    r"(?:^|\.)(?:example(?:\.(?:com|net|org|jp|co\.jp|ne\.jp))?|test|invalid|localhost)$", re.IGNORECASE
)
# A run of digits of either width with what people write between them.
_RUN = re.compile("[0-9０-９](?:[ ().\u3000（）‐‑‒–—―−ーｰ－-]{0,2}[0-9０-９]){6,18}(?![0-9０-９-])")
_PLAIN_RUN = re.compile("[0-9](?:[ ().-]{0,2}[0-9]){6,18}(?![0-9-])")  # the scan is twice as fast
_POSTAL = re.compile(r"(?:〒|郵便番号)[^0-9]{0,3}([0-9]{3})-?([0-9]{4})(?![0-9])")
_AREA = re.compile(r"0[0-9]{1,4}[ ()-]{1,2}[0-9]{1,4}[ ()-]{1,2}[0-9]{3,4}")
_MOBILE = re.compile(r"0[789]0[0-9]{8}")
_ABROAD = re.compile(r"81[ ()-]{0,2}0?[ ()-]{0,2}[0-9]{1,4}(?:[ ()-]{1,2}[0-9]{1,4}){2}")
_FOURS = re.compile(r"[0-9]{4}([ -]?)[0-9]{4}\1[0-9]{4}")
_CARD = re.compile(
    r"[0-9]{4}([ -]?)[0-9]{4}\1[0-9]{4}\1[0-9]{4}(?:\1[0-9]{3})?|[0-9]{4}([ -]?)[0-9]{6}\2[0-9]{4,5}"
)
_CHARACTER = re.compile(".[\uff9e\uff9f\u3099\u309a]?", re.DOTALL)  # with its voicing mark
_FREE = ("0120", "0800", "0570", "0990")
# Lines of public counsel that careful answers name: the two poison centres, TELL, and Tokyo's Inochi no Denwa.
PUBLIC_LINES = frozenset({"0727272499", "0298529999", "0357740992", "0332643434"})
_TITLES = ("さん", "さま", "様", "氏", "君", "くん", "ちゃん", "殿")
_GIVEN = rf"(?:[一-龠々]{{0,2}}[{LAST}]|[ァ-ヴー]{{2,5}}|[ぁ-ん]{{2,4}}?)"
_FAMILY = "|".join(sorted(FAMILY, key=lambda name: (-len(name), name)))
_NAME = re.compile(rf"(?:{_FAMILY})[ \u3000]?{_GIVEN}[ \u3000]?(?:{'|'.join(_TITLES)})")
_KIN = re.compile(r"(?:お?(?:ばあ|じい|かあ|とう|にい|ねえ)|おば|おじ|おく)(?:さん|さま|様|ちゃん)$")
_SAMPLE = re.compile(r"(?:山田|鈴木|佐藤)[ \u3000]?(?:太郎|花子|一郎|次郎)")
_ENGLISH = re.compile(r"\b(?:Mr|Mrs|Ms|Dr)\.? ([A-Z][a-z]+ [A-Z][a-z]+)\b")
_NOBODY = frozenset({"John Smith", "John Doe", "Jane Smith", "Jane Doe", "Taro Yamada", "Hanako Yamada"})
_TEST_CARDS = frozenset(
    {
        "4111111111111111",
        "4242424242424242",
        "4000000000000002",
        "5555555555554444",
        "5105105105105100",
        "378282246310005",
        "3530111333300000",
        "6011111111111117",
    }
)


def personal_data(text: str) -> list[Found]:
    """Everything in the text that looks like a person's data, in the order of KINDS."""
    found: list[Found] = []
    if "@" in text or "＠" in text:
        found += _mails(text)
    if "〒" in text or "郵便番号" in text:
        found += _postal_codes(text)
    found += _numbers(text)
    if any(title in text for title in _TITLES):
        found += _japanese_names(text)
    if "Mr" in text or "Ms" in text or "Dr" in text:
        found += _english_names(text)
    return sorted(found, key=lambda each: KINDS.index(each.kind)) if len(found) > 1 else found


def _plain(text: str) -> str:
    """Half-width, with one kind of dash: slow, so only for texts and pieces that may hold something."""
    return unicodedata.normalize("NFKC", text).translate(_DASHES)


def _places(text: str, plain: str) -> Sequence[int]:
    """For each character of the plain text, and for its end, where it stands in the text as written."""
    if len(plain) == len(text):  # the rule: folding of width makes one character of one
        return range(len(text) + 1)
    pieces = [(match.start(), _plain(match[0])) for match in _CHARACTER.finditer(text)]
    at = [place for place, piece in pieces for _char in piece]
    return [*at, len(text)] if len(at) == len(plain) else [min(n, len(text)) for n in range(len(plain) + 1)]


def _mails(text: str) -> Iterator[Found]:
    plain = _plain(text)
    at = _places(text, plain)
    for match in _MAIL.finditer(plain):
        if not _EXAMPLE.search(match[1]):
            yield Found(kind="mail", found=match[0], start=at[match.start()], end=at[match.end()])


def _postal_codes(text: str) -> Iterator[Found]:
    plain = _plain(text)
    at = _places(text, plain)
    for match in _POSTAL.finditer(plain):
        if not _made_up(match[1] + match[2]) and match[2] != "0000":
            code = f"{match[1]}-{match[2]}"
            yield Found(kind="postal_code", found=code, start=at[match.start()], end=at[match.end()])


def _numbers(text: str) -> Iterator[Found]:
    runs = _PLAIN_RUN if text.isascii() else _RUN
    for match in runs.finditer(text):
        run = _plain(match[0])
        if kind := _kind_of(run):
            yield Found(kind=kind, found=run, start=match.start(), end=match.end())


def _kind_of(run: str) -> str:
    """What a run of digits is: a telephone number by its shape, the others by shape and check digits."""
    digits = re.sub(r"\D", "", run)
    if _is_phone(run, digits):
        return "phone"
    if _FOURS.fullmatch(run) and is_my_number(digits) and not _made_up(digits):
        return "my_number"
    if _CARD.fullmatch(run) and is_card(digits) and digits not in _TEST_CARDS and not _made_up(digits):
        return "card"
    return ""


def _is_phone(run: str, digits: str) -> bool:
    if _ABROAD.fullmatch(run):
        digits = "0" + digits.removeprefix("81").removeprefix("0")
    elif not (_MOBILE.fullmatch(run) or _AREA.fullmatch(run)):
        return False
    known = digits.startswith(_FREE) or digits in PUBLIC_LINES
    return len(digits) in (10, 11) and not known and not _made_up(digits[-8:])


def _made_up(digits: str) -> bool:
    """One digit over and over, in halves too, or counting up: what people write where they mean no number at all."""
    halves = (digits[-8:-4], digits[-4:])
    repeated = all(len(set(half)) == 1 for half in halves if half)
    return repeated or digits in "01234567890123456789" or digits[-8:] in ("12345678", "23456789", "00001234")


def is_my_number(digits: str) -> bool:
    """Whether the twelfth digit is the check digit of the eleven before it (Ordinance 85 of 2014, art. 5)."""
    weights = (2, 3, 4, 5, 6, 7, 2, 3, 4, 5, 6)
    rest = sum(int(d) * w for d, w in zip(reversed(digits[:11]), weights, strict=True)) % 11
    return int(digits[11]) == (0 if rest <= 1 else 11 - rest)


def is_card(digits: str) -> bool:
    """Whether it has a payment card's beginning and length and passes Luhn's check (ISO/IEC 7812-1)."""
    if not 14 <= len(digits) <= 19 or digits[0] not in "23456":
        return False
    doubled = (int(d) * (1 + at % 2) for at, d in enumerate(reversed(digits)))
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def _japanese_names(text: str) -> Iterator[Found]:
    for match in _NAME.finditer(text):
        if not _KIN.search(match[0]) and not _SAMPLE.match(match[0]):
            yield Found(kind="name", found=match[0], start=match.start(), end=match.end())


def _english_names(text: str) -> Iterator[Found]:
    for match in _ENGLISH.finditer(text):
        if match[1] not in _NOBODY:
            yield Found(kind="name", found=match[0], start=match.start(), end=match.end())
