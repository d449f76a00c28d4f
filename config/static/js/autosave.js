// Nothing typed is lost. <form data-autosave-url="URL" data-autosave-version="N">
// Sends {client_id, base_version, fields}; the server answers 200 {version, saved_at}, or 409 {version, fields, saved_at}
// where somebody saved in between. Until a 200 the browser keeps a copy, and sends it again after a cut or a reload.
"use strict";
(() => {
  const { words, kept, composing } = Teinei;
  const PAUSE = 800; // after the last keystroke
  const LONGEST = 1500; // while typing goes on: with the request this stays under two seconds
  const PATIENCE = 15000;
  const RETRY = [2000, 4000, 8000, 15000, 30000];
  const SKIP = "[type=hidden], [type=submit], [type=button], [type=file], [data-autosave-skip]";

  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

  function read(form) {
    const fields = {};
    for (const field of form.elements) {
      if (!field.name || field.tagName === "BUTTON" || field.matches(SKIP)) continue;
      if (field.type === "radio") {
        fields[field.name] ??= "";
        if (field.checked) fields[field.name] = field.value;
      } else if (field.type === "checkbox") {
        fields[field.name] ??= [];
        if (field.checked) fields[field.name].push(field.value);
      } else if (field.multiple) {
        fields[field.name] = [...field.selectedOptions].map((option) => option.value);
      } else {
        fields[field.name] = field.value;
      }
    }
    return fields;
  }

  function fill(form, fields) {
    for (const field of form.elements) {
      if (!(field.name in fields) || field.tagName === "BUTTON" || field.matches(SKIP)) continue;
      const value = fields[field.name];
      if (field.type === "radio") field.checked = field.value === value;
      else if (field.type === "checkbox") field.checked = value.includes(field.value);
      else if (field.multiple) for (const option of field.options) option.selected = value.includes(option.value);
      else if (field.value !== value) field.value = value;
      field.dispatchEvent(new CustomEvent("teinei:filled", { bubbles: true }));
    }
  }

  class Autosave {
    constructor(form) {
      this.form = form;
      this.url = form.dataset.autosaveUrl;
      this.version = Number(form.dataset.autosaveVersion || 0);
      this.name = `draft.${this.url}`;
      this.base = read(form); // the last fields that the server has said yes to
      this.attempts = 0;
      this.inComposition = false;
      this.listen();
      this.restore();
    }

    listen() {
      const { form } = this;
      form.addEventListener("compositionstart", () => (this.inComposition = true));
      form.addEventListener("compositionend", () => {
        this.inComposition = false;
        this.changed();
      });
      form.addEventListener("input", () => this.changed());
      form.addEventListener("change", () => this.changed());
      addEventListener("online", () => this.dirty() && this.save());
      addEventListener("pagehide", () => this.dirty() && !this.conflicted && this.send(true));
      document.addEventListener("visibilitychange", () => this.dirty() && !this.conflicted && this.save());
    }

    restore() {
      const copy = kept.read(this.name);
      if (!copy) return;
      if (same(copy.fields, this.base)) {
        kept.drop(this.name);
        return;
      }
      this.version = copy.base_version;
      this.base = copy.base;
      this.id = copy.id;
      this.sent = copy.fields;
      fill(this.form, copy.fields);
      Teinei.toast?.(words.restored, "info");
      this.save();
    }

    dirty() {
      return !same(read(this.form), this.base);
    }

    keep() {
      const copy = { base_version: this.version, base: this.base, fields: read(this.form), id: this.id, page: location.pathname };
      this.safe = kept.write(this.name, copy);
    }

    changed() {
      if (!this.dirty()) {
        if (!this.flight) {
          kept.drop(this.name);
          this.since = null;
          clearTimeout(this.timer);
        }
        return;
      }
      this.keep();
      if (this.conflicted) return;
      this.show("editing");
      this.since ??= Date.now();
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.save(), Math.max(0, Math.min(PAUSE, this.since + LONGEST - Date.now())));
    }

    // Resolves to true when the server has everything.
    save() {
      if (this.flight) return this.flight.then(() => (this.dirty() && !this.conflicted ? this.save() : !this.dirty()));
      if (this.conflicted) return Promise.resolve(false);
      if (!this.dirty()) return Promise.resolve(true);
      if (this.inComposition) return Promise.resolve(false); // compositionend comes back here
      clearTimeout(this.timer);
      this.flight = this.send(false).finally(() => (this.flight = null));
      return this.flight;
    }

    async send(leaving) {
      const fields = read(this.form);
      if (!same(fields, this.sent)) this.id = null; // the same text again keeps its id, so repeating it is harmless
      this.id ??= Teinei.uid();
      this.sent = fields;
      this.since = null;
      this.keep();
      this.show("saving");
      const cut = new AbortController();
      const clock = setTimeout(() => cut.abort(), PATIENCE);
      try {
        const answer = await fetch(this.url, {
          method: "POST",
          headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": Teinei.csrf() },
          body: JSON.stringify({ client_id: this.id, base_version: this.version, fields }),
          keepalive: leaving,
          signal: cut.signal,
          redirect: "manual",
        });
        const json = answer.headers.get("content-type")?.includes("json") ? await answer.json() : null;
        return this.answered(answer, json, fields);
      } catch {
        return this.failed(navigator.onLine ? "unsaved" : "offline");
      } finally {
        clearTimeout(clock);
      }
    }

    answered(answer, json, fields) {
      document.dispatchEvent(new CustomEvent("teinei:online"));
      if (answer.ok && json) return this.acknowledged(json, fields);
      if (answer.status === 409 && json?.fields) return this.disputed(json);
      if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
        this.show("unsaved", words.signedOut);
        return false;
      }
      if (answer.status >= 400 && answer.status < 500) {
        this.show("unsaved", json?.error || json?.detail || words.refused);
        return false;
      }
      return this.failed("unsaved");
    }

    acknowledged(json, fields) {
      this.version = json.version;
      this.base = fields;
      this.attempts = 0;
      this.id = null;
      this.form.dataset.autosaveVersion = json.version;
      this.form.querySelectorAll("[name=version]").forEach((field) => (field.value = json.version));
      if (this.dirty()) {
        this.changed();
        return false;
      }
      kept.drop(this.name);
      this.show("saved", `${words.saved} ${Teinei.clock(json.saved_at)}`);
      this.form.dispatchEvent(new CustomEvent("teinei:saved", { bubbles: true, detail: json }));
      return true;
    }

    failed(state) {
      this.show(state);
      document.dispatchEvent(new CustomEvent("teinei:offline"));
      const wait = RETRY[Math.min(this.attempts++, RETRY.length - 1)];
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.save(), wait);
      return false;
    }

    // Fields that only one side changed are merged; the rest is shown, each against what both started from.
    disputed(json) {
      const mine = read(this.form);
      const take = {};
      const texts = {};
      for (const name of Object.keys(mine)) {
        const theirs = json.fields[name] ?? this.base[name];
        if (same(mine[name], theirs)) continue;
        if (same(mine[name], this.base[name])) take[name] = theirs;
        else if (!same(theirs, this.base[name])) {
          const lang = this.form.elements[name]?.lang || null;
          texts[name] = { base: String(this.base[name] ?? ""), mine: String(mine[name]), theirs: String(theirs), lang };
        }
      }
      this.id = null;
      const adopt = (fields) => {
        this.version = json.version;
        this.base = { ...this.base, ...json.fields };
        for (const name of Object.keys(this.base)) if (!(name in mine)) delete this.base[name];
        if (this.inComposition) this.form.addEventListener("compositionend", () => fill(this.form, fields), { once: true });
        else fill(this.form, fields);
        this.conflicted = false;
        Teinei.conflict.close(this.form);
        if (this.dirty()) {
          this.keep();
          setTimeout(() => this.save());
        } else {
          kept.drop(this.name);
          this.show("saved", `${words.saved} ${Teinei.clock(json.saved_at)}`);
        }
      };
      if (!Object.keys(texts).length) {
        adopt(take);
        return false;
      }
      this.conflicted = true;
      this.show("conflict");
      Teinei.conflict.panel(this.form, texts, (choice) => {
        const theirs = Object.fromEntries(Object.keys(texts).map((name) => [name, json.fields[name]]));
        adopt(choice === "theirs" ? { ...take, ...theirs } : take);
      });
      return false;
    }

    show(state, text = words[state]) {
      const own = document.querySelectorAll(this.form.id ? `[data-saved-for="${CSS.escape(this.form.id)}"]` : "#none");
      const alone = document.querySelectorAll("form[data-autosave-url]").length === 1;
      const places = [...own, ...(alone ? document.querySelectorAll("[data-saved]:not([data-saved-for]), [data-saved-everywhere]") : [])];
      const careful = ["unsaved", "offline"].includes(state) && this.safe === false ? words.editing : text;
      for (const place of places) {
        place.dataset.state = state;
        if (place.textContent !== careful) place.textContent = careful;
      }
    }
  }

  const forms = new WeakMap();
  Teinei.onContent((root) =>
    root.querySelectorAll("form[data-autosave-url]").forEach((form) => {
      if (!forms.has(form)) forms.set(form, new Autosave(form));
    }),
  );

  // A submit waits until the draft is on the server, so that a failed submit loses nothing.
  document.addEventListener(
    "submit",
    async (event) => {
      const autosave = forms.get(event.target);
      if (!autosave) return;
      if (autosave.leaving) {
        event.preventDefault();
        event.stopImmediatePropagation();
        return;
      }
      if (!autosave.dirty() && !autosave.flight) {
        autosave.leaving = true;
        setTimeout(() => (autosave.leaving = false), 3000);
        return;
      }
      event.preventDefault();
      event.stopImmediatePropagation();
      const { submitter } = event;
      if (await autosave.save()) autosave.form.requestSubmit(submitter);
      else if (!autosave.conflicted) Teinei.toast?.(words.unsaved, "error");
    },
    true,
  );

  // Plain Enter in a one-line field never submits; nor does an Enter that belongs to the input method.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
    const guarded = event.target.closest?.("form[data-autosave-url], form[data-rate]");
    if (!guarded || !event.target.matches("input")) return;
    if (composing(event)) return;
    event.preventDefault();
  });
})();
