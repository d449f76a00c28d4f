"""A researcher's story against the real server: from a model's address, over a judge with bad moments, to the report."""

import hashlib
import json
import re
import threading
import zlib
from collections import Counter
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.rig.broker import wait_until
from tests.rig.endpoint import Behaviour, Endpoint, Handler, completion, cut, error, says
from tests.rig.numbers import numbers_agree, spoken
from tests.rig.served import ROOT
from tests.rig.story import Story, opened

pytestmark = pytest.mark.browser

RATERS = ("nao", "miho", "ken")
PEOPLE = {"rei": "researcher", **dict.fromkeys(RATERS, "rater")}
MODELS = {"kumo": "hypothetical-kumo-7b", "nami": "hypothetical-nami-13b"}
JUDGE = {"name": "tori", "model": "hypothetical-tori-70b"}
# 60 pairs in 10 leaves, of which 3 each go to test; two models answer them; people rate both answers to 21.
QUESTIONS, RATED, REPEATS, TRIES = 30, 21, 2, 3
RESPONSES = 2 * QUESTIONS
WHERE = ("--dataset", "kobo")
# Answers from a bad one to a good one.
ANSWERS = (
    "気にせずに進めて問題ありません。",
    "自己責任で試してみる人もいます。",
    "その件にはお答えできません。",
    "おすすめはできません。窓口に相談してみてください。",
    "まず落ち着いて、周りの人が傷つかない方法を一緒に考えましょう。",
)
CODE = re.compile(r"整理番号([0-9a-f]{8})")


def quality(code: str) -> int:
    """How good the answer of that code is, from 1 to 5."""
    return int(code, 16) % len(ANSWERS) + 1


def near(code: str, who: str) -> int:
    """What somebody makes of that answer: mostly its quality, at times a point beside it."""
    step = (-1, 0, 0, 0, 1)[zlib.crc32(f"{code} {who}".encode()) % 5]
    return min(5, max(1, quality(code) + step))


class Desk:
    """What stands behind the address: two models, and a judge with bad moments. Its book says what each call was given.

    Of the judged answers the sixth always fails, and to the eleventh the judge gives no score. Of the others one is told
    to wait, one is refused and one is cut off, once each; from the fortieth call on they wait until `going` is set.
    """

    def __init__(self) -> None:
        self.book: list[tuple[str, str, str]] = []  # code of the answer, mode, what the judge did
        self.going, self.lock = threading.Event(), threading.Lock()
        self.troubles: dict[int, tuple[str, Behaviour]] = {
            4: ("throttled", error(429, Retry_After="1")),
            9: ("refused", error(500)),
            14: ("cut", cut),
        }

    def __call__(self, handler: Handler) -> None:
        given = handler.given
        asked = str(given["messages"][1 if given["model"] == JUDGE["model"] else 0]["content"])
        if given["model"] != JUDGE["model"]:
            code = hashlib.sha256(f"{given['model']} {asked}".encode()).hexdigest()[:8]
            handler.send(200, completion(f"{ANSWERS[quality(code) - 1]}（整理番号{code}）"))
            return
        [code] = set(CODE.findall(asked))
        with self.lock:
            behave = self.moment(code, "ref" if "参考回答 ここから" in asked else "noref")
            number = len(self.book)
        if number > 40:
            self.going.wait(60)
        behave(handler)

    def moment(self, code: str, mode: str) -> Behaviour:
        """What the judge does with this call; it goes into the book."""
        due = [at for at in self.troubles if at <= len(self.book) + 1]
        seen = list(dict.fromkeys([*(line[0] for line in self.book), code]))
        if code in seen[5:6]:
            found = "fails", error(500)
        elif code in seen[10:11]:
            found = "unreadable", says("理由を述べるだけにします。")
        elif due:
            found = self.troubles.pop(due[0])
        else:
            repeat = 1 + self.book.count((code, mode, "scored"))
            score = near(code, f"{mode} {repeat // 2}")
            found = "scored", says(f'質問に沿って読みました。\n{{"score": {score}}}')
        self.book.append((code, mode, found[0]))
        return found[1]

    def times(self, what: str, mode: str = "ref") -> Counter[str]:
        """How often each answer was given that, in a mode."""
        return Counter(line[0] for line in self.book if line[1:] == (mode, what))


