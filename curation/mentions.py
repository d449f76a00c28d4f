"""Where a text names people: “@” and a sign-in name, as people write it in Japanese and in English. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

# No mention begins within a word of Latin letters, as in a mail address; a full-width sign is one, too.
SIGN = re.compile(r"(?<![A-Za-z0-9._+@＠-])[@＠]")
IN_A_NAME = re.compile(r"[A-Za-z0-9_]")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Characters `start` to `end` of a text, its sign included, name somebody."""

    start: int
    end: int
    name: str


def places(text: str, names: Collection[str]) -> list[Place]:
    """Where the text names one of the names, in order; where two fit, the longer one.

    Width and case make no difference. A Japanese name may be followed by anything (@佐藤さん), one that ends with a
    Latin letter or a digit by no further one.
    """
    if "@" not in text and "＠" not in text:
        return []
    known = sorted(names, key=lambda name: (-len(name), name))
    found: list[Place] = []
    for sign in SIGN.finditer(text):
        after = sign.end()
        for name in known:
            end = after + len(name)
            if _alike(text[after:end], name) and not _goes_on(text, end, name):
                found.append(Place(start=sign.start(), end=end, name=name))
                break
    return found


def _alike(written: str, name: str) -> bool:
    return bool(name) and _plain(written) == _plain(name)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _goes_on(text: str, end: int, name: str) -> bool:
    return bool(IN_A_NAME.match(_plain(name[-1]))) and bool(IN_A_NAME.match(_plain(text[end : end + 1])))


def pieces(text: str, names: Collection[str]) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it names somebody."""
    found: list[tuple[str, bool]] = []
    at = 0
    for place in places(text, names):
        found += [(text[at : place.start], False), (text[place.start : place.end], True)]
        at = place.end
    return [piece for piece in (*found, (text[at:], False)) if piece[0]]
