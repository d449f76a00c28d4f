"""A story in the browser: the real installation, and one signed-in page for each person."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Error, Page

from tests.rig.broker import wait_until
from tests.rig.browser import watch
from tests.rig.served import Served


def password(name: str) -> str:
    return f"the secret words of {name}"


def opened(page: Page, kind: str) -> int:
    """The id of the row whose page has come, under an address such as `training/3/`."""
    page.wait_for_url(re.compile(rf"/{kind}/\d+/$"))
    return int(page.url.rstrip("/").rsplit("/", 1)[1])


class Story:
    """The installation, and a browser with one context per person."""

    dataset = "xsafety"

    def __init__(self, house: Served, chromium: Browser, folder: Path) -> None:
        self.house, self.chromium, self.folder = house, chromium, folder
        self.wrong: list[str] = []
        self.pages: dict[str, Page] = {}

    def make_people(self, roles: dict[str, str]) -> None:
        """Accounts with a role each in the story's dataset."""
        cast = {name: [role, password(name)] for name, role in roles.items()}
        self.house.python(
            "from curation.actions.datasets import give_role\n"
            "from curation.log import OPERATOR\n"
            "from curation.models import Dataset, Person\n"
            f"dataset = Dataset.objects.get(slug={self.dataset!r})\n"
            f"for name, (role, secret) in {cast!r}.items():\n"
            "    person = Person.objects.create_user(name, password=secret, pseudonym=f'p-{name}')\n"
            "    give_role(OPERATOR, dataset, person, role)\n"
        )

    def page_of(self, name: str, path: str = "", *, dataset: str = "", **options: Any) -> Page:
        """That person's page, signed in by the form at its first use; opened at a path of the dataset."""
        if name not in self.pages:
            given = {"locale": "ja-JP", "viewport": {"width": 1280, "height": 800}} | options
            context = self.chromium.new_context(base_url=self.house.url, **given)
            context.set_default_timeout(30_000)  # a busy machine answers late
            page = self.pages[name] = context.new_page()
            watch(page, self.wrong)
            page.goto("/accounts/login/")
            page.fill("[name=login]", name)
            page.fill("[name=password]", password(name))
            page.click("form[action*=login] .button--main")
            page.wait_for_url(lambda url: "/accounts/login" not in url)
        page = self.pages[name]
        address = f"/d/{dataset or self.dataset}/{path}"
        try:
            page.goto(address)
        except Error as error:
            # The answer to what the person did last may still be on its way, and come in between.
            if "interrupted by another navigation" not in error.message:
                raise
            page.wait_for_load_state()
            page.goto(address)
        if "/me/warning/" in page.url:  # before the first page of writing or reviewing
            page.click("main form[method=post] .button--main")
            page.wait_for_url(lambda url: "/me/warning/" not in url)
        return page

    def rater_page(self, name: str, **options: Any) -> Page:
        """The page of somebody who rates in one task, past the warning about what they will read."""
        page = self.page_of(name, "rate/", **options)
        page.wait_for_url("**/warning/")
        page.click("form[method=post] .button--main >> visible=true")
        page.wait_for_url(lambda url: "/warning/" not in url)
        return page

    def write_lines(self, name: str, rows: Iterable[dict[str, Any]]) -> Path:
        """A file of JSON lines in the story's folder."""
        path = self.folder / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return path

    def item(self, external_id: str) -> tuple[Any, ...]:
        """Id and state of an item."""
        [row] = self.house.rows("select id, state from curation_item where external_id = ?", external_id)
        return row

    def wait_for_state(self, external_id: str, state: str) -> None:
        wait_until(lambda: self.item(external_id)[1] == state)
