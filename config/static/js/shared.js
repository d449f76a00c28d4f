// What every other script uses: words in the page's language, the CSRF token, storage that may be missing.
"use strict";
window.Teinei = (() => {
  const words = document.getElementById("words")?.dataset ?? {};
  const person = document.body.dataset.person || "nobody";

  function csrf() {
    try {
      return JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] || "";
    } catch {
      return "";
    }
  }

  // An input method is composing: 229 is what Chromium and Safari send where isComposing is not set yet.
  const composing = (event) => event.isComposing || event.keyCode === 229;

  const inField = (element) =>
    !!element?.closest?.("input:not([type=checkbox]):not([type=radio]):not([type=button]):not([type=submit]), textarea, select, [contenteditable='true']");

  const key = (name) => `teinei.${person}.${name}`;
  const kept = {
    read(name) {
      try {
        return JSON.parse(localStorage.getItem(key(name)) ?? "null");
      } catch {
        return null;
      }
    },
    write(name, value) {
      try {
        localStorage.setItem(key(name), JSON.stringify(value));
        return true;
      } catch {
        return false;
      }
    },
    drop(name) {
      try {
        localStorage.removeItem(key(name));
      } catch { /* nothing was kept */ }
    },
    names(prefix) {
      try {
        return Object.keys(localStorage).filter((k) => k.startsWith(key(prefix))).map((k) => k.slice(key("").length));
      } catch {
        return [];
      }
    },
  };

  // crypto.randomUUID is missing on plain-http addresses other than localhost.
  function uid() {
    if (crypto.randomUUID) return crypto.randomUUID();
    const b = crypto.getRandomValues(new Uint8Array(16));
    b[6] = (b[6] & 15) | 64;
    b[8] = (b[8] & 63) | 128;
    const hex = [...b].map((n) => n.toString(16).padStart(2, "0")).join("");
    return [8, 12, 16, 20].reduceRight((text, at) => `${text.slice(0, at)}-${text.slice(at)}`, hex);
  }

  const clock = (date) => new Date(date).toLocaleTimeString("sv-SE");

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  // Each behaviour starts on the whole page and again on what htmx or a rating brings in.
  const starters = [];
  function onContent(start) {
    starters.push(start);
    start(document);
  }
  const content = (root) => starters.forEach((start) => start(root));
  document.addEventListener("htmx:load", (event) => {
    if (event.target !== document.body) content(event.target);
  });

  onContent((root) => root.querySelectorAll("[data-needs-script]").forEach((e) => e.removeAttribute("hidden")));

  return { words, csrf, composing, inField, kept, uid, clock, make, onContent, content };
})();
