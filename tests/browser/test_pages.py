"""Every page in the side bar of every member of the demo's cast, and one page of each kind of work behind them: in both
languages, both themes, wide and narrow."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.rig.served import Served, served
from tests.rig.visit import LANGUAGES, NARROW, SCHEMES, WIDE, Visit

pytestmark = pytest.mark.browser

CAST = (
    "author",
    "reviewer",
    "translator",
    "bilingual",
    "rater1",
    "rater2",
    "rater3",
    "researcher",
    "manager",
)
ALIKE = ("rater2", "rater3")
# Whose lists lead to pages of work; the first of each list is looked at.
WORK = {
    "author": ("write", "items", "releases"),
    "reviewer": ("review",),
    "translator": ("translate",),
    "bilingual": ("translate/check",),
    "rater1": ("rate",),
    "researcher": ("tasks", "training", "studies"),
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The demo as `make run` serves it."""
    with served(tmp_path_factory.mktemp("demo"), "--demo") as house:
        yield house


@pytest.fixture
def visit(demo: Served, chromium: Browser) -> Iterator[Visit]:
    visit = Visit(chromium, demo)
    yield visit
    visit.context.close()


def test_every_page_of_everybody_opens_and_fits(visit: Visit) -> None:
    seen: set[tuple[str, str]] = set()
    for name in CAST:
        visit.enter(name)
        links = visit.page.locator(".side__link[href]")
        urls = dict.fromkeys(links.evaluate_all("all => all.map((a) => a.getAttribute('href'))"))
        assert len(urls) >= 2, name
        for language in LANGUAGES if name not in ALIKE else ("ja",):
            visit.speak(language)
            for url in urls:
                visit.open(url, language)
                # What somebody saw before in this language needs no second look from all sides.
                if (url, language) not in seen:
                    seen.add((url, language))
                    visit.fits(NARROW)
                    visit.fits(WIDE)
                    if language == "ja":
                        visit.accessible(SCHEMES[len(seen) % 2])
    visit.report()


def first_of(visit: Visit, url: str) -> str:
    """The first page of work that a list leads to. Where one task is open, the list of tasks is that page itself."""
    visit.page.goto(url)
    if visit.page.locator("body.work").count():
        return url
    links = visit.page.locator("main a[href]").evaluate_all("all => all.map((a) => a.getAttribute('href'))")
    found = [link for link in links if re.fullmatch(re.escape(url) + r"(\d+|demo-[^/]+)/", link)]
    assert found, f"{url} leads to no page of work"
    return found[0]


def test_every_page_of_work_fits_and_is_accessible_in_both_languages_and_themes(visit: Visit) -> None:
    for name, lists in WORK.items():
        visit.enter(name)
        for url in [first_of(visit, f"/d/demo/{part}/") for part in lists]:
            visit.look(url)
    visit.report()
