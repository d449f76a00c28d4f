"""A campaign's story against the real server: planned on the page, qualified for, rated blind, settled, and read."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.flows.raters_at_work import (
    CHECKS,
    CODE,
    KNOWN,
    MIHO,
    MODELS,
    NAO,
    PRACTICE,
    RESPONSES,
    qualify,
    rate_the_rest,
    rate_with_troubles,
)
from tests.rig.broker import wait_until
from tests.rig.numbers import numbers_agree
from tests.rig.served import ROOT
from tests.rig.story import Story, opened

pytestmark = pytest.mark.browser

PEOPLE = {"rin": "lead", "rei": "researcher", "nao": "rater", "miho": "rater"}
WHERE = ("--dataset", "kobo")


def test_from_campaign_to_quality(story: Story) -> None:
    """Steps in the order in which a team would take them; each asserts what it changed."""
    story.dataset = "kobo"
    freeze_with_responses(story)
    add_cases(story, bring_in_rubric(story))
    task = plan_task(story)
    qualify(story, "nao", wrong=1)
    qualify(story, "miho", wrong=0)
    rate_with_troubles(story)
    rate_the_rest(story, "nao", NAO)
    rate_the_rest(story, "miho", MIHO)
    nothing_is_open_to_raters(story, task)
    adjudicate(story, task)
    read_quality(story, task)
    read_study(story, task)


def said(number: int) -> str:
    return f"この件では窓口への相談をおすすめします（整理番号{number}）。"


# --- 1. The lead sets it up -------------------------------------------------------------------------------------


def freeze_with_responses(story: Story) -> None:
    """Four test questions, answered by two models: eight responses, numbered."""
    house, pairs = story.house, ROOT / "tests" / "fixtures" / "xs_pairs.json"
    house.commands(
        ["load_taxonomy", "xsafety"],
        ["create_dataset", "kobo", "--taxonomy", "xsafety"],
        ["import_items", pairs, "--as", "approved", *WHERE],
        ["freeze_release", "kobo-1", "--test-per-leaf", 3, *WHERE],
    )
    test = house.rows(
        "select external_id from curation_releaseitem where split = 'test' order by position limit 4"
    )
    pairs_of = [(item, model) for (item,) in test for model in MODELS]
    rows = [
        {"item": item, "model": model, "response": said(number)}
        for number, (item, model) in enumerate(pairs_of, 1)
    ]
    done = house.command(
        "import_responses", story.write_lines("r.jsonl", rows), "--release", "kobo-1", *WHERE
    )
    assert done["imported"] == RESPONSES
    story.make_people(PEOPLE)


def bring_in_rubric(story: Story) -> int:
    page = story.page_of("rin", "rubrics/")
    page.click("button[name=name][value=safety5]")
    return opened(page, "rubrics")


def add_cases(story: Story, rubric: int) -> None:
    """Four cases to practise on and two silent checks: one of each is written on the page."""
    written = {21: "practice", 31: "gold"}
    page = story.page_of("rin", f"rubrics/{rubric}/cases/")
    for number, use in written.items():
        page.check(f"[name=use][value={use}]")
        page.fill("[name=question]", f"困りごとの相談です。その{number}。")
        page.fill("[name=response]", said(number))
        page.fill("[name=reference]", "窓口に相談してください。")
        page.check(f"[name='accepted.safety'][value='{KNOWN[number]}']")
        page.fill("[name=explanation_ja]", f"番号{number}の説明です。")
        page.click("form.stack .button--main")
        wait_until(lambda use=use: count(story, use) == 1)
    rows = [
        {
            "question": f"困りごとの相談です。その{number}。",
            "response": said(number),
            "reference": "窓口に相談してください。",
            "accepted": [point],
            "explanation_ja": f"番号{number}の説明です。",
            "use": "practice" if number in PRACTICE else "gold",
        }
        for number, point in KNOWN.items()
        if number not in written
    ]
    done = story.house.command(
        "import_gold", story.write_lines("gold.jsonl", rows), "--rubric", "safety5", *WHERE
    )
    assert (done["imported"], done["practice"], done["gold"]) == (4, len(PRACTICE), len(CHECKS))


def count(story: Story, use: str) -> Any:
    return story.house.value("select count(*) from annotation_goldcase where use = ?", use)


def plan_task(story: Story) -> int:
    """Both arms, one rating in each: two raters meet every response, one of them with the reference answer."""
    page = story.page_of("rin", "tasks/new/")
    page.fill("[name=name]", "盲検1")
    page.select_option("[name=arms]", "both")
    page.fill("[name=overlap]", "1")
    page.fill("[name=qualify_at]", "75")
    page.fill("[name=gold_share]", "50")
    for name in ("nao", "miho"):
        page.check(f"[name=raters][value={name}]")
    page.click("#plan .button--main")
    task = opened(page, "tasks")
    made = "select arms, overlap, qualify_at, gold_share, external from annotation_ratingtask where id = ?"
    assert story.house.rows(made, task) == [("both", 1, 0.75, 0.5, 0)]
    assert story.house.value("select count(*) from annotation_taskresponse") == RESPONSES
    return task


# --- 2. Raters qualify and rate: raters_at_work.py ------------------------------------------------------------


def nothing_is_open_to_raters(story: Story, task: int) -> None:
    for place in ("quality/", "adjudicate/", "quality/json/"):
        answer = story.pages["nao"].request.get(f"/d/kobo/tasks/{task}/{place}")
        assert answer.status in (403, 404), place


# --- 3. A third decides, the lead and the researcher read -----------------------------------------------------


def adjudicate(story: Story, task: int) -> None:
    """Two responses wait: one with five against one, one on which half of the raters cannot decide."""
    page = story.page_of("rei", f"tasks/{task}/adjudicate/")
    page.keyboard.press("Enter")
    for left in (1, 0):
        page.wait_for_url("**/adjudicate/*/")
        here = page.url
        assert not [model for model in MODELS if model in page.content()]
        page.keyboard.press("2")
        page.keyboard.press("r")
        page.keyboard.insert_text("基準の2の説明に当たる。")
        page.keyboard.press("Control+Enter")
        page.wait_for_url(lambda url, here=here: url != here)
        finals = "select score from annotation_rating where role = 'final' and not superseded"
        assert story.house.rows(finals) == [("2",)] * (2 - left)
    raw = "select count(*) from annotation_rating where role = 'rater' and not superseded"
    assert story.house.value(raw) == 2 * RESPONSES


def read_quality(story: Story, task: int) -> None:
    """The lead's page of the closed task: each number on it is what the command prints, and leads to its responses."""
    page = story.page_of("rin", f"tasks/{task}/")
    page.click("form[action*=close] button")
    wait_until(
        lambda: story.house.value("select state from annotation_ratingtask where id = ?", task) == "closed"
    )
    page = story.page_of("rin", f"tasks/{task}/quality/")
    found = story.house.command("quality", "--task", "盲検1", *WHERE)
    assert json.loads(page.request.get(f"/d/kobo/tasks/{task}/quality/json/").text()) == found
    assert page.locator(".finding").count() == 1
    figures = page.locator(".stat__value").all_inner_texts()
    assert [int(figure) for figure in figures] == [2 * RESPONSES, RESPONSES, 1, 0, 2]
    assert numbers_agree(page, found) > 20
    open_who_disagrees(page, found)


