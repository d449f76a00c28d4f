"""What changed between two texts, by word and by character. Pure: no Django, no models.

`js/textdiff.js` follows the same rules step by step; tests hold both to one table of cases.
"""

from __future__ import annotations

from collections.abc import Iterator

from curation.diffwords import atoms, clusters, words

Segment = tuple[str, str]  # ("same" | "ins" | "del", text)
CELLS = 100_000_000  # bits of the table of one comparison (12.5 MB); longer texts are cut in two first
ENDS = ("。", "！", "？", "!", "?", "\n")
FAR = 100  # characters that a mark may move to end with a sentence
CRUMB = 4  # what stays the same between two changes that are as long is read as part of the change


def changes(before: str, after: str) -> list[Segment]:
    """Segments that give `before` without the "ins" ones, and `after` without the "del" ones.

    Compared by runs of one script first, so that passages find each other, then by character within what differs;
    words of letters and digits stay whole, and a character with its marks is never cut. What came stands behind
    what went.
    """
    old, new = words(before), words(after)
    parts: list[Segment] = []
    for alike, i1, i2, j1, j2 in _passages(["".join(word) for word in old], ["".join(word) for word in new]):
        if alike:
            parts.append(("same", "".join(piece for word in old[i1:i2] for piece in word)))
        else:
            gone = [atom for word in old[i1:i2] for atom in atoms(word)]
            come = [atom for word in new[j1:j2] for atom in atoms(word)]
            parts += _replaced(gone, come)
    return _by_sentence(_readable(_joined(parts)))


def _replaced(gone: list[str], come: list[str]) -> list[Segment]:
    parts: list[Segment] = []
    for alike, i1, i2, j1, j2 in _passages(gone, come):
        if alike:
            parts.append(("same", "".join(gone[i1:i2])))
        else:
            parts += [("del", "".join(gone[i1:i2])), ("ins", "".join(come[j1:j2]))]
    return parts


def _passages(a: list[str], b: list[str]) -> Iterator[tuple[bool, int, int, int, int]]:
    """The whole of both lists in turns of what is alike and what is not: (alike, from, to, from, to)."""
    i = j = 0
    for x, y, length in [*_blocks(a, b), (len(a), len(b), 0)]:
        if x > i or y > j:
            yield False, i, x, j, y
        if length:
            yield True, x, x + length, y, y + length
        i, j = x + length, y + length


def _blocks(a: list[str], b: list[str]) -> list[tuple[int, int, int]]:
    """What the lists have in common, in order, as (place in a, place in b, length)."""
    start = 0
    while start < len(a) and start < len(b) and a[start] == b[start]:
        start += 1
    end = 0
    while end < len(a) - start and end < len(b) - start and a[-1 - end] == b[-1 - end]:
        end += 1
    blocks = [(0, 0, start)] if start else []
    for x, y in _common(a[start : len(a) - end], b[start : len(b) - end]):
        last = blocks[-1] if blocks else (-1, -1, 0)
        if (last[0] + last[2], last[1] + last[2]) == (start + x, start + y):
            blocks[-1] = (last[0], last[1], last[2] + 1)
        else:
            blocks.append((start + x, start + y, 1))
    return [*blocks, (len(a) - end, len(b) - end, end)] if end else blocks


def _common(a: list[str], b: list[str]) -> list[tuple[int, int]]:
    """A longest common subsequence as pairs of places; of the two halves apart where the table would be too large."""
    if not a or not b:
        return []
    if len(a) * len(b) <= CELLS:
        return _longest(a, b)
    m, n = len(a) // 2, len(b) // 2
    return _common(a[:m], b[:n]) + [(m + x, n + y) for x, y in _common(a[m:], b[n:])]


def _longest(a: list[str], b: list[str]) -> list[tuple[int, int]]:
    """Hyyrö's bit vectors (2004): a row for each piece of b, in which a zero says that the subsequence grew there."""
    places: dict[str, int] = {}
    for i, piece in enumerate(a):
        places[piece] = places.get(piece, 0) | 1 << i
    full = (1 << len(a)) - 1
    row, rows = full, []
    for piece in b:
        hit = row & places.get(piece, 0)
        row = ((row + hit) | (row - hit)) & full
        rows.append(row)
    pairs = []
    i, j = len(a), len(b)
    while i and j:
        if rows[j - 1] >> (i - 1) & 1:
            i -= 1
            continue
        j -= 1
        if j == 0 or rows[j - 1] >> (i - 1) & 1:
            i -= 1
            pairs.append((i, j))
    return pairs[::-1]


def _joined(parts: list[Segment]) -> list[Segment]:
    """Neighbours of one kind made one; within a changed passage what went comes before what came."""
    joined: list[Segment] = []
    gone = come = ""
    for kind, text in [*parts, ("same", "")]:
        if kind == "del":
            gone += text
        elif kind == "ins":
            come += text
        elif text or gone or come:
            joined += [segment for segment in (("del", gone), ("ins", come)) if segment[1]]
            gone = come = ""
            if joined and joined[-1][0] == "same":
                joined[-1] = ("same", joined[-1][1] + text)
            elif text:
                joined.append(("same", text))
    return joined


def _readable(parts: list[Segment]) -> list[Segment]:
    """Phrases and not crumbs: a few characters that happen to stay between two changes are shown as changed."""
    found: list[Segment] = []
    for number, (kind, text) in enumerate(parts):
        inside = kind == "same" and 0 < number < len(parts) - 1 and len(text) <= CRUMB
        if inside and len(text) <= min(_weight(found[:-3:-1]), _weight(parts[number + 1 : number + 3])):
            _add(found, "del", text)
            _add(found, "ins", text)
        else:
            _add(found, kind, text)
    return found


def _weight(parts: list[Segment]) -> int:
    """How long the change is that the two parts begin with."""
    longest = 0
    for kind, text in parts:
        if kind == "same":
            break
        longest = max(longest, len(text))
    return longest


def _add(found: list[Segment], kind: str, text: str) -> None:
    """Put a part at the end, into the change that stands there if it belongs to it."""
    first = len(found)
    while first and found[first - 1][0] != "same" and kind != "same":
        first -= 1
    found[first:] = _joined([*found[first:], (kind, text)])


def _by_sentence(parts: list[Segment]) -> list[Segment]:
    """What only came or only went is marked to the end of its sentence where it can be: あちら。 rather than 。あちら."""
    found: list[Segment] = []
    left = list(parts)
    for number, (kind, text) in enumerate(parts):
        follows = left[number + 1] if number + 1 < len(left) else ("", "")
        shown = left[number][1]
        if kind != "same" and follows[0] == "same" and (not found or found[-1][0] == "same"):
            moved = _moved(clusters(text), clusters(follows[1][: 10 * FAR]))
            if moved and (len(moved) < len(follows[1]) or number + 2 == len(left)):
                left[number + 1] = ("same", follows[1][len(moved) :])
                shown = (text + moved)[len(moved) :]
                found[-1:] = [("same", (found[-1][1] if found else "") + moved)]
        found.append((kind, shown))
    return [segment for segment in found if segment[1]]


def _moved(pieces: list[str], after: list[str]) -> str:
    """How much of what follows goes before a change so that it ends a sentence; nothing where it cannot."""
    steps = 0
    while pieces[(steps - 1) % len(pieces)] not in ENDS:
        if steps == FAR or steps == len(after) or after[steps] != pieces[steps % len(pieces)]:
            return ""
        steps += 1
    return "".join(after[:steps])
