"""Every page in the side bar of every member of the demo's cast, and one page of each kind of work behind them: in both
languages, both themes, wide and narrow."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.rig.served import Served, served
from tests.rig.visit import LANGUAGES, NARROW, SCHEMES, WIDE, Scheme, Visit, parts_of

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
SIDE_LINK = re.compile(r'class="side__link" href="([^"]+)"')
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
def demo(tmp_path_factory: pytest.TempPathFactory, copy_migrated: Callable[[Path], None]) -> Iterator[Served]:
    """The demo as `make run` serves it."""
    folder = tmp_path_factory.mktemp("demo")
    copy_migrated(folder)
    with served(folder, "--demo") as house:
        yield house


@pytest.fixture(scope="module")
def visit(demo: Served, chromium: Browser) -> Iterator[Visit]:
    """One for all tests: the sessions of the cast and what the browser keeps serve again."""
    visit = Visit(chromium, demo.url)
    yield visit
    visit.context.close()


def test_sign_in_page_fits_and_leads_into_the_demo(visit: Visit) -> None:
    visit.context.clear_cookies()
    visit.look("/accounts/login/")
    visit.page.click("[name=key][value=demo-rater1]")
    visit.page.wait_for_selector(".side__link")
    visit.report()


def test_every_page_of_everybody_opens_and_fits(visit: Visit) -> None:
    seen: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for name in CAST:
        visit.enter(name)
        visit.speak("ja")
        urls = dict.fromkeys(SIDE_LINK.findall(visit.read("/d/demo/", "ja")))
        assert len(urls) >= 2, name
        for language in LANGUAGES if name not in ALIKE else ("ja",):
            visit.speak(language)
            for url in urls:
                # It is drawn where it has a part that nobody's page of this address had before in this language.
                known, parts = seen.setdefault((url, language), set()), parts_of(visit.read(url, language))
                if not parts <= known:
                    from_all_sides(visit, url, language, SCHEMES[len(seen) % 2])
                    known |= parts
    visit.report()


def from_all_sides(visit: Visit, url: str, language: str, scheme: Scheme) -> None:
    visit.open(url, language)
    visit.fits(NARROW)
    visit.fits(WIDE)
    if language == "ja":
        visit.accessible(scheme)


def first_of(visit: Visit, url: str) -> str:
    """The first page of work that a list leads to. Where one task is open, the list of tasks is that page itself."""
    html = visit.read(url, "ja")
    if '<body class="work"' in html:
        return url
    found = re.search(rf'<a[^>]* href="({re.escape(url)}(\d+|demo-[^/"]+)/)"', html.partition("<main")[2])
    assert found, f"{url} leads to no page of work"
    return found[1]


def test_every_page_of_work_fits_and_is_accessible_in_both_languages_and_themes(visit: Visit) -> None:
    for name, lists in WORK.items():
        visit.enter(name)
        visit.speak("ja")
        for url in [first_of(visit, f"/d/demo/{part}/") for part in lists]:
            visit.look(url)
    visit.report()