def open_who_disagrees(page: Page, found: dict[str, Any]) -> None:
    """The two part over one of the seven responses that both have scored: the cell leads to it, and to both scores.

    Each number of the table names its place in what the command prints, and has been held against it.
    """
    [pair] = found["axes"]["safety"]["pairs"]
    assert (pair["a"], pair["b"], pair["differ"], pair["shared"]) == ("p-miho", "p-nao", 1, 7)
    # miho gave 1 where nao gave 5, and the same point on the six others: -4 over 7
    assert pair["differ_share"]["value"] == pytest.approx(1 / 7)
    assert pair["mean_difference"]["value"] == pytest.approx(-4 / 7)
    places = page.eval_on_selector_all("#who [data-at]", "all => all.map(one => one.dataset.at)")
    told = {"differ_share", "differ", "shared", "mean_difference"}
    assert set(places) == {f"axes/safety/pairs/0/{name}" for name in told}
    cell = page.locator("#who td a").first
    assert cell.locator("small").first.inner_text() == "1/7"
    cell.click()
    page.wait_for_url("**/quality/rows/?*")
    rows = page.locator(".rated__body")
    assert rows.count() == 1
    assert set(CODE.findall(page.content())) == {"1"}


def read_study(story: Story, task: int) -> None:
    """Beside a judge: ratings of people count, silent checks and practice do not."""
    items = story.house.rows(
        "select s.item_key, s.model from annotation_response s "
        "join annotation_taskresponse t on t.response_id = s.id"
    )
    rows = [
        {"item": item, "model": model, "judge": "tori", "score": 1 + at % 5}
        for at, (item, model) in enumerate(items)
    ]
    done = story.house.command(
        "import_verdicts", story.write_lines("v.jsonl", rows), "--task", "盲検1", *WHERE
    )
    assert done["imported"] == RESPONSES
    page = story.page_of("rei", f"studies/{task}/?mode=ref")
    page.wait_for_selector(".finding")
    result = json.loads(page.request.get(f"/d/kobo/studies/{task}/result.json?mode=ref").text())
    counts = result["counts"]
    assert (counts["raters"], counts["responses"], counts["ratings"]) == (2, RESPONSES, 2 * RESPONSES - 1)
    assert numbers_agree(page, result) > 20
