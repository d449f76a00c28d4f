"""What changed between two texts, character by character. Pure: no Django, no models."""

from __future__ import annotations

from difflib import SequenceMatcher

Segment = tuple[str, str]  # ("same" | "ins" | "del", text)
CELLS = 4_000_000  # beyond this the middle is shown as replaced: comparing it would hold up the page
CRUMB = 1  # a common run this short between two changes is read as part of the change


def changes(before: str, after: str) -> list[Segment]:
    """Segments that give `before` without the "ins" ones, and `after` without the "del" ones.

    By code point, since Japanese has no spaces to split at. A single character that happens to stay the same inside
    a changed passage counts as changed, so that the reader sees phrases and not crumbs.
    """
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    middle = _middle(old, new)
    parts = [("same", before[:start]), *middle, ("same", before[len(before) - end :])]
    return _joined([part for part in parts if part[1]])


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))


def _middle(old: str, new: str) -> list[Segment]:
    if not old or not new or len(old) * len(new) > CELLS:
        return [("del", old), ("ins", new)]
    found: list[Segment] = []
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for number, (tag, i1, i2, j1, j2) in enumerate(blocks):
        inside = 0 < number < len(blocks) - 1
        if tag == "equal" and not (inside and i2 - i1 <= CRUMB):
            found.append(("same", old[i1:i2]))
        else:
            found += [("del", old[i1:i2]), ("ins", new[j1:j2])]
    return found


def _joined(parts: list[Segment]) -> list[Segment]:
    """Neighbours of one kind made one; within a changed passage what went comes before what came."""
    joined: list[Segment] = []
    gone = come = ""
    for kind, text in [*parts, ("same", "")]:
        if kind == "del":
            gone += text
        elif kind == "ins":
            come += text
        else:
            joined += [segment for segment in (("del", gone), ("ins", come)) if segment[1]]
            gone = come = ""
            before = joined.pop()[1] if joined and joined[-1][0] == "same" else ""
            if before or text:
                joined.append(("same", before + text))
    return joined
