"""Looks on while an input method types into a field: what the page does that it was not asked for."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page

from tests.rig.browser import InputMethod

# What the guards look at, taken away: a test of a guard has to fail without it.
UNGUARDED = (
    "Object.defineProperty(KeyboardEvent.prototype, 'isComposing', {get: () => false});"
    "Object.defineProperty(KeyboardEvent.prototype, 'keyCode', {get() { return 0; }});"
    "Object.defineProperty(InputEvent.prototype, 'isComposing', {get: () => false});"
)
# The page's own listeners never hear of a composition's beginning or end.
UNHEARD = (
    "for (const kind of ['compositionstart', 'compositionend'])"
    " addEventListener(kind, (event) => event.stopImmediatePropagation(), true);"
)
# Nothing that would lead away from the page is carried out; each is noted instead.
WATCH = """
window.misfires = [];
(() => {
  const note = (what) => misfires.push(what);
  let composing = false;
  addEventListener("compositionstart", () => (composing = true), true);
  addEventListener("compositionend", () => (composing = false), true);
  addEventListener("submit", (event) => {
    note("submit");
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
  const words = (element) => element.dataset?.key || element.tagName.toLowerCase();
  HTMLElement.prototype.click = function () { note(`click ${words(this)}`); };
  HTMLFormElement.prototype.requestSubmit = () => note("submit");
  const focus = HTMLElement.prototype.focus;
  window.focusQuietly = (element) => focus.call(element);
  HTMLElement.prototype.focus = function () { note(`focus ${words(this)}`); };
  HTMLDialogElement.prototype.close = () => note("close");
  addEventListener("cancel", (event) => { note("close"); event.preventDefault(); }, true);
  const setItem = Storage.prototype.setItem;
  Storage.prototype.setItem = function (...given) {
    const kind = given[0].split(".")[2];
    if (composing && kind !== "work") note(`keep ${kind}`); // minutes of work are no text
    setItem.apply(this, given);
  };
  const send = window.fetch;
  window.fetch = (...given) => {
    if (composing) note("send");
    return String(given[0]).includes("/draft/") ? send(...given) : new Promise(() => {}); // no part is swapped meanwhile
  };
  addEventListener("htmx:beforeRequest", (event) => event.preventDefault(), true);
  addEventListener("DOMContentLoaded", () => {
    const counters = document.querySelectorAll("[data-count-for]");
    const seen = new MutationObserver(() => composing && note("count"));
    counters.forEach((counter) => seen.observe(counter, { childList: true, characterData: true, subtree: true }));
  });
})();
"""


def watched(page: Page, address: str, *scripts: str) -> None:
    """Open the address with somebody looking on; the scripts run before the page's own."""
    page.set_default_timeout(60_000)  # a busy machine opens many pages slowly
    page.route("**/items/?q=*", lambda route: route.fulfill(status=204))  # the palette's search leads nowhere
    for script in (WATCH, *scripts):
        page.add_init_script(script)
    page.goto(address)


def misfires(page: Page) -> list[str]:
    """What happened since the last look."""
    return list(page.evaluate("misfires.splice(0)"))


def type_everything(page: Page, place: Locator) -> list[str]:
    """All that an input method does with a field: what went wrong, each with the gesture that it followed."""
    ime = InputMethod(page)
    wrong: list[str] = []

    def look(gesture: str, *, holds: str | None = None) -> None:
        wrong.extend(f"{gesture}: {what}" for what in misfires(page))
        if not place.evaluate("field => field === document.activeElement"):
            wrong.append(f"{gesture}: the field lost the focus")
        if holds is not None and place.input_value() != holds:
            wrong.append(f"{gesture}: {place.input_value()!r} instead of {holds!r}")

    place.evaluate("field => { field.value = ''; focusQuietly(field); }")
    held: dict[str, dict[str, Any]] = {
        "Enter": {},
        "Ctrl+Enter": {"ctrl": True},
        "Shift+Enter": {"shift": True},
    }
    for number, (name, keys) in enumerate(held.items(), start=1):
        ime.compose("かく")
        ime.commit("書", **keys)
        look(name, holds="書" * number)
    ime.compose("にん")
    for key in "0159abjkvx/?":
        ime.key(key, f"Digit{key}" if key.isdigit() else f"Key{key.upper()}")
    look("digits and letters", holds="書書書にん")
    ime.erase("に")
    look("Backspace", holds="書書書に")
    ime.cancel()
    look("Escape", holds="書書書")
    ime.compose("さふ")
    ime.commit_as_safari("沙")
    look("Enter in Safari's order", holds="書書書沙")
    return wrong
