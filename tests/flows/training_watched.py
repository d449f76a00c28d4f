"""Training in the team's story: watched live, stopped, resumed, finished, and its checkpoint on disk."""

import hashlib
import json
import re
from typing import Any

from playwright.sync_api import Page

from tests.rig.broker import wait_until
from tests.rig.story import Story, opened


def train(story: Story) -> None:
    """A tiny random Llama on the release's dev part: watched, stopped, resumed, finished."""
    page = story.page_of("rei", "training/new/")
    page.fill("[name=name]", "tiny")
    page.fill("[name=repeat]", "8")
    page.fill("[name=epochs]", "3")  # 42 items x 8 in batches of 16: 21 steps an epoch
    page.click("form.stack .button--main")
    page.click("[name=launch]")
    run = opened(page, "training")
    watch_live(page)
    stop_and_resume(story, page, run)
    wait_until(lambda: state_of(story, run) == "succeeded", seconds=120)
    assert story.house.rows("select step, steps, attempt from finetune_trainingrun where id = ?", run) == [
        (63, 63, 2)
    ]
    checkpoint_on_disk(story, run)


def state_of(story: Story, run: int) -> Any:
    return story.house.value("select state from finetune_trainingrun where id = ?", run)


def figures(page: Page) -> list[str]:
    """Loss and steps as the page shows them now."""
    return page.locator("#live .stat__value").all_inner_texts()[:2]


def watch_live(page: Page) -> None:
    """Loss and step change on the page by themselves, without a reload."""
    page.evaluate("window.sameDocument = true")
    wait_until(lambda: re.match(r"\d", figures(page)[0]), seconds=90)
    first = figures(page)
    wait_until(lambda: figures(page) != first, seconds=30)
    assert page.evaluate("window.sameDocument") is True


def stop_and_resume(story: Story, page: Page, run: int) -> None:
    page.click("#live form[action$='/cancel/'] button")
    wait_until(lambda: state_of(story, run) == "cancelled", seconds=60)
    stopped = story.house.value("select step from finetune_trainingrun where id = ?", run)
    assert 0 < stopped < 63
    page.click("#live form[action$='/resume/'] button")
    wait_until(lambda: state_of(story, run) != "cancelled")


def checkpoint_on_disk(story: Story, run: int) -> None:
    """The newest checkpoint's manifest is there, hashes to what the row says, and so do the files it lists."""
    query = (
        "select folder, manifest_hash from finetune_checkpoint where run_id = ? order by step desc limit 1"
    )
    [(name, digest)] = story.house.rows(query, run)
    folder = story.house.var / "runs" / str(run) / name
    manifest = (folder / "manifest.json").read_bytes()
    assert hashlib.sha256(manifest).hexdigest() == digest
    files = json.loads(manifest)["files"]
    assert "model.safetensors" in files
    for path, facts in files.items():
        assert hashlib.sha256((folder / path).read_bytes()).hexdigest() == facts["sha256"], path
