"""Nothing typed is lost: a network gone for two minutes, a browser killed, a server killed in the middle of a save."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

from tests.rig.browser import FLAGS
from tests.rig.served import Served
from tests.rig.story import Story, password

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.both_databases,
    pytest.mark.django_db(transaction=True),
]

SAVED = ".actions [data-saved]"
# The guards taken away: a device on which nothing can be kept; one that is slow to write.
ONE_PLACE = "Object.defineProperty(window, 'indexedDB', { value: undefined });"
UNKEPT = (
    "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };" + ONE_PLACE
)
LINES = [
    f"{number:02d}番目の文です。" + "相談する窓口を書きます。" * 3 + "以上。" * 1 for number in range(1, 41)
]
TEXT = "".join(line.ljust(50, "々") for line in LINES)
DRAFT = "select question, answer, version from curation_draft"


def writing(story: Story) -> str:
    """A dataset, an author and an empty item of theirs; the address of its page within the dataset."""
    story.dataset = "home"
    story.house.python("from tests.factories.curation import make_dataset\nmake_dataset('home')")
    story.make_people({"hanako": "author"})
    made = story.house.python(
        "from curation.actions.items import start_item\nfrom curation.models import Dataset, Person\n"
        "from tests.factories.curation import leaf\ndataset = Dataset.objects.get()\n"
        "print(start_item(Person.objects.get(username='hanako'), dataset, category=leaf(dataset)).pk)"
    )
    return f"write/{int(made)}/"


def type_for_two_minutes(page: Page) -> None:
    """2,000 characters, 50 every three seconds of the faked clock."""
    page.locator("#answer").click()
    for start in range(0, len(TEXT), 50):
        page.keyboard.insert_text(TEXT[start : start + 50])
        page.clock.run_for(3_000)


def state(page: Page, word: str) -> None:
    expect(page.locator(SAVED)).to_have_attribute("data-state", word, timeout=60_000)


def test_two_minutes_without_a_network_lose_none_of_2000_characters(story: Story) -> None:
    address = writing(story)
    page = story.page_of("hanako", address)
    page.clock.install()
    page.reload()
    page.context.set_offline(True)
    type_for_two_minutes(page)
    state(page, "offline")
    assert (len(TEXT), story.house.rows(DRAFT)) == (2_000, [("", "", 0)])
    page.context.set_offline(False)
    state(page, "saved")
    assert story.house.rows("select answer from curation_draft") == [(TEXT,)]
    page.reload()
    expect(page.locator("#answer")).to_have_value(TEXT)


def test_a_page_that_goes_during_the_cut_is_restored_only_from_the_copy_on_the_device(story: Story) -> None:
    address = writing(story)
    for unguarded in (True, False):
        page = story.page_of("hanako", address)
        if unguarded:
            page.add_init_script(UNKEPT)
        page.clock.install()
        page.reload()
        page.context.set_offline(True)
        type_for_two_minutes(page)
        state(page, "offline")
        page.close()
        page.context.set_offline(False)
        again = story.pages["hanako"] = page.context.new_page()
        again.goto(f"/d/home/{address}")
        expect(again.locator("#answer")).to_have_value("" if unguarded else TEXT)
    state(again, "saved")
    assert story.house.rows("select answer from curation_draft") == [(TEXT,)]


@pytest.fixture
def profile(chromium: Browser, tmp_path: Path) -> Iterator[Callable[[str], BrowserContext]]:
    """Opens a browser of its own on one profile, again and again; kill_browser() ends it as a power cut would."""
    opened: list[BrowserContext] = []

    def open_profile(url: str) -> BrowserContext:
        where = os.environ.get("TEINEI_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
        context = chromium.browser_type.launch_persistent_context(
            tmp_path / "profile", executable_path=where, args=FLAGS, base_url=url, locale="ja-JP"
        )
        context.set_default_timeout(30_000)
        opened.append(context)
        return context

    yield open_profile
    for context in opened:
        with suppress(Error):
            context.close()


def kill_browser(tmp_path: Path) -> None:
    wanted = f"--user-data-dir={tmp_path / 'profile'}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if wanted in (entry / "cmdline").read_bytes():
                os.kill(int(entry.name), signal.SIGKILL)


def sign_in(page: Page) -> None:
    page.goto("/accounts/login/")
    page.fill("[name=login]", "hanako")
    page.fill("[name=password]", password("hanako"))
    page.check("[name=remember]") if page.locator("[name=remember]").count() else None
    page.click("form[action*=login] .button--main")
    page.wait_for_url(lambda url: "/accounts/login" not in url)


@pytest.mark.parametrize("at_once", [True, False])
def test_a_killed_browser_comes_back_with_what_was_typed(
    story: Story, profile: Any, tmp_path: Path, at_once: bool
) -> None:
    address = f"/d/home/{writing(story)}"
    story.house.python(
        "from curation.models import Membership\nfrom django.utils import timezone\n"
        "Membership.objects.update(warned_at=timezone.now())"
    )
    first = profile(story.house.url)
    if not at_once:
        first.add_init_script(ONE_PLACE)
    page = first.new_page()
    sign_in(page)
    page.goto(address)
    page.locator("#answer").fill(TEXT[:500])
    state(page, "saved")
    first.set_offline(True)
    page.locator("#answer").fill(TEXT[:1_500])
    state(page, "offline")
    kill_browser(tmp_path)
    again = profile(story.house.url).new_page()
    again.goto(address)
    if "/accounts/login" in again.url:  # cookies are written later than texts
        sign_in(again)
        again.goto(address)
    if at_once:
        expect(again.locator("#answer")).to_have_value(TEXT[:1_500], timeout=60_000)
    # What Chromium had put on the disk of the slow place when it was killed: all of it or nothing.
    whole = {TEXT[:1_500]} | ({TEXT[:500]} if not at_once else set())
    kept = ""
    for _try in range(300):
        kept = again.locator("#answer").input_value()
        if story.house.rows("select answer from curation_draft") == [(kept,)]:
            break
        again.wait_for_timeout(200)
    assert story.house.rows("select answer from curation_draft") == [(kept,)]
    assert kept in whole


def below(pid: int) -> list[int]:
    """The process and all that it started, the process first."""
    found = [pid]
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += below(int(child))
    return found


def kill_server(process: subprocess.Popen[bytes], number: int = signal.SIGKILL) -> None:
    for pid in below(process.pid):
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def test_a_server_killed_during_a_save_loses_nothing(
    tmp_path: Path, chromium: Browser, stored: dict[str, str]
) -> None:
    house = Served(tmp_path, **stored)
    process = house.start()
    try:
        story = Story(house, chromium, tmp_path)
        page = story.page_of("hanako", writing(story))
        for turn, stopped in enumerate((True, False), start=1):
            if stopped:  # the request reaches a server that does not come to answer it
                kill_server(process, signal.SIGSTOP)
            with page.expect_request("**/draft/"):
                page.locator("#answer").fill(TEXT[: 900 * turn])
            kill_server(process)
            process.wait(20)
            state(page, "unsaved")
            process = house.start("--port", house.url.rsplit(":", 1)[1])
            state(page, "saved")
            assert house.rows("select answer from curation_draft") == [(TEXT[: 900 * turn],)]
            assert stored or house.value("pragma integrity_check") == "ok"
    finally:
        kill_server(process)
        process.wait(20)
        if process.stdout:
            process.stdout.close()