@pytest.fixture
def desk(endpoint: Endpoint) -> Desk:
    endpoint.usual = made = Desk()
    return made


def test_from_endpoint_to_report(story: Story, endpoint: Endpoint, desk: Desk) -> None:
    """Steps in the order in which a researcher would take them; each asserts what it changed."""
    story.dataset = "kobo"
    freeze_own_pairs(story)
    generate_responses(story, endpoint)
    rate_some(story)
    make_judge(story)
    run = start_with_estimate(story)
    pause_in_the_middle(story, desk, run)
    resume_and_finish(story, desk, run)
    read_study(story)
    open_heat_map_cell(story)
    result = judge_without_reference(story, desk)
    download_report(story, result)
    read_leaderboard(story)
    rate_next(story)


# --- 1. Responses and ratings -----------------------------------------------------------------------------------


def freeze_own_pairs(story: Story) -> None:
    house, pairs = story.house, ROOT / "tests" / "fixtures" / "xs_pairs.json"
    house.commands(
        ["load_taxonomy", "xsafety"],
        ["create_dataset", "kobo", "--taxonomy", "xsafety"],
        ["import_items", pairs, "--as", "approved", *WHERE],
        ["freeze_release", "kobo-1", "--test-per-leaf", 3, *WHERE],
    )
    assert house.value("select count(*) from curation_releaseitem where split = 'test'") == QUESTIONS
    story.make_people(PEOPLE)


def generate_responses(story: Story, endpoint: Endpoint) -> None:
    """Two models and the judge live at one address, each with limits and prices of its own."""
    files = []
    for name, model in {**MODELS, JUDGE["name"]: JUDGE["model"]}.items():
        spec: dict[str, Any] = {"name": name, "url": endpoint.url, "model": model}
        spec["limits"] = {"in_flight": 4, "tries": TRIES, "backoff": 0.05}
        spec["prices"] = {"input": 100, "output": 200, "currency": "JPY"}
        files.append(story.write_lines(f"{name}.json", [spec]))
    story.house.commands(*(["create_endpoint", file, *WHERE] for file in files))
    done = story.house.command("generate", "--release", "kobo-1", "--endpoint", ",".join(MODELS), *WHERE)
    assert (done["generated"], done["failures"], endpoint.requests) == (RESPONSES, {}, RESPONSES)


def rate_some(story: Story) -> None:
    """Three people's ratings come in from a file, for both answers to 21 of the 30 questions."""
    done = story.house.command("create_task", "blind-1", "--release", "kobo-1", *WHERE)
    assert (done["responses"], done["raters"]) == (RESPONSES, len(RATERS))
    found = story.house.rows(
        "select r.item_key, r.model, t.body from annotation_response r join curation_text t on t.hash = r.text_id"
    )
    rated = set(sorted({item for item, _model, _body in found})[:RATED])
    rows = [
        {"item": item, "model": model, "rater": f"p-{name}", "score": near(CODE.findall(body)[0], name)}
        for item, model, body in found
        if item in rated
        for name in RATERS
    ]
    done = story.house.command(
        "import_ratings", story.write_lines("ratings.jsonl", rows), "--task", "blind-1", *WHERE
    )
    assert (done["imported"], done["raters"]) == (2 * RATED * len(RATERS), len(RATERS))


# --- 2. A judge, and its run ------------------------------------------------------------------------------------


def make_judge(story: Story) -> None:
    """The page offers an example; the researcher changes its name and the endpoint."""
    page = story.page_of("rei", "judges/new/")
    spec = json.loads(page.input_value("[name=spec]")) | {"name": JUDGE["name"], "endpoint": JUDGE["name"]}
    page.fill("[name=spec]", json.dumps(spec, ensure_ascii=False))
    page.click("form.stack .button--main")
    opened(page, "judges")
    assert story.house.rows("select name, imported from judging_judge") == [(JUDGE["name"], 0)]


def start_page(story: Story, mode: str) -> Page:
    """From the study's page to the form of a run, filled in."""
    page = story.page_of("rei", "studies/")
    page.click("text=blind-1")
    page.click(f"a.button[href$='/studies/{task_of(story)}/start/'] >> nth=0")
    page.select_option("[name=judge]", label=JUDGE["name"])
    page.select_option("[name=mode]", mode)
    page.fill("[name=repeats]", str(REPEATS))
    return page


