// Threads: "@" in a <textarea data-names="URL"> offers the people of the dataset; Ctrl+Enter sends the form that one is in.
// Nothing is done while an input method composes: its Enter, arrows and Escape are its own.
"use strict";
(() => {
  const { composing, make } = Teinei;
  const SIGN = /(?:^|[^A-Za-z0-9._+@＠-])[@＠]([^\s@＠、。,]{0,40})$/u;
  const MOST = 8;
  const fold = (text) => text.normalize("NFKC").toLowerCase().replace(/[\u30a1-\u30f6]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 96));
  const asked = new Map();
  let count = 0;

  function names(url) {
    if (!asked.has(url)) {
      const answer = fetch(url, { redirect: "manual" }).then((found) => (found.ok ? found.json() : Promise.reject(found.status)));
      asked.set(url, answer.then((found) => found.names));
      asked.get(url).catch(() => asked.delete(url)); // asked again at the next letter
    }
    return asked.get(url);
  }

  class Names {
    constructor(field) {
      this.field = field;
      this.shown = [];
      this.at = 0;
      this.inComposition = false;
      const id = `names-${++count}`;
      this.list = make("ul", { class: "names__list", role: "listbox", id, hidden: "" });
      field.after(make("div", { class: "names" }, this.list));
      for (const [name, value] of Object.entries({ "aria-autocomplete": "list", "aria-controls": id })) field.setAttribute(name, value);
      field.addEventListener("compositionstart", () => {
        this.inComposition = true;
        this.close();
      });
      field.addEventListener("compositionend", () => {
        this.inComposition = false;
        this.look();
      });
      field.addEventListener("input", () => this.look());
      field.addEventListener("click", () => this.look());
      field.addEventListener("blur", () => this.close());
      field.addEventListener("keydown", (event) => this.key(event));
      this.list.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
      this.list.addEventListener("click", (event) => {
        const row = event.target.closest("[role=option]");
        if (row) this.take(Number(row.dataset.at));
      });
    }

    // What stands between the sign and the cursor; null where there is no sign.
    begun() {
      const { value, selectionStart, selectionEnd } = this.field;
      if (selectionStart !== selectionEnd) return null;
      return SIGN.exec(value.slice(0, selectionStart))?.[1] ?? null;
    }

    async look() {
      const begun = this.inComposition ? null : this.begun();
      if (begun === null) return this.close();
      try {
        const all = await names(this.field.dataset.names);
        if (this.inComposition || this.begun() !== begun) return; // typed on meanwhile
        const part = fold(begun);
        const fits = ({ name, shown }) => fold(name).startsWith(part) || fold(shown).includes(part);
        this.draw(all.filter(fits).slice(0, MOST));
      } catch {
        this.close(); // without the list a name is typed out
      }
    }

    draw(found) {
      this.shown = found;
      this.at = 0;
      this.list.replaceChildren(
        ...found.map(({ name, shown }, at) => {
          const row = make("li", { role: "option", id: `${this.list.id}-${at}`, "data-at": String(at) }, make("b", {}, shown));
          if (name !== shown) row.append(make("small", {}, `@${name}`));
          return row;
        }),
      );
      this.list.hidden = !found.length;
      this.mark();
    }

    mark() {
      [...this.list.children].forEach((row, at) => row.setAttribute("aria-selected", String(at === this.at)));
      if (this.list.hidden) this.field.removeAttribute("aria-activedescendant");
      else this.field.setAttribute("aria-activedescendant", `${this.list.id}-${this.at}`);
    }

    close() {
      if (!this.list.hidden) this.draw([]);
    }

    key(event) {
      if (composing(event) || this.list.hidden || event.ctrlKey || event.metaKey || event.altKey) return;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) {
        this.at = (this.at + step + this.shown.length) % this.shown.length;
        this.mark();
      } else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey) this.take(this.at);
      else if (event.key === "Escape") this.close();
      else return;
      event.preventDefault();
    }

    take(at) {
      const begun = this.begun();
      const name = this.shown[at]?.name;
      const { field } = this;
      const end = field.selectionStart;
      this.close();
      if (begun === null || !name) return;
      field.setSelectionRange(end - begun.length, end);
      if (document.execCommand("insertText", false, `${name} `)) return; // as typed: the browser's undo takes it back
      field.setRangeText(`${name} `, end - begun.length, end, "end");
      field.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertText" }));
    }
  }

  Teinei.onContent((root) =>
    root.querySelectorAll("textarea[data-names]").forEach((field) => {
      if (field.dataset.names && !field.hasAttribute("aria-controls")) new Names(field);
    }),
  );

  document.addEventListener("keydown", (event) => {
    const form = event.target.closest?.("form[data-thread]");
    if (!form || event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || composing(event)) return;
    event.preventDefault(); // else the page's own Ctrl+Enter would decide about the item
    if (!event.repeat) form.requestSubmit();
  }, true);

  // Who opens the form of an answer writes next.
  document.addEventListener("toggle", (event) => {
    if (event.target.matches?.(".comment__answer") && event.target.open) event.target.querySelector("textarea").focus();
  }, true);

  // What this device kept of an answer is shown where it belongs, and where the address leads is opened.
  document.addEventListener("teinei:filled", (event) => {
    const answer = event.target.closest?.(".comment__answer");
    if (answer) answer.open = true;
  });
})();
