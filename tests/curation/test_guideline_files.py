"""Coded reasons, guidelines and the synthetic question-answer pairs."""

import json
import re
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest
from rapidfuzz import fuzz

from curation.guideline_text import Run, blocks, sections

ROOT = Path(__file__).resolve().parents[2]
PAIRS = ROOT / "tests" / "fixtures" / "xs_pairs.jsonl"


def pairs() -> list[dict]:
    return [json.loads(line) for line in PAIRS.read_text(encoding="utf-8").splitlines()]


def test_reason_codes_unique_and_for_known_parts() -> None:
    reasons = json.loads((ROOT / "curation/guidelines/reasons.json").read_text(encoding="utf-8"))
    assert len({reason["code"] for reason in reasons}) == len(reasons)
    assert {part for reason in reasons for part in reason["for"]} == {"question", "answer", "translation"}
    assert {verb for reason in reasons for verb in reason["verbs"]} == {
        "request_changes",
        "request_answer",
        "reject",
    }
    assert [r["code"] for r in reasons if not (r["name_ja"] and r["name_en"] and r["hint_ja"])] == []


def test_guidelines_have_the_same_sections() -> None:
    headings = {
        locale: [
            line.split(".")[0]
            for line in (ROOT / f"curation/guidelines/ac2_{locale}.md").read_text("utf-8").splitlines()
            if line.startswith("## ")
        ]
        for locale in ("ja", "en")
    }
    assert headings["ja"] == headings["en"] == [f"## {number}" for number in range(1, 8)]


def test_pairs_six_per_leaf_under_xsafety_paths() -> None:
    taxonomy = json.loads((ROOT / "curation/taxonomies/xsafety.json").read_text(encoding="utf-8"))
    paths = {
        (area["label"], harm["label"], leaf["label"])
        for area in taxonomy["categories"]
        for harm in area["children"]
        for leaf in harm["children"]
    }
    counts = Counter(
        (pair["meta"]["risk-area"], pair["meta"]["harm-type"], pair["meta"]["specific-harm"])
        for pair in pairs()
    )
    assert counts == dict.fromkeys(paths, 6)  # 10 leaves x 6 = 60


def test_pairs_lengths_and_identifiers() -> None:
    found = pairs()
    assert [pair["ID"] for pair in found] == [f"own-xs-{number:04d}" for number in range(1, 61)]
    assert [pair["ID"] for pair in found if not 15 <= len(pair["text"]) <= 80] == []
    assert [pair["ID"] for pair in found if not 60 <= len(pair["output"]) <= 200] == []


def test_pairs_no_two_alike() -> None:
    close = [
        (a["ID"], b["ID"])
        for a, b in combinations(pairs(), 2)
        if fuzz.ratio(a["text"], b["text"]) > 60 or fuzz.ratio(a["output"], b["output"]) > 60
    ]
    assert close == []


def test_pairs_array_equals_lines() -> None:
    assert json.loads(PAIRS.with_suffix(".json").read_text(encoding="utf-8")) == pairs()


def shown(text: str) -> list[tuple[str, list[str]]]:
    """Blocks as (kind, lines), bold words between stars again, cells joined by a bar."""

    def line(runs: tuple[Run, ...]) -> str:
        return "".join(f"**{run.text}**" if run.bold else run.text for run in runs)

    found = []
    for block in blocks(text):
        table = ([block.head] if block.head else []) + list(block.rows)
        rows = ["|".join(line(cell) for cell in row) for row in table]
        found.append((block.kind, rows or [line(each) for each in block.lines]))
    return found


def test_body_of_a_section_is_read_as_paragraphs_lists_and_tables() -> None:
    text = "前の**大事な**文。\n次の行。\n\n- 一つ目\n  の続き\n- 二つ目\n1. 順に\n\n| 対象 | `問い` |\n| --- | --- |\n| 質問 | **自然か** |\n終わり*。"
    assert shown(text) == [
        ("text", ["前の**大事な**文。", "次の行。"]),
        ("points", ["一つ目の続き", "二つ目"]),
        ("numbered", ["順に"]),
        ("table", ["対象|問い", "質問|**自然か**"]),
        ("text", ["終わり*。"]),
    ]


def test_nothing_of_the_shipped_guidelines_is_lost_in_reading() -> None:
    """Every letter of a section's body is in its blocks, in order."""
    marks = re.compile(r"^\s*(?:[-*] |\d+\. |\|[-| :]+\|$)|[|*`\s]", re.MULTILINE)
    for locale in ("ja", "en"):
        text = (ROOT / f"curation/guidelines/ac2_{locale}.md").read_text("utf-8")
        for section in sections(text):
            said = "".join(part for _kind, lines in shown(section.body) for part in lines)
            assert marks.sub("", said) == marks.sub("", section.body)


@pytest.mark.parametrize("text", ["", "\n\n", "見出しのない文", "##見出しでない", "|", "- ", "**", "1."])
def test_odd_texts_are_read_without_loss(text: str) -> None:
    said = "".join("".join(run.text for run in line) for block in blocks(text) for line in block.lines)
    assert said == ("" if text == "|" else text.strip())