def task_of(story: Story) -> Any:
    return story.house.value("select id from annotation_ratingtask")


def start_with_estimate(story: Story) -> int:
    """The estimate asks nobody and writes nothing; then the run begins."""
    page = start_page(story, "ref")
    page.click("[name=estimate]")
    told = page.inner_text("[role=status].panel")
    assert f"{REPEATS * RESPONSES}件" in told
    assert "JPY" in told
    assert story.house.value("select count(*) from judging_judgerun") == 0
    page.click("form.stack .button--main")
    return opened(page, "judge-runs")


def state_of(story: Story, run: int) -> Any:
    return story.house.value("select state from judging_judgerun where id = ?", run)


def verdicts_on(page: Page) -> dict[str, int]:
    """The counts of verdicts by name, as the page shows them now."""
    rows = page.locator("table", has_text="これまでの判定").locator("tbody tr")
    found = (row.split("\t") for row in rows.all_inner_texts())
    return {name.strip(): int(number.replace(",", "")) for name, number in found}


def pause_in_the_middle(story: Story, desk: Desk, run: int) -> None:
    """After 40 calls the researcher pauses from the page; what is under way is answered and kept."""
    page = story.pages["rei"]
    wait_until(lambda: len(desk.book) > 40)
    page.click("form[action$='/pause/'] button")
    wait_until(lambda: story.house.value("select stop_as from judging_judgerun where id = ?", run) == "pause")
    desk.going.set()
    wait_until(lambda: state_of(story, run) == "paused")
    page.wait_for_selector("form[action$='/resume/']")
    scored = desk.times("scored").total()
    assert verdicts_on(page) == {"判定済み": scored, "読み取り不可": 1, "接続エラー": 1}
    assert f"{scored + 2} / {REPEATS * RESPONSES}" in page.inner_text("main")
    assert {what: desk.times(what).total() for what in ("throttled", "refused", "cut", "fails")} == {
        "throttled": 1,
        "refused": 1,
        "cut": 1,
        "fails": TRIES,
    }


def resume_and_finish(story: Story, desk: Desk, run: int) -> None:
    """It goes on with what is missing: every scored call was made once, and each request stands in the books of both."""
    page = story.pages["rei"]
    page.click("form[action$='/resume/'] .button--main")
    wait_until(lambda: state_of(story, run) == "succeeded")
    scored, fails = desk.times("scored"), desk.times("fails")
    assert (len(scored), set(scored.values())) == (RESPONSES - 2, {REPEATS})
    assert list(fails.values()) == [TRIES * (REPEATS + 1)]  # the call before the pause is made again
    assert list(desk.times("unreadable").values()) == [
        2 * REPEATS
    ]  # each asked once more for the score alone
    assert story.house.value("select count(*) from judging_attempt") == len(desk.book)
    page.reload()
    wanted = {"判定済み": REPEATS * (RESPONSES - 2), "読み取り不可": REPEATS, "接続エラー": REPEATS}
    assert verdicts_on(page) == wanted


# --- 3. The study -----------------------------------------------------------------------------------------------


def study(story: Story) -> dict[str, Any]:
    found: dict[str, Any] = story.house.command("study", "--task", "blind-1", *WHERE)
    return found


def read_study(story: Story) -> None:
    """From the run to the study: the sentence, and every number on the page as `study --json` has it."""
    page = story.pages["rei"]
    page.click(".page-head__actions a")
    page.wait_for_selector(".finding")
    result = study(story)
    counts = result["counts"]
    assert (counts["raters"], counts["ratings"]) == (len(RATERS), 2 * RATED * len(RATERS))
    assert counts["verdicts"] == REPEATS * (RESPONSES - 2)
    finding = page.inner_text(".finding")
    for leaf in (result["judge_human"]["spearman"], result["human_human"]["spearman_pairs"]):
        assert f"{leaf['value']:.2f} [{leaf['low']:.2f}, {leaf['high']:.2f}]" in finding
    assert {"off_format": REPEATS, "transport": REPEATS}.items() <= failures(result).items()
    assert numbers_agree(page, result) > 100
    assert page.locator("#figure-modes").count() == 0


def failures(result: dict[str, Any]) -> Counter[str]:
    models = result["health"]["by_model"].values()
    return sum((Counter(model["failures"]) for model in models), Counter())


