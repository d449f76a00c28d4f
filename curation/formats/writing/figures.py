"""The figures of a hub folder as SVG files that stand by themselves: no font, script or style from elsewhere.

The same numbers give the same bytes. Colours are fixed and hold on light and dark pages alike, since a card has no
style of its own; each figure lies on a white sheet.
"""

from collections.abc import Sequence
from html import escape

from .rows import META_KEYS, SPLITS
from .statistics import Tally, histogram

WIDTH, LEFT, RIGHT, ROW = 760, 300, 700, 22
COLOURS = {"dev": "#2f6f9f", "test": "#c2703d"}
INK, FAINT = "#1f2933", "#9aa5b1"
LETTERS = 22  # of a label that fits left of the bars


def figures_of(tally: Tally) -> dict[str, str]:
    """{file name: SVG} of what there is to show: items by leaf and split, lengths of questions and answers."""
    found = {"items_by_leaf.svg": leaves_figure(tally)}
    for part in ("question", "answer"):
        if tally.lengths.get(part):
            found[f"{part}_lengths.svg"] = lengths_figure(part, histogram(tally.lengths[part]))
    return found


def leaves_figure(tally: Tally) -> str:
    """Items of each leaf as one bar, its splits side by side."""
    leaves = sorted({key[1:] for key in tally.cells})
    sums = {leaf: sum(tally.cells[split, *leaf] for split in SPLITS) for leaf in leaves}
    most = max(sums.values(), default=1)
    inner = [_text(16, 28, f"Items by leaf ({META_KEYS[-1]})", size=15, weight="bold")]
    for at, split in enumerate(SPLITS):
        left = LEFT + 90 * at
        inner.append(f'<rect x="{left}" y="40" width="12" height="12" fill="{COLOURS[split]}"/>')
        inner.append(_text(left + 18, 51, f"{split}: {tally.counts(redacted=False)[split]}"))
    top = 68
    for at, leaf in enumerate(leaves):
        y, x = top + at * ROW, float(LEFT)
        inner.append(_text(LEFT - 10, y + 14, _short(leaf[-1] if leaf else ""), anchor="end"))
        for split in SPLITS:
            width = round(tally.cells[split, *leaf] / most * (RIGHT - LEFT), 1)
            inner.append(
                f'<rect x="{x:g}" y="{y + 3}" width="{width:g}" height="{ROW - 6}" fill="{COLOURS[split]}"/>'
            )
            x += width
        inner.append(_text(x + 6, y + 14, str(sums[leaf])))
    return _sheet("Items by leaf and split", top + len(leaves) * ROW + 16, inner)


def lengths_figure(part: str, bars: Sequence[tuple[int, int]]) -> str:
    """How many texts have how many characters; bars over the lower 99 %."""
    most = max(n for _, n in bars)
    bottom, height, left = 250, 190, 70
    step = (WIDTH - left - 40) / len(bars)
    inner = [_text(16, 28, f"Length of each {part}, in characters (lower 99 %)", size=15, weight="bold")]
    for at, (start, n) in enumerate(bars):
        tall = round(n / most * height, 1)
        x = round(left + at * step, 1)
        inner.append(
            f'<rect x="{x:g}" y="{bottom - tall:g}" width="{step - 2:.1f}" height="{tall:g}" fill="{COLOURS["dev"]}">'
            f"<title>{start}+: {n}</title></rect>"
        )
        if at % max(1, len(bars) // 10) == 0:
            inner.append(_text(x, bottom + 18, str(start)))
    inner.append(_text(left - 8, bottom - height + 4, str(most), anchor="end"))
    inner.append(_text(left - 8, bottom, "0", anchor="end"))
    inner.append(
        f'<line x1="{left}" x2="{WIDTH - 40}" y1="{bottom}" y2="{bottom}" stroke="{FAINT}" stroke-width="1"/>'
    )
    return _sheet(f"Lengths: {part}", bottom + 36, inner)


def _short(label: str) -> str:
    return label if len(label) <= LETTERS else label[: LETTERS - 1] + "…"


def _text(x: float, y: float, words: str, *, anchor: str = "start", size: int = 13, weight: str = "") -> str:
    bold = f' font-weight="{weight}"' if weight else ""
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" text-anchor="{anchor}"{bold}>{_escaped(words)}</text>'
    )


def _escaped(words: str) -> str:
    """Words as XML takes them: control characters have no place in it."""
    return escape("".join(char if char.isprintable() else " " for char in words))


def _sheet(title: str, height: int, inner: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" font-family="sans-serif" fill="{INK}">\n<title>{_escaped(title)}</title>\n'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>\n' + "\n".join(inner) + "\n</svg>\n"
    )
