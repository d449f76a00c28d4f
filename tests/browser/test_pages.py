"""Every page in the side bar of every member of the demo's cast, and one page of each kind of work behind them: in both
languages, both themes, wide and narrow."""

import re
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.rig.browser import watch
from tests.rig.served import ROOT, Served, served

pytestmark = pytest.mark.browser

AXE = ROOT / "tests" / "rig" / "vendor" / "axe-4.14.1.min.js"
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
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
LANGUAGES = ("ja", "en")
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# What sticks out of the window without a box of its own to scroll in.
TOO_WIDE = """() => {
  const root = document.documentElement;
  if (root.scrollWidth <= root.clientWidth) return [];
  const scrolls = (e) => e && e !== root && (/auto|scroll|hidden|clip/.test(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
  return [...document.querySelectorAll("body *")]
    .filter((e) => e.getBoundingClientRect().right > root.clientWidth + 1 && !scrolls(e.parentElement))
    .sort((a, b) => b.getBoundingClientRect().right - a.getBoundingClientRect().right).slice(0, 3).map((e) => `${e.tagName.toLowerCase()}.${e.className} ${Math.round(e.getBoundingClientRect().right)}px`);
}"""
# Two frames later, styles and sizes are those of the new window.
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SERIOUS = """async (tags) => (await axe.run(document, { resultTypes: ["violations"], runOnly: { type: "tag", values: tags } })).violations
  .filter((each) => ["serious", "critical"].includes(each.impact))
  .map((each) => `${each.id}: ${each.nodes.slice(0, 3).map((n) => n.target.join(" ")).join(" | ")}`)"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The demo as `make run` serves it."""
    with served(tmp_path_factory.mktemp("demo"), "--demo") as house:
        yield house


class Visit:
    """Goes through pages and notes what is wrong with them."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.seen: set[tuple[str, str]] = set()

    def enter(self, browser: Browser, house: Served, name: str) -> Page:
        context: BrowserContext = browser.new_context(
            base_url=house.url, viewport=WIDE, locale="ja-JP", reduced_motion="reduce"
        )
        context.set_default_timeout(15_000)
        page = context.new_page()
        watch(page, self.wrong)
        page.on("console", self.note_error)
        page.goto("/accounts/login/")
        page.click(f"[name=key][value=demo-{name}]")
        page.wait_for_selector(".side__link")
        return page

    def note_error(self, message: Any) -> None:
        if message.type == "error" and "Content Security Policy" not in message.text:
            self.wrong.append(f"console on {message.location.get('url')}: {message.text}")

    def open(self, page: Page, url: str, language: str) -> None:
        answer = page.goto(url)
        if answer is None or answer.status != 200:
            self.wrong.append(f"{language} {url}: {answer.status if answer else 'no answer'}")
        if page.get_attribute("html", "lang") != language:
            self.wrong.append(f"{language} {url}: speaks {page.get_attribute('html', 'lang')}")

    def fits(self, page: Page, size: dict[str, int]) -> None:
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.evaluate(SETTLED)
        out = page.evaluate(TOO_WIDE)
        self.wrong += [f"{page.url} {size['width']}: sticks out: {each}" for each in out]

    def accessible(self, page: Page, scheme: str) -> None:
        """No serious or critical violation in axe-core, which runs beside the page's own scripts."""
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.evaluate(SETTLED)
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE.read_text(encoding="utf-8"))
        self.wrong += [f"{page.url} {scheme}: {each}" for each in page.evaluate(SERIOUS, RULES)]

    def look(self, page: Page, url: str, language: str) -> None:
        """Open a page; what nobody saw before in this language is looked at from all sides."""
        self.open(page, url, language)
        if (url, language) in self.seen:
            return
        self.seen.add((url, language))
        self.fits(page, WIDE)
        self.fits(page, NARROW)
        if language == "ja":
            self.accessible(page, ("light", "dark")[len(self.seen) % 2])


def speak(page: Page, house: Served, language: str) -> None:
    page.context.add_cookies([{"name": "django_language", "value": language, "url": house.url}])


def test_every_page_of_everybody_opens_and_fits(demo: Served, chromium: Browser) -> None:
    visit = Visit()
    for name in CAST:
        page = visit.enter(chromium, demo, name)
        urls = page.locator(".side__link[href]").evaluate_all("all => all.map((a) => a.getAttribute('href'))")
        assert len(urls) >= 2, name
        for language in LANGUAGES if name not in ALIKE else ("ja",):
            speak(page, demo, language)
            for url in dict.fromkeys(urls):
                visit.look(page, url, language)
        page.context.close()
    if visit.wrong:
        pytest.fail("\n".join(sorted(set(visit.wrong))), pytrace=False)


def first_of(page: Page, url: str) -> str:
    """The first page of work that a list leads to. Where one task is open, the list of tasks is that page itself."""
    page.goto(url)
    if page.locator("body.work").count():
        return url
    links = page.locator("main a[href]").evaluate_all("all => all.map((a) => a.getAttribute('href'))")
    found = [link for link in links if re.fullmatch(re.escape(url) + r"(\d+|demo-[^/]+)/", link)]
    assert found, f"{url} leads to no page of work"
    return found[0]


def test_every_page_of_work_fits_and_is_accessible_in_both_languages_and_themes(
    demo: Served, chromium: Browser
) -> None:
    visit = Visit()
    for name, lists in WORK.items():
        page = visit.enter(chromium, demo, name)
        for url in [first_of(page, f"/d/demo/{part}/") for part in lists]:
            for language in LANGUAGES:
                speak(page, demo, language)
                # Opened anew in each theme: a change of theme under way would be taken for a want of contrast.
                for scheme in SCHEMES:
                    page.emulate_media(color_scheme=scheme)
                    visit.open(page, url, language)
                    visit.accessible(page, scheme)
                visit.fits(page, NARROW)
                page.set_viewport_size(WIDE)  # type: ignore[arg-type]
        page.context.close()
    if visit.wrong:
        pytest.fail("\n".join(sorted(set(visit.wrong))), pytrace=False)
