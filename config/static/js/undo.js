// Undo that outlives a reload: <form id="ID" data-autosave-url="URL" data-undo="URL">, and components/undo.html for its buttons.
// What is typed on this page the browser takes back itself, as it does anywhere; what it knows nothing of (choices,
// and all from before a reload, a crash or a merge) is taken back from the draft's own line (undo_ring.js, undo_store.js).
"use strict";
(() => {
  const { kept, composing, inField } = Teinei;
  const SOON = 200;

  class Undo {
    constructor(form) {
      this.form = form;
      this.inComposition = false;
      this.last = null; // the field that was typed in
      kept.ready.then(() => this.begin()); // after autosave.js, which puts in what the device has kept
    }

    begin() {
      this.ring = new Teinei.UndoRing(this.read());
      this.listen();
      this.show();
      Teinei.undoStore.take(this.form.dataset.undo).then(({ name, kept: line }) => {
        this.name = name;
        if (line) this.ring.older(line);
        this.show();
      });
    }

    read() {
      const fields = Teinei.fields.read(this.form, "[data-autosave-quiet]");
      for (const [name, value] of Object.entries(fields)) if (typeof value === "string" && !this.isText(name)) fields[name] = [value];
      this.before = this.quiet ?? {};
      this.quiet = Object.fromEntries([...this.form.querySelectorAll("[data-autosave-quiet]")].map((field) => [field.name, field.value]));
      return fields;
    }

    isText(name) {
      return this.form.elements.namedItem(name)?.selectionStart !== undefined;
    }

    listen() {
      const { form } = this;
      const over = () => {
        this.inComposition = false;
        this.look("");
      };
      form.addEventListener("compositionstart", () => (this.inComposition = true));
      form.addEventListener("compositionend", () => this.inComposition && over());
      form.addEventListener("focusout", () => this.inComposition && over());
      form.addEventListener("input", (event) => {
        if (inField(event.target)) this.last = event.target;
        this.look(event.inputType, event.isTrusted);
      });
      form.addEventListener("change", () => this.look("", false));
      form.addEventListener("teinei:filled", () => this.came());
      addEventListener("pagehide", () => this.keep());
      document.addEventListener("visibilitychange", () => document.hidden && this.keep());
    }

    // What the person has just done. Not during a composition: what is on the page then is no text yet.
    look(type, live = true) {
      if (this.putting || this.inComposition) return;
      const way = { historyUndo: "undo", historyRedo: "redo" }[type];
      for (const [field, value] of Object.entries(this.read())) {
        if (way) this.ring.followed(way, field, value);
        else this.ring.made(field, value, { now: Date.now(), live, along: this.along() });
      }
      this.changed();
    }

    along() {
      const moved = Object.entries(this.quiet).filter(([name, value]) => (this.before[name] ?? value) !== value);
      return moved.length ? Object.fromEntries(moved.map(([name, value]) => [name, [this.before[name], value]])) : null;
    }

    came() {
      if (this.putting) return;
      for (const [field, value] of Object.entries(this.read())) this.ring.came(field, value);
      this.changed();
    }

    changed() {
      this.show();
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.keep(), SOON);
    }

    keep() {
      if (this.name) Teinei.undoStore.write(this.name, this.ring.kept());
    }

    native(way) {
      return Boolean(this.ring.next(way)?.live) && document.queryCommandEnabled(way);
    }

    pressed(way) {
      if (!this.native(way)) {
        this.step(way);
        return;
      }
      if (!this.form.contains(document.activeElement)) this.last?.focus();
      document.execCommand(way);
    }

    step(way) {
      const put = this.ring[way]();
      this.putting = true;
      if (put) this.put(put, way === "undo" ? "historyUndo" : "historyRedo");
      this.putting = false;
      this.read();
      this.changed();
    }

    put({ field, value, at, along }, inputType) {
      const place = this.form.elements.namedItem(field);
      const list = place.nextElementSibling?.matches?.(".lines") ? place.nextElementSibling : null;
      const line = list ? [...list.querySelectorAll("input")].indexOf(document.activeElement) : -1;
      const single = Array.isArray(value) && (place.tagName === "SELECT" ? !place.multiple : (place[0] ?? place).type === "radio");
      Teinei.fields.fill(this.form, { [field]: single ? value[0] : value });
      if (at !== null) Teinei.fields.fill(this.form, along); // where the characters came from, when that is known
      if (list) {
        const lines = list.querySelectorAll("input");
        if (line >= 0) (lines[Math.min(line, lines.length - 1)] ?? list.nextElementSibling).focus();
      } else if (at !== null) {
        place.focus();
        place.setSelectionRange(at, at);
      }
      const first = place[0]?.form && !place.form ? place[0] : place;
      first.dispatchEvent(at === null ? new Event("change", { bubbles: true }) : new InputEvent("input", { bubbles: true, inputType }));
    }

    show() {
      for (const button of buttons(this.form)) {
        const none = !this.ring.next(button.dataset.undoStep);
        button.setAttribute("aria-disabled", String(none));
      }
    }
  }

  const forms = new Map(); // in the order of the page
  const buttons = (form) => document.querySelectorAll(`button[data-undo-step][form="${CSS.escape(form.id)}"]`);
  const of = (form) => (form?.isConnected && forms.get(form)?.ring ? forms.get(form) : null);

  Teinei.onContent((root) =>
    root.querySelectorAll("form[data-undo][data-autosave-url]").forEach((form) => {
      if (!forms.has(form)) forms.set(form, new Undo(form));
    }),
  );

  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const way = { z: event.shiftKey ? "redo" : "undo", y: "redo" }[event.key.toLowerCase()];
    if (!way || composing(event) || document.querySelector("dialog[open]")) return;
    const typing = inField(event.target);
    const undo = of(typing ? event.target.form : forms.keys().next().value);
    if (!undo || undo.inComposition || undo.native(way)) return;
    event.preventDefault();
    undo.step(way);
  });

  // The field keeps the focus, and its keyboard on a phone.
  document.addEventListener("pointerdown", (event) => event.target.closest?.("button[data-undo-step]") && event.preventDefault());
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button[data-undo-step]");
    if (!button) return;
    event.preventDefault();
    if (button.getAttribute("aria-disabled") !== "true") of(button.form)?.pressed(button.dataset.undoStep);
  });
})();
