"""Goes through the pages of a served installation in one browser and notes what is wrong with them."""

import re
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from tests.rig.browser import watch
from tests.rig.served import ROOT

AXE = ROOT / "tests" / "rig" / "vendor" / "axe-4.14.1.min.js"
WIDE, NARROW = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844)
LAPTOP = ViewportSize(width=1280, height=800)
LANGUAGES = ("ja", "en")
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
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
# A change of theme under way would be taken for a want of contrast.
AT_ONCE = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("*, ::before, ::after { transition: none !important }");
  document.adoptedStyleSheets = [sheet];
}"""
EVERYTHING = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
# What can differ where a page that was looked at changes its theme.
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
SERIOUS = """async (rules) => (await axe.run(document, { resultTypes: ["violations"], runOnly: rules })).violations
  .filter((each) => ["serious", "critical"].includes(each.impact))
  .map((each) => `${each.id}: ${each.nodes.slice(0, 3).map((n) => n.target.join(" ")).join(" | ")}`)"""


SPEAKS = re.compile(r'<html lang="(\w*)"')
PART = re.compile(r'<(\w+)(?:[^<>]*?\sclass="([^"]*)")?')


def parts_of(html: str) -> set[tuple[str, str]]:
    """What a page is put together from, within its frame: its kinds of elements with their classes."""
    return set(PART.findall(html.partition('class="banners"')[2].partition("<script")[0]))


class Visit:
    """One page of one browser, which keeps its cache of scripts and styles from one person to the next.

    `url` is where the installation answers.
    """

    def __init__(self, browser: Browser, url: str) -> None:
        self.wrong: list[str] = []
        self.url = url
        self.sessions: dict[str, Any] = {}
        self.context = browser.new_context(
            base_url=url, viewport=WIDE, locale="ja-JP", reduced_motion="reduce"
        )
        self.context.set_default_timeout(15_000)
        self.page: Page = self.context.new_page()
        watch(self.page, self.wrong)
        self.page.on("console", self._note_error)

    def _note_error(self, message: Any) -> None:
        if message.type == "error" and "Content Security Policy" not in message.text:
            self.wrong.append(f"console on {message.location.get('url')}: {message.text}")

    def enter(self, name: str) -> None:
        """Sign somebody of the demo's cast in where somebody else sat; one session each."""
        self.context.clear_cookies()
        if name in self.sessions:
            self.context.add_cookies(self.sessions[name])
            return
        self.context.request.get("/accounts/login/")
        token = next(one["value"] for one in self.context.cookies() if one["name"] == "csrftoken")
        sent = {"key": f"demo-{name}", "csrfmiddlewaretoken": token}
        self.context.request.post("/enter/", form=sent, headers={"Referer": self.url}, max_redirects=0)
        self._read_warning(token)
        self.sessions[name] = self.context.cookies()

    def _read_warning(self, token: str) -> None:
        """What stands before the first page of writing or reviewing."""
        now = next((one["value"] for one in self.context.cookies() if one["name"] == "csrftoken"), token)
        form, headers = {"csrfmiddlewaretoken": now}, {"Referer": self.url}
        self.context.request.post("/d/demo/me/warning/", form=form, headers=headers, max_redirects=0)

    def speak(self, language: str) -> None:
        self.context.add_cookies([{"name": "django_language", "value": language, "url": self.url}])

    def read(self, url: str, language: str) -> str:
        """The page as it is sent; nothing is drawn."""
        answer = self.context.request.get(url)
        html = answer.text()
        found = SPEAKS.search(html)
        self._answered(url, language, answer.status, found[1] if found else None)
        return html

    def open(self, url: str, language: str) -> None:
        answer = self.page.goto(url)
        self._answered(url, language, answer and answer.status, self.page.get_attribute("html", "lang"))

    def _answered(self, url: str, language: str, status: int | None, lang: str | None) -> None:
        if status != 200:
            self.wrong.append(f"{language} {url}: {status or 'no answer'}")
        if lang != language:
            self.wrong.append(f"{language} {url}: speaks {lang}")

    def fits(self, size: ViewportSize) -> None:
        self.page.set_viewport_size(size)
        self.page.evaluate(SETTLED)
        out = self.page.evaluate(TOO_WIDE)
        self.wrong += [f"{self.page.url} {size['width']}: sticks out: {each}" for each in out]

    def accessible(self, *schemes: Scheme) -> None:
        """No serious or critical violation in axe-core, which runs beside the page's own scripts."""
        self.page.evaluate(AT_ONCE)
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        for number, scheme in enumerate(schemes):
            self.page.emulate_media(color_scheme=scheme)
            self.page.evaluate(SETTLED)
            found = self.page.evaluate(SERIOUS, COLOURS if number else EVERYTHING)
            self.wrong += [f"{self.page.url} {scheme}: {each}" for each in found]

    def look(self, url: str) -> None:
        """A page in both languages and both themes, on a wide screen, a small one and a phone."""
        for number, language in enumerate(LANGUAGES):
            self.speak(language)
            self.open(url, language)
            # Each theme is once the one that all rules are tried in.
            self.accessible(*(SCHEMES if number == 0 else SCHEMES[::-1]))
            self.fits(LAPTOP)
            self.fits(NARROW)
            self.page.set_viewport_size(WIDE)

    def report(self) -> None:
        """Fail the test on whatever was found wrong on the way."""
        wrong, self.wrong[:] = sorted(set(self.wrong)), []
        if wrong:
            pytest.fail("\n".join(wrong), pytrace=False)
