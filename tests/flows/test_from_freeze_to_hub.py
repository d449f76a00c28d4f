"""From a freeze to a stranger's disk: a flaw is found and corrected, what had used it is told, and the rest is published."""

import hashlib
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.rig.broker import wait_until
from tests.rig.elsewhere import run
from tests.rig.hub import TOKEN, FakeHub
from tests.rig.served import ROOT, served
from tests.rig.story import Story

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PEOPLE = {"tadashi": "release_manager", "hana": "lead"}
MODELS = ("hypothetical-kumo-7b", "hypothetical-nami-13b")
RATERS = ("p-1", "p-2", "p-3")
NAME, REPO = "kobo-1", "kobo/careful"
WHERE = ("--dataset", "kobo")
TERMS = {
    "name": "own",
    "licence": "CC-BY-4.0",
    "terms": "安全性の研究のために使えます。",
    "attribution": "工房",
    "gate": "granted",
}
CONTACT = "相談の窓口は 03-9876-5432 です。"
WHY = "実在しそうな電話番号ですが、架空の番号であることを確認しました。"
FLAW = "参考回答が古い制度にもとづいています。"
LOAD = """
import sys, datasets, pandas
loaded = datasets.load_dataset(sys.argv[1], cache_dir=sys.argv[2])
print(sum(len(loaded[split]) for split in loaded))
"""


@pytest.fixture
def story(
    tmp_path: Path, chromium: Browser, copy_migrated: Callable[[Path], None], fake_hub: FakeHub
) -> Iterator[Story]:
    """Served with a hub of its own; the stranger at the end has the archive and nothing else."""
    copy_migrated(tmp_path)
    with served(tmp_path, HF_ENDPOINT=fake_hub.url, HF_TOKEN=TOKEN, HF_HUB_OFFLINE="0") as house:
        told = Story(house, chromium, tmp_path)
        told.dataset = "kobo"
        yield told
        for page in told.pages.values():
            page.context.close()
    assert told.wrong == []


def test_from_freeze_to_hub(story: Story, fake_hub: FakeHub, elsewhere: Path) -> None:
    """Steps in the order in which a manager would take them; each asserts what it changed."""
    approve_pairs(story)
    draft = ask_the_gates(story)
    waive(story, draft)
    freeze(story, draft)
    rate_and_judge(story)
    gone = withdraw(story)
    successor = read_what_was_affected(story, gone)
    publish(story, fake_hub, successor)
    archive = send_to_stranger(story, successor)
    verify_elsewhere(story, archive, elsewhere)


# --- 1. The freeze ----------------------------------------------------------------------------------------------


def approve_pairs(story: Story) -> None:
    """Sixty pairs under terms of their own; one of them with what looks like somebody's telephone number."""
    pairs = json.loads((ROOT / "tests" / "fixtures" / "xs_pairs.json").read_text(encoding="utf-8"))
    pairs[0]["output"] += CONTACT
    items, terms = story.folder / "pairs.json", story.folder / "terms.json"
    items.write_text(json.dumps(pairs, ensure_ascii=False), encoding="utf-8")
    terms.write_text(json.dumps(TERMS, ensure_ascii=False), encoding="utf-8")
    story.house.commands(
        ["load_taxonomy", "xsafety"],
        ["create_dataset", "kobo", "--taxonomy", "xsafety"],
        ["import_items", items, "--as", "approved", "--rights", terms, *WHERE],
    )
    story.make_people(PEOPLE)


def ask_the_gates(story: Story) -> str:
    """The manager chooses, and one gate is red."""
    page = story.page_of("tadashi", "releases/freeze/")
    page.fill("[name=name]", NAME)
    page.fill("[name=test_per_leaf]", "3")
    page.select_option("[name=rights]", label=TERMS["name"])
    page.click("form.panel .button--main")
    page.wait_for_url(re.compile(r"/freeze/\d+/$"))
    page.wait_for_selector("#gates")
    assert page.locator("#gate-personal_data .gate__findings a").count() == 1
    assert page.locator("[name=confirm]").count() == 0
    return page.url


def waive(story: Story, draft: str) -> None:
    """The manager cannot let it through; the lead reads the reason for it and does."""
    assert story.pages["tadashi"].locator("form[action$='/waive/']").count() == 0
    page = story.page_of("hana", draft.split("/d/kobo/")[1])
    gate = page.locator("#gate-personal_data")
    gate.locator("details:has(textarea) summary").click()
    gate.locator("textarea").fill(WHY)
    gate.locator("form .button").click()
    page.wait_for_selector(f"#gate-personal_data .quote:has-text('{WHY}')")
    assert story.house.rows("select gate, release_name, reason from curation_waiver") == [
        ("personal_data", NAME, WHY)
    ]


def freeze(story: Story, draft: str) -> None:
    page = story.page_of("tadashi", draft.split("/d/kobo/")[1])
    page.fill("[name=confirm]", NAME)
    page.click(".button--final")
    wait_until(lambda: story.house.value("select count(*) from curation_release") == 1)
    page.wait_for_url(f"**/releases/{NAME}/")
    frozen = "select version, size from curation_release where name = ?"
    assert story.house.rows(frozen, NAME) == [("1.0.0", 60)]
    splits = "select split, count(*) from curation_releaseitem group by split order by split"
    assert story.house.rows(splits) == [("dev", 30), ("test", 30)]  # ten leaves, three test questions each


# --- 2. What is made of it, and the flaw ------------------------------------------------------------------------


