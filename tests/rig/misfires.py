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
  let composing = null;
  addEventListener("compositionstart", (event) => (composing = event.target), true);
  addEventListener("compositionend", () => (composing = null), true);
  addEventListener("submit", (event) => {
    note("submit");
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
  const own = () => composing?.form?.dataset.autosaveUrl || composing?.form?.dataset.draftUrl || "none";
  window.navigation?.addEventListener("navigate", (event) => {
    if (event.hashChange || !event.cancelable) return;
    note("navigate");
    event.preventDefault();
  });
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
    const elsewhere = given[0].includes("/draft/") && !given[0].includes(own()); // another form's text is whole
    if (composing && kind !== "work" && !elsewhere) note(`keep ${kind}`); // minutes of work are no text
    setItem.apply(this, given);
  };
  const send = window.fetch;
  window.fetch = (...given) => {
    const url = String(given[0]);
    const elsewhere = (url.includes("/twins/") && composing?.name !== "question") || (url.includes("/draft/") && !url.includes(own()));
    if (composing && !elsewhere) note("send");
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
    watch_over(page, *scripts)
    page.goto(address)


def watch_over(page: Page, *scripts: str) -> None:
    """From the next page on somebody looks on."""
    page.set_default_timeout(60_000)  # a busy machine opens many pages slowly
    page.route("**/items/?q=*", lambda route: route.fulfill(status=204))  # the palette's search leads nowhere
    for script in (WATCH, *scripts):
        page.add_init_script(script)


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
    for key in ("ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Tab"):
        ime.key(key, key)
    look("arrows and Tab", holds="書書書にん")
    ime.key("Enter", "Enter", ctrl=True)
    ime.key("Enter", "Enter", shift=True)
    ime.key("z", "KeyZ", ctrl=True)
    look("Ctrl+Enter, Shift+Enter and Ctrl+Z within", holds="書書書にん")
    ime.erase("に")
    look("Backspace", holds="書書書に")
    ime.cancel()
    look("Escape", holds="書書書")
    ime.compose("さふ")
    ime.commit_as_safari("沙")
    look("Enter in Safari's order", holds="書書書沙")
    for held_key in ("ctrl", "shift"):
        ime.compose("さふ")
        ime.commit_as_safari("沙", **{held_key: True})
    look("Ctrl+Enter and Shift+Enter in Safari's order", holds="書書書沙沙沙")
    return wrong


# Every field of text that is on the page, folds opened; with the form and the name that make it one of its kind.
FOUND = r"""() => {
  document.querySelectorAll("main details, aside details").forEach((each) => (each.open = true));
  document.querySelectorAll(".lines + button").forEach((each) => each.dispatchEvent(new MouseEvent("click", { bubbles: true })));
  const texts = "textarea, input:not([type]), input[type=text], input[type=search], input[type=url], input[type=email], [contenteditable=true]";
  const open = (field) => !field.disabled && !field.readOnly && field.checkVisibility() && !field.closest("dialog, [inert]");
  const found = [...document.querySelectorAll(texts)].filter(open).map((field, number) => {
    field.removeAttribute("maxlength");
    field.dataset.swept = number;
    const form = field.form?.getAttribute("action") || location.pathname;
    return [number, `${form} ${field.name || field.id || field.getAttribute("aria-label")}`.replace(/[0-9a-f]{12,}|\d+/g, "0")];
  });
  return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(found))));
}"""


def sweep(page: Page, seen: set[str]) -> dict[str, list[str]]:
    """Types into each field of the open page of a kind that was not seen before: what went wrong, by field."""
    wrong: dict[str, list[str]] = {}
    address = page.url
    for number, kind in page.evaluate(FOUND):
        if kind in seen:
            continue
        seen.add(kind)
        misfires(page)
        wrong[kind] = type_everything(page, page.locator(f"[data-swept='{number}']"))
        assert page.url == address, f"{kind}: led away to {page.url}"
    return wrong
