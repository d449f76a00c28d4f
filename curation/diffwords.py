"""What a text is compared by: characters as people count them, and runs of one script. Pure: no Django, no models.

The rules stand in `js/textdiff.js` as well, and both give the same for the same text. They are a part of UAX #29: what
Japanese text with emoji, variants of kanji and combining marks needs, from the character data that Python has.
"""

from __future__ import annotations

from unicodedata import category

JOINER = "\u200d"
REGIONAL = ("\U0001f1e6", "\U0001f1ff")
PICTURES = ("\U0001f000", "\U0001faff")
# Beyond the categories of marks: non-joiner, half-width voicing marks, skin tones, tags of flags, vowels of Hangul
EXTENDING = (
    ("\u200c", "\u200d"),
    ("\uff9e", "\uff9f"),
    ("\U0001f3fb", "\U0001f3ff"),
    ("\U000e0020", "\U000e007f"),
    ("\u1160", "\u11ff"),
)
HIRAGANA = (("\u3041", "\u3096"), ("\u309d", "\u309f"))
KATAKANA = (("\u30a1", "\u30fa"), ("\u30fd", "\u30ff"), ("\u31f0", "\u31ff"), ("\uff66", "\uff9d"))
KANJI = (
    ("\u3005", "\u3007"),
    ("\u3400", "\u4dbf"),
    ("\u4e00", "\u9fff"),
    ("\uf900", "\ufaff"),
    ("\U00020000", "\U0003ffff"),
)
LENGTHENED = "\u30fc"  # the mark that lengthens a vowel belongs to the kana before it, of either kind


def clusters(text: str) -> list[str]:
    """The text cut into what a person sees as one character: か with its mark, a kanji with its variant, an emoji."""
    found: list[str] = []
    for char in text:
        if found and _joins(found[-1], char):
            found[-1] += char
        else:
            found.append(char)
    return found


def _joins(before: str, char: str) -> bool:
    last = before[-1]
    if last == "\r" or char < "\u0300":
        return last == "\r" and char == "\n" and before == "\r"
    if category(last) == "Cc":
        return False
    if category(char)[0] == "M" or _within(char, EXTENDING):
        return True
    if last == JOINER:
        return category(char) == "So" or PICTURES[0] <= char <= PICTURES[1]
    return len(before) == 1 and _within(last, (REGIONAL,)) and _within(char, (REGIONAL,))


def _within(char: str, ranges: tuple[tuple[str, str], ...]) -> bool:
    return any(first <= char <= last for first, last in ranges)


def script(cluster: str) -> str:
    """Which run a cluster belongs to: hiragana, katakana, kanji, letters (and digits), or "" for what stands alone."""
    first = cluster[0]
    if _within(first, HIRAGANA):
        return "hiragana"
    if first == LENGTHENED or _within(first, KATAKANA):
        return "katakana"
    if _within(first, KANJI):
        return "kanji"
    return "letters" if category(first)[0] in "LN" else ""


def words(text: str) -> list[list[str]]:
    """Runs of one script, each as its clusters. Signs, spaces and pictures are a run each."""
    found: list[list[str]] = []
    running = ""
    for cluster in clusters(text):
        kind = script(cluster)
        if cluster[0] == LENGTHENED and running == "hiragana":
            kind = running
        if kind and kind == running:
            found[-1].append(cluster)
        else:
            found.append([cluster])
        running = kind
    return found


def atoms(word: list[str]) -> list[str]:
    """The smallest pieces of a word that a comparison tells apart: its clusters, but words of letters as they are.

    Who reads English or a number compares whole words; Japanese has no spaces and is compared by character.
    """
    return ["".join(word)] if script(word[0]) == "letters" else word