def rate_and_judge(story: Story) -> None:
    """Two models' answers to the test questions, three people's ratings and a judge's verdicts."""
    test = [key for (key,) in story.house.rows(_TEST)]
    pairs = [(item, model) for item in test for model in MODELS]
    answers = [
        {"item": item, "model": model, "response": f"{item}への{model}の回答です。"} for item, model in pairs
    ]
    ratings = [
        {"item": item, "model": model, "rater": rater, "score": 1 + (n + k) % 5}
        for n, (item, model) in enumerate(pairs)
        for k, rater in enumerate(RATERS)
    ]
    verdicts = [
        {"item": item, "model": model, "judge": "j", "score": 1 + n % 5}
        for n, (item, model) in enumerate(pairs)
    ]
    story.house.commands(
        ["import_responses", story.write_lines("r.jsonl", answers), "--release", NAME, *WHERE],
        ["create_task", "blind-1", "--release", NAME, *WHERE],
        ["import_ratings", story.write_lines("h.jsonl", ratings), "--task", "blind-1", *WHERE],
        ["import_verdicts", story.write_lines("v.jsonl", verdicts), "--task", "blind-1", *WHERE],
    )


_TEST = "select external_id from curation_releaseitem where split = 'test' order by position"


def withdraw(story: Story) -> str:
    """Before anything is written the page says what has used the item; then its name is typed."""
    gone = str(story.house.rows(_TEST)[0][0])
    page = story.page_of("tadashi", f"releases/{NAME}/correct/")
    page.fill("[name=ids]", gone)
    page.fill("[name=reason]", FLAW)
    page.click("form.stack .button--main")
    page.wait_for_selector("#affected")
    assert "blind-1" in page.inner_text("section:has(> #affected)")
    assert story.house.value("select count(*) from curation_erratum") == 0
    page.fill("[name=confirm]", NAME)
    page.click(".button--final")
    wait_until(lambda: story.house.value("select count(*) from curation_erratum") == 1)
    return gone


def read_what_was_affected(story: Story, gone: str) -> str:
    """The old page warns and names the successor; the task's page tells what it rests on."""
    [(name, version, size)] = story.house.rows(
        "select name, version, size from curation_release where name != ?", NAME
    )
    assert re.fullmatch(rf"{NAME}-rev\d{{8}}", name)
    assert (version, size) == ("2.0.0", 59)
    [(withdrawn, affected)] = story.house.rows("select withdrawn_ids, affected from curation_erratum")
    assert json.loads(withdrawn) == [gone]
    assert {(used["name"], tuple(used["items"])) for used in json.loads(affected)} >= {("blind-1", (gone,))}
    page = story.page_of("tadashi", f"releases/{NAME}/")
    assert FLAW in page.inner_text(".note--warn >> nth=0")
    assert page.locator(f".note--warn a[href$='/releases/{name}/']").count() == 1
    state = story.house.value("select state from curation_item where external_id = ?", gone)
    assert state == "withdrawn"
    return str(name)


# --- 3. Out into the world --------------------------------------------------------------------------------------


def publish(story: Story, hub: FakeHub, name: str) -> None:
    """The plan sends nothing; typed, exactly its files go up in one commit."""
    page = story.page_of("tadashi", f"releases/{name}/")
    page.fill("[name=repo]", REPO)
    page.click("#publish form.filters .button")
    page.wait_for_selector("#publish .panel .button--final", timeout=120_000)
    assert hub.count("commit") == 0
    [(plan,)] = story.house.rows("select plan from curation_publication")
    page.fill("#publish [name=confirm]", REPO)
    page.click("#publish .button--final")
    page.wait_for_selector("#publish .note a[rel=noreferrer]", timeout=120_000)
    assert hub.count("commit") == 1
    sent = {path: hashlib.sha256(body).hexdigest() for path, body in hub.repos[REPO].files.items()}
    assert {one["path"]: one["sha256"] for one in json.loads(plan)["files"]}.items() <= sent.items()


def send_to_stranger(story: Story, name: str) -> Path:
    """Files are written and checked, a link is made for somebody outside, who needs no account."""
    page = story.page_of("tadashi", f"releases/{name}/")
    write_files(page)
    page.reload()
    page.fill("[name=for_whom]", "別の研究室")
    page.click("#links form.filters .button")
    url = page.input_value("#made")
    stranger = story.chromium.new_context(base_url=story.house.url)
    answer = stranger.request.get(url)
    assert answer.status == 200
    archive = story.folder / "sent.zip"
    archive.write_bytes(answer.body())
    assert stranger.request.get(f"{story.house.url}/d/kobo/releases/{name}/", max_redirects=0).status == 302
    stranger.close()
    logged = "select count(*) from curation_logentry where verb = 'download'"
    assert story.house.value(logged) == 1
    return archive


def write_files(page: Page) -> None:
    if not page.locator("#formats").is_visible():
        page.click("#exports details > summary >> nth=0")
    page.select_option("#formats", "all")
    page.click("form[action$='/export/'] .button")
    page.wait_for_selector("#export-list a[href*='/download/']", timeout=90_000)


def verify_elsewhere(story: Story, archive: Path, elsewhere: Path) -> None:
    """Without Django and without the database: every hash, and the items as `datasets` loads them."""
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(story.folder / "sent")
    [folder] = (story.folder / "sent").iterdir()
    told = json.loads(run(elsewhere, *_VERIFY, folder, "--json", cwd=ROOT).stdout.splitlines()[-1])
    assert (told["problems"], told["skipped"]) == ([], [])
    loaded = run(elsewhere, "-c", LOAD, folder / "hf", story.folder / "cache", cwd=story.folder)
    assert loaded.stdout.splitlines()[-1] == "59"
    refused: dict[str, Any] = story.house.command("verify_release", folder)
    assert refused["problems"] == []


_VERIFY = ("-m", "curation.formats.writing.verifying")
