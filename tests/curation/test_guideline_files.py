"""Coded reasons, guidelines and the synthetic question-answer pairs."""

import json
from collections import Counter
from itertools import combinations
from pathlib import Path

from rapidfuzz import fuzz

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