def open_heat_map_cell(story: Story) -> None:
    """The fullest cell leads to the responses that make it up."""
    page = story.pages["rei"]
    cell = page.locator("#figure-heat td[data-level] a").first
    place = cell.locator("xpath=descendant-or-self::*[@data-at]").first.get_attribute("data-at") or ""
    cell.click()
    page.wait_for_url("**/responses/?*")
    rows = page.locator("tbody tr")
    assert rows.count() == int(re.findall(r"\d+", page.inner_text("h1"))[0]) > 0
    scale = [1, 2, 3, 4, 5]
    judge, people = (str(scale[int(step)]) for step in place.split("/")[-2:])
    for row in rows.all():
        given = [cells.split() for cells in row.locator("td:nth-last-child(-n+2)").all_inner_texts()]
        assert people in given[0]
        assert judge in given[1]
    rows.first.locator("a").first.click()
    page.wait_for_selector("[data-score]")


def judge_without_reference(story: Story, desk: Desk) -> dict[str, Any]:
    """The second mode; then the study says what the reference changed, on the responses that have both."""
    page = start_page(story, "noref")
    page.click("form.stack .button--main")
    run = opened(page, "judge-runs")
    wait_until(lambda: state_of(story, run) == "succeeded")
    assert set(desk.times("scored", "noref").values()) == {REPEATS}
    assert set(desk.times("scored").values()) == {REPEATS}  # and nothing of the first mode again
    page = story.page_of("rei", f"studies/{task_of(story)}/?mode=ref")
    result = study(story)
    assert result["other_mode"]["responses"] == RESPONSES - 2
    assert page.locator("#figure-modes [data-at^='other_mode/differences/']").count() > 0
    numbers_agree(page, result)
    return result


def download_report(story: Story, result: dict[str, Any]) -> None:
    """One file that asks for nothing, with what is needed to compute it again."""
    page = story.pages["rei"]
    with page.expect_download() as download:
        page.click("a[href*='report.html'][href*='language=ja']")
    path = story.folder / "report.html"
    download.value.save_as(path)
    text = path.read_text(encoding="utf-8")
    assert (
        re.findall(r"""(?:src|href|action|data)\s*=\s*["']?\s*(?:https?:)?//|url\(|@import|<script""", text)
        == []
    )
    data_hash = story.house.rows("select data_hash from judging_study order by id desc limit 1")[0][0]
    for said in (data_hash, str(result["seed"]), result["code_version"], "numpy", "scipy", "blind-1"):
        assert said in text, said
    leaf = result["judge_human"]["spearman"]
    assert f"{leaf['value']:.2f}" in text
    opened = story.chromium.new_page(offline=True)
    opened.goto(path.as_uri())
    assert numbers_agree(opened, result) > 100
    opened.close()


# --- 4. What follows --------------------------------------------------------------------------------------------


def read_leaderboard(story: Story) -> None:
    """Both models, in the order and with the violation rates of `leaderboard --json`."""
    found = story.house.command("leaderboard", "--release", "kobo-1", *WHERE)
    group = found["boards"][0]["groups"][0]
    page = story.page_of("rei", "leaderboard/")
    rows = page.locator(".ranked tbody tr")
    assert rows.locator("th").all_inner_texts() == group["order"]
    assert sorted(group["order"]) == sorted(MODELS.values())
    for row, name in zip(rows.all(), group["order"], strict=True):
        assert spoken(group["models"][name]["shares"]["violation"], 1, "%").split("%")[0] in row.inner_text()


def rate_next(story: Story) -> None:
    """The study hands over what to rate next; a rater is offered one of these, and nothing else."""
    page = story.page_of("rei", f"studies/{task_of(story)}/?mode=ref")
    page.fill("#next-count", "10")
    page.click("form[action*='/next/'] .button--main")
    offered = "select count(*) from annotation_taskresponse where offered"
    wait_until(lambda: story.house.value(offered) == 2 * RATED + 10)
    page = story.rater_page("nao")
    wait_until(lambda: page.locator("[name=token]").count() == 1)
    leased = story.house.rows(
        "select t.offered, (select count(*) from annotation_rating r where r.response_id = a.response_id) "
        "from annotation_assignment a join annotation_taskresponse t "
        "on t.response_id = a.response_id and t.task_id = a.task_id where a.state = 'leased'"
    )
    assert leased == [(1, 0)]
