"""Contrast of the design tokens, computed from tokens.css after WCAG 2.2 (relative luminance, 1.4.3 and 1.4.11)."""

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).resolve().parents[2] / "config" / "static" / "css" / "tokens.css"
PAIR = re.compile(r"--([\w-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)")
SINGLE = re.compile(r"--([\w-]+):\s*(#[0-9a-f]{6})\s*;")
THEMES = ("light", "dark")
PAPERS = ("paper", "paper-sunk", "surface", "surface-quiet", "surface-raised", "hover")

# (ink, paper, least ratio): 7 is AAA, for the text being worked on; 4.5 AA for text; 3 for edges, marks and focus
RULES = [
    *(("ink-hero", paper, 7.0) for paper in (*PAPERS, "ai-wash", "mark")),
    *((ink, paper, 4.5) for ink in ("ink", "ink-soft", "ai", "ai-strong") for paper in PAPERS),
    *(("ink-faint", paper, 4.5) for paper in (*PAPERS, "neutral-wash")),
    ("ink-soft", "neutral-wash", 4.5),
    ("ink", "ai-wash", 4.5),
    ("ink", "warn-wash", 4.5),
    ("ink", "bad-wash", 4.5),
    ("ai-strong", "ai-wash", 4.5),
    ("on-ai", "ai-fill", 4.5),
    ("on-ai", "ai-fill-hover", 4.5),
    ("on-bad", "bad-fill", 4.5),
    *((tone, f"{tone}-wash", 4.5) for tone in ("good", "warn", "bad")),
    *((tone, paper, 4.5) for tone in ("warn", "bad") for paper in PAPERS),
    *(("good", paper, 3.0) for paper in PAPERS),
    ("ins", "ins-wash", 7.0),
    ("del", "del-wash", 7.0),
    *((f"on-rate-{score}", f"rate-{score}", 4.5) for score in range(1, 6)),
    *(("line-strong", paper, 3.0) for paper in PAPERS[:5]),
    *(("focus", paper, 3.0) for paper in PAPERS),
]


def tokens() -> dict[str, dict[str, str]]:
    text = TOKENS.read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = {"light": {}, "dark": {}}
    for name, light, dark in PAIR.findall(text):
        found["light"][name], found["dark"][name] = light, dark
    for name, both in SINGLE.findall(text):
        found["light"][name] = found["dark"][name] = both
    return found


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def ratio(first: str, second: str) -> float:
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_ratio_known_pairs() -> None:
    assert ratio("#000000", "#ffffff") == pytest.approx(21.0)
    # #767676 is the lightest grey that passes AA on white: luminance 0.1812, (1 + .05) / (0.1812 + .05) = 4.54
    assert round(ratio("#767676", "#ffffff"), 2) == 4.54


@pytest.mark.parametrize("theme", THEMES)
def test_tokens_contrast_enough(theme: str) -> None:
    colours = tokens()[theme]
    weak = [
        f"{ink} on {paper}: {ratio(colours[ink], colours[paper]):.2f} < {least}"
        for ink, paper, least in RULES
        if ratio(colours[ink], colours[paper]) < least
    ]
    assert weak == []


def test_stylesheets_name_colours_only_in_tokens() -> None:
    """A colour outside tokens.css would escape the theme and this test; a QR code needs true white."""
    strays = [
        f"{path.name}: {line.strip()}"
        for path in sorted(TOKENS.parent.rglob("*.css"))
        if path != TOKENS
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"#[0-9a-fA-F]{3,8}\b", line) and line.strip() != "background: #fff;"
    ]
    assert strays == []


def test_stylesheets_use_only_tokens_that_exist() -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(TOKENS.parent.rglob("*.css"))}
    known = set(re.findall(r"(--[\w-]+)\s*:", "\n".join(texts.values())))
    used = {(name, token) for name, text in texts.items() for token in re.findall(r"var\((--[\w-]+)", text)}
    assert sorted((name, token) for name, token in used if token not in known) == []
