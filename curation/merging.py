"""One text changed on two sides: what each side changed alone is taken, what both changed is asked. Pure.

`js/merge.js` follows the same rules step by step; tests hold both to one table of cases.
"""

from __future__ import annotations

from curation.diffwords import words
from curation.textdiff import changes

Edit = tuple[
    int, int, int, int, str
]  # from, to, the same to the ends of the words, what stands there instead
# ("same", text) | ("mine" | "theirs" | "agreed", base, text) | ("conflict", base, mine, theirs)
Passage = tuple[str, ...]


def merged(base: str, mine: str, theirs: str) -> list[Passage]:
    """The passages of a three-way comparison, in order.

    Changes that touch the same words are one passage: "agreed" where both sides made the same of it, else "conflict".
    Two changes a word apart are merged, since each reads as its writer left it.
    """
    ends = _ends(base)
    sides = {"mine": _edits(base, mine, ends), "theirs": _edits(base, theirs, ends)}
    found: list[Passage] = []
    at = 0
    for start, end in _touching(sides["mine"] + sides["theirs"]):
        if start > at:
            found.append(("same", base[at:start]))
        texts = {name: _applied(base, edits, start, end) for name, edits in sides.items()}
        found.append(_passage(base[start:end], texts["mine"], texts["theirs"]))
        at = end
    return [*found, ("same", base[at:])] if at < len(base) else found


def settled(passages: list[Passage], *, conflicts: str = "mine") -> str:
    """The text that the passages make, with "mine" or "theirs" where both sides changed the same words."""
    place = {"mine": 2, "theirs": 3}[conflicts]
    return "".join(passage[place] if passage[0] == "conflict" else passage[-1] for passage in passages)


def _passage(base: str, mine: str, theirs: str) -> Passage:
    if mine == theirs:
        return ("agreed", base, mine)
    if theirs == base:
        return ("mine", base, mine)
    if mine == base:
        return ("theirs", base, theirs)
    return ("conflict", base, mine, theirs)


def _ends(text: str) -> list[tuple[int, int]]:
    """For each place in the text, where the word begins and ends that it lies within; itself between two words."""
    found = [(0, 0)]
    for word in words(text):
        first, length = len(found) - 1, sum(len(cluster) for cluster in word)
        found += [(first, first + length)] * (length - 1) + [(first + length, first + length)]
    return found


def _edits(base: str, other: str, ends: list[tuple[int, int]]) -> list[Edit]:
    found: list[Edit] = []
    at = 0
    parts = changes(base, other)
    for number, (kind, text) in enumerate(parts):
        if kind == "ins":
            gone = len(parts[number - 1][1]) if number and parts[number - 1][0] == "del" else 0
            found.append((at - gone, at, ends[at - gone][0], ends[at][1], text))
            continue
        alone = number + 1 == len(parts) or parts[number + 1][0] != "ins"
        if kind == "del" and alone:
            found.append((at, at + len(text), ends[at][0], ends[at + len(text)][1], ""))
        at += len(text)
    return found


def _touching(edits: list[Edit]) -> list[tuple[int, int]]:
    """The stretches of the base that the edits cover, those that touch as one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted((edit[2], edit[3]) for edit in edits):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _applied(base: str, edits: list[Edit], start: int, end: int) -> str:
    """What the side's edits make of a stretch of the base."""
    text, at = "", start
    for first, last, _from, _to, come in edits:
        if start <= first and last <= end:
            text += base[at:first] + come
            at = last
    return text + base[at:end]
