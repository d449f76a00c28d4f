// Keys. data-key="a", "g w", "Control+Enter" on a button, link or field; "?" lists them. Single keys act only while no
// field has the focus, never during composition, and can be switched off (WCAG 2.1.4). Escape leaves a field. With
// data-key-own another script hears the key; it is listed all the same.
"use strict";
(() => {
  const { words, composing, inField, make } = Teinei;
  const root = document.documentElement;
  const WAIT = 1200;
  let prefix = "";
  let timer;

  const caption = (key) => key.replace("Control+", "Ctrl ").replace("Shift+", "Shift ").replace("Escape", "Esc");
  const usable = (element) => !element.disabled && element.getAttribute("aria-disabled") !== "true" && element.closest("[hidden], [inert]") === null;
  const bound = () => [...document.querySelectorAll("[data-key]")].filter(usable);

  function find(key) {
    const found = bound().filter((element) => element.dataset.key === key);
    return found.find((element) => element.offsetParent !== null) ?? found[0];
  }

  function use(element) {
    if (element.matches("input:not([type=checkbox], [type=radio], [type=submit]), textarea, select")) element.focus();
    else element.click();
  }

  function name(event) {
    const key = event.key.length === 1 ? event.key.normalize("NFKC") : event.key;
    return event.ctrlKey || event.metaKey ? `Control+${key}` : key;
  }

  function leaveField(event) {
    if (!event.target.closest("dialog")) document.getElementById("main")?.focus({ preventScroll: true });
  }

  document.addEventListener("keydown", (event) => {
    // The Escape that takes a composition back would make the browser empty a field of search.
    if (composing(event) && event.key === "Escape" && event.target.matches?.("input[type=search]")) event.preventDefault();
    if (composing(event) || event.altKey || event.defaultPrevented) return;
    const key = name(event);
    const typing = inField(event.target);
    if (document.querySelector("dialog[open]")) return;
    if (typing && key === "Escape") return leaveField(event);
    if (key.startsWith("Control+")) {
      const element = find(key);
      if (element && !event.repeat && !element.matches("[data-key-own]")) {
        event.preventDefault();
        use(element);
      }
      return;
    }
    if (typing || event.repeat || root.dataset.keys === "off") return;
    if (key === "?") return openSheet();
    const sequence = prefix ? `${prefix} ${key}` : key;
    const element = find(sequence) ?? find(key);
    clearTimeout(timer);
    prefix = "";
    if (element?.matches("[data-key-own]")) return;
    if (element) {
      event.preventDefault();
      use(element);
    } else if (bound().some((each) => each.dataset.key.startsWith(`${key} `))) {
      prefix = key;
      timer = setTimeout(() => (prefix = ""), WAIT);
    }
  });

  // Caps on what has a key but does not show it yet
  Teinei.onContent((area) =>
    area.querySelectorAll("[data-key]").forEach((element) => {
      element.setAttribute("aria-keyshortcuts", element.dataset.key);
      if (element.matches("[data-key-hidden], input, textarea, select") || element.querySelector(".key")) return;
      element.append(make("kbd", { class: "key", "aria-hidden": "true" }, caption(element.dataset.key)));
    }),
  );

  function label(element) {
    if (element.dataset.keyLabel) return element.dataset.keyLabel;
    const copy = element.cloneNode(true);
    copy.querySelectorAll(".key, .side__count, .side__alert").forEach((part) => part.remove());
    return copy.textContent.trim() || element.getAttribute("aria-label") || element.title;
  }

  function group(title, rows) {
    if (!rows.length) return "";
    const list = make("dl");
    for (const [what, keys] of rows) {
      list.append(make("dt", {}, what), make("dd", {}, ...keys.split(" ").map((key) => make("kbd", { class: "key" }, caption(key)))));
    }
    return make("section", {}, make("h3", {}, title), list);
  }

  const sheet = document.getElementById("keys-sheet");
  function openSheet() {
    if (!sheet) return;
    const seen = new Map();
    for (const element of bound()) if (!seen.has(element.dataset.key)) seen.set(element.dataset.key, label(element));
    const rows = [...seen].map(([key, what]) => [what, key]);
    const goes = rows.filter(([, key]) => key.startsWith("g "));
    const here = rows.filter(([, key]) => !key.startsWith("g "));
    const everywhere = [[words.help, "?"], [words.search, "Control+K"], [words.close, "Escape"]];
    sheet.querySelector("[data-keys-list]").replaceChildren(group(words.thisPage, here), group(words.everywhere, everywhere), group(words.goTo, goes));
    sheet.showModal(); // the browser gives the focus back when it closes
  }

  document.querySelectorAll("[data-open-keys]").forEach((button) => button.addEventListener("click", openSheet));
  sheet?.addEventListener("click", (event) => event.target === sheet && sheet.close());
  const single = sheet?.querySelector("[data-keys-switch]");
  if (single) {
    single.checked = root.dataset.keys !== "off";
    single.addEventListener("change", () => {
      if (single.checked) delete root.dataset.keys;
      else root.dataset.keys = "off";
      try {
        localStorage.setItem("teinei.keys", single.checked ? "on" : "off");
      } catch { /* holds for this page only */ }
    });
  }

  // The focus goes on to what replaced the element that had it.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (document.activeElement && document.activeElement !== document.body) return;
    const next = event.target.querySelector?.("[data-focus]") ?? document.getElementById("main");
    next?.focus({ preventScroll: true });
  });
})();
