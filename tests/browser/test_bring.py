"""From files to the study page, by keyboard; both pages in both themes, wide and narrow."""

import re
from pathlib import Path
from typing import Any

import pytest

from judging.models import Verdict
from tests.factories.annotation import make_member, make_world_dataset
from tests.rig.visit import AXE, EVERYTHING, NARROW, SERIOUS, SETTLED, TOO_WIDE, WIDE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RATINGS = (
    "質問ID,モデル,評価者,スコア\n"
    + "".join(
        f"q{n},{model},{who},{(n + shift) % 5 + 1}\n"
        for n in range(8)
        for model in ("甲", "乙")
        for shift, who in enumerate(("佐藤", "森", "林"))
    )
    + "q9,甲,佐藤,４.5\n,甲,佐藤,3\n"
)
VERDICTS = "質問ID\tモデル\tjudge-x\n" + "".join(
    f"q{n}\t{m}\t{n % 5 + 1}\n" for n in range(8) for m in "甲乙"
)


def wrong_with(page: Any) -> list[str]:
    """What sticks out or cannot be used by everybody, in both sizes and both themes."""
    found = []
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)
        page.evaluate(SETTLED)
        found += page.evaluate(TOO_WIDE)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.evaluate(SETTLED)
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE.read_text(encoding="utf-8"))
        # A colour that is still on its way from one theme to the other is nobody's to read.
        page.evaluate("() => Promise.allSettled(document.getAnimations().map((each) => each.finished))")
        found += page.evaluate(SERIOUS, EVERYTHING)
    page.set_viewport_size(WIDE)
    return found


def test_from_files_to_the_study_by_keyboard(page: Any, sign_in: Any, tmp_path: Path) -> None:
    dataset = make_world_dataset("bring")
    sign_in(page, make_member(dataset, "researcher"))
    ratings, verdicts = tmp_path / "評価.csv", tmp_path / "判定.tsv"
    ratings.write_bytes(RATINGS.encode("cp932"))
    verdicts.write_text(VERDICTS, encoding="utf-8")

    page.emulate_media(reduced_motion="reduce")  # else colours are still on their way when they are measured
    page.context.set_default_timeout(30_000)  # a busy machine gets more time
    page.goto("/d/bring/studies/")
    page.locator("a[href$='/studies/bring/']").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/studies/bring/")
    assert wrong_with(page) == []
    page.locator("[name=task]").focus()
    page.keyboard.type("pilot")
    page.set_input_files("[name=ratings]", ratings)
    page.set_input_files("[name=verdicts]", verdicts)
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/studies/bring/*/")
    assert wrong_with(page) == []
    assert page.locator(".stat__value").all_inner_texts() == ["49", "16", "16", "1", "0"]
    # 4.5 is on no scale of 1 to 5, so the page offers the files' own; the person knows better.
    page.select_option("[name=rubric]", "safety5")
    page.click("[name=check]")
    page.wait_for_selector("#apart-ratings")
    assert page.locator("#apart-ratings tbody tr td:first-child").all_inner_texts() == ["49", "50"]
    assert wrong_with(page) == []
    page.locator("[name=import]").focus()
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile(r"/studies/\d+/"))
    assert page.locator("h1").inner_text() == "pilot"
    assert Verdict.objects.count() == 16
