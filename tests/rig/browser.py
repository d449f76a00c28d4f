"""Chromium, driven by Playwright, as Japanese people have it; and a keyboard with an input method.

`page` fails its test on a request to another host, a violation of the content security policy, or an error in a
script. Pages of further people: `new_page()`.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
LOOPBACK = {"127.0.0.1", "localhost", "::1", ""}
INPUT_METHOD = {"windowsVirtualKeyCode": 229, "nativeVirtualKeyCode": 229}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for the session; each test has contexts of its own."""
    # Playwright's sync API keeps an event loop running, in which Django would refuse every query of the test.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    where = os.environ.get("TEINEI_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not where:
        pytest.fail("Chromium is missing: install Debian's `chromium`, or name one in TEINEI_CHROMIUM.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=where, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def new_page(chromium: Browser, live_server: Any) -> Iterator[Callable[..., Page]]:
    """Opens a page in a context of its own (a further person); options are those of Playwright's new_context."""
    contexts: list[Any] = []
    wrong: list[str] = []

    def open_page(**options: Any) -> Page:
        given = {"locale": "ja-JP", "timezone_id": "Asia/Tokyo", "viewport": {"width": 1280, "height": 800}}
        context = chromium.new_context(base_url=live_server.url, **(given | options))
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        watch(page, wrong)
        return page

    yield open_page
    for context in contexts:
        context.close()
    wait_for_rest()
    assert wrong == []


def wait_for_rest() -> None:
    """Wait for what the server still does for pages that are closed: PostgreSQL empties no table that somebody reads.

    A page says goodbye as it closes, and may be heard only between two looks: whoever is connected then is cut off.
    """
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    for _try in range(100 if connection.vendor == "postgresql" else 0):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) {others} AND state <> 'idle'")
            if cursor.fetchone() == (0,):
                break
        time.sleep(0.05)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT pg_terminate_backend(pid) {others}")


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """A page in Japanese, 1280 x 800, on the live server."""
    return new_page()


def watch(page: Page, wrong: list[str]) -> None:
    """Note what no page of ours may do."""

    def on_request(request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in LOOPBACK:
            wrong.append(f"request to another host: {request.url}")

    def on_console(message: Any) -> None:
        if "Content Security Policy" in message.text:
            wrong.append(f"content security policy: {message.text}")

    page.on("request", on_request)
    page.on("console", on_console)
    page.on("pageerror", lambda error: wrong.append(f"script error on {page.url}: {error}"))


@pytest.fixture
def sign_in(live_server: Any) -> Callable[[Page, Any], None]:
    """sign_in(page, person): gives the page's context that person's session, without the form."""

    def with_session(page: Page, person: Any) -> None:
        client = Client()
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        name = settings.SESSION_COOKIE_NAME
        page.context.add_cookies(
            [{"name": name, "value": client.cookies[name].value, "url": live_server.url}]
        )

    return with_session


class InputMethod:
    """Types as a Japanese input method does: a composition, then an Enter that commits it (keyCode 229)."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._session: CDPSession | None = None

    @property
    def session(self) -> CDPSession:
        if self._session is None:
            self._session = self.page.context.new_cdp_session(self.page)
        return self._session

    def _key(self, kind: str, **key: Any) -> None:
        self.session.send("Input.dispatchKeyEvent", {"type": kind, **key})

    def compose(self, text: str) -> None:
        """Show `text` as a composition in the focused field, growing by one character a key; not yet committed."""
        for end in range(1, len(text) + 1):
            self._key("rawKeyDown", key="Process", code="KeyN", **INPUT_METHOD)
            shown = {"text": text[:end], "selectionStart": end, "selectionEnd": end}
            self.session.send("Input.imeSetComposition", shown)
            self._key("keyUp", key="Process", code="KeyN", windowsVirtualKeyCode=78)

    def key(self, key: str, code: str, *, ctrl: bool = False, shift: bool = False) -> None:
        """A key that the input method swallows (an arrow among its candidates, Escape): keyCode 229, composing."""
        held = {"modifiers": 2 * ctrl + 8 * shift} if ctrl or shift else {}
        self._key("rawKeyDown", key=key, code=code, **INPUT_METHOD, **held)
        self._key("keyUp", key=key, code=code, **held)

    def commit(self, text: str, *, ctrl: bool = False, shift: bool = False) -> None:
        """The Enter that ends the composition, as Chromium reports a real one, with `text` as the result."""
        held = {"modifiers": 2 * ctrl + 8 * shift} if ctrl or shift else {}
        self._key("rawKeyDown", key="Enter", code="Enter", **INPUT_METHOD, **held)
        self.session.send("Input.insertText", {"text": text})
        self._key("keyUp", key="Enter", code="Enter", windowsVirtualKeyCode=13, **held)

    def commit_as_safari(self, text: str, **held: bool) -> None:
        """Safari's order: the composition has ended when its Enter comes, which only its code 229 tells from others."""
        self.session.send("Input.insertText", {"text": text})
        self.key("Enter", "Enter", **held)

    def erase(self, left: str) -> None:
        """Backspace within the composition: `left` is what it leaves."""
        self._key("rawKeyDown", key="Backspace", code="Backspace", **INPUT_METHOD)
        end = len(left)
        self.session.send(
            "Input.imeSetComposition", {"text": left, "selectionStart": end, "selectionEnd": end}
        )
        self._key("keyUp", key="Backspace", code="Backspace", windowsVirtualKeyCode=8)

    def cancel(self) -> None:
        """Escape takes the composition back."""
        self._key("rawKeyDown", key="Escape", code="Escape", **INPUT_METHOD)
        self.session.send("Input.imeSetComposition", {"text": "", "selectionStart": 0, "selectionEnd": 0})
        self._key("keyUp", key="Escape", code="Escape", windowsVirtualKeyCode=27)

    def type(self, text: str, *, reading: str | None = None) -> None:
        """Compose the reading (or the text itself) and commit the text."""
        self.compose(reading or text)
        self.commit(text)


@pytest.fixture
def ime(page: Page) -> InputMethod:
    """An input method on `page`; for another page: InputMethod(other)."""
    return InputMethod(page)
