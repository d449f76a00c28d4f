// Nothing typed is lost. <form data-autosave-url="URL" data-autosave-version="N">
// Sends {client_id, base_version, fields}; the server answers 200 {version, saved_at}, or 409 {version, fields, saved_at}
// where somebody saved in between. Until a 200 the browser keeps a copy, and sends it again after a cut or a reload; each
// window has a copy of its own, so that none drops another's. Nothing is kept or sent during a composition.
"use strict";
(() => {
  const { words, kept, composing } = Teinei;
  const PAUSE = 800; // after the last keystroke
  const LONGEST = 1500; // while typing goes on: with the request this stays under two seconds
  const PATIENCE = 15000;
  const TRIED = 5;
  const RETRY = [2000, 4000, 8000, 15000, 30000];
  const SKIP = "[data-autosave-skip]";

  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  const lines = (value) => (typeof value === "string" ? value.split(/\r?\n/).map((line) => line.trimEnd()).filter(Boolean) : value);

  const read = (form) => Teinei.fields.read(form, SKIP);
  const fill = (form, fields) => Teinei.fields.fill(form, fields, SKIP);

  class Autosave {
    constructor(form) {
      this.form = form;
      this.url = form.dataset.autosaveUrl;
      this.version = Number(form.dataset.autosaveVersion || 0);
      this.left = [];
      this.name = `draft.${this.url}#${Teinei.uid()}`;
      this.base = read(form); // the last fields that the server has said yes to
      this.tried = []; // what was sent since, and may have arrived although no answer came
      this.attempts = 0;
      this.inComposition = false;
      this.listen();
      kept.ready.then(() => this.begin());
    }

    begin() {
      const mine = `draft.${this.url}`;
      this.left = kept.names(mine).filter((name) => name !== this.name && [undefined, "#"].includes(name[mine.length]));
      if (!this.dirty()) this.restore(); // else once that is saved
      this.moved();
    }

    listen() {
      const { form } = this;
      form.addEventListener("compositionstart", () => (this.inComposition = true));
      const over = () => {
        this.inComposition = false;
        this.changed();
      };
      form.addEventListener("compositionend", over);
      form.addEventListener("focusout", () => this.inComposition && over()); // some input methods end without a word
      const typed = (event) => event.target.closest("[data-conflict-panel]") || this.changed();
      form.addEventListener("input", typed);
      form.addEventListener("change", typed);
      addEventListener("online", () => this.dirty() && this.save());
      addEventListener("beforeunload", (event) => this.safe === false && this.dirty() && event.preventDefault());
      addEventListener("pagehide", () => this.dirty() && !this.conflicted && this.send(true));
      document.addEventListener("visibilitychange", () => this.dirty() && !this.conflicted && this.save());
    }

    // The newest copy that a window of this draft left behind; an older one once that is saved, as a dispute would come.
    restore() {
      const copies = this.left.map((name) => ({ name, ...kept.read(name) })).filter((copy) => copy.fields);
      copies.sort((a, b) => (a.at ?? 0) - (b.at ?? 0));
      const copy = copies.pop();
      this.left = copies.map((each) => each.name);
      if (!copy) return;
      if (same(copy.fields, read(this.form))) {
        kept.drop(copy.name);
        this.restore();
        return;
      }
      this.version = copy.base_version;
      this.base = copy.base;
      this.id = copy.id;
      this.sent = copy.fields;
      this.tried = copy.tried ?? [];
      fill(this.form, copy.fields);
      this.keep();
      if (this.safe) kept.drop(copy.name);
      Teinei.toast?.(words.restored, "info");
      this.save();
    }

    dirty() {
      return !same(read(this.form), this.base);
    }

    keep() {
      const { version, base, id, tried } = this;
      const copy = { base_version: version, base, id, tried, fields: read(this.form), page: location.pathname, at: Date.now() };
      this.safe = kept.write(this.name, copy);
    }

    changed() {
      if (this.inComposition) return;
      if (!this.dirty() && !this.conflicted) {
        if (!this.flight) {
          kept.drop(this.name);
          this.since = null;
          clearTimeout(this.timer);
        }
        return;
      }
      this.keep();
      if (this.conflicted) {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.conflicted?.(), PAUSE);
        return;
      }
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
      this.settled = false;
      if (!same(fields, this.sent)) this.id = null; // the same text again keeps its id, so repeating it is harmless
      this.id ??= Teinei.uid();
      this.sent = fields;
      this.tried = [...this.tried.filter((each) => !same(each, fields)), fields].slice(-TRIED);
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
      this.agreed(json.version, fields);
      this.form.dispatchEvent(new CustomEvent("teinei:saved", { bubbles: true, detail: json }));
      return this.rested(json);
    }

    agreed(version, fields) {
      this.version = version;
      this.base = fields;
      this.attempts = 0;
      this.id = null;
      this.tried = [];
      this.form.dataset.autosaveVersion = version;
      this.form.querySelectorAll("[name=version]").forEach((field) => (field.value = version));
    }

    // Whether everything is on the server now; what was typed meanwhile goes on its way.
    rested(json) {
      if (this.dirty()) {
        this.changed();
        return false;
      }
      kept.drop(this.name);
      this.show("saved", `${words.saved} ${Teinei.clock(json.saved_at)}`);
      this.restore();
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

    // What was saved in between is merged into the fields passage by passage; where both sides changed the same words,
    // the person chooses. What this window sent earlier, and had no answer to, is no other side.
    disputed(json) {
      const mine = read(this.form);
      const theirs = Object.fromEntries(Object.keys(mine).map((name) => [name, json.fields[name] ?? this.base[name]]));
      const own = (name) => this.tried.some((fields) => same(lines(fields[name]), lines(theirs[name])));
      const base = Object.fromEntries(Object.keys(mine).map((name) => [name, own(name) ? theirs[name] : this.base[name]]));
      this.merge(base, theirs, () => {
        this.agreed(json.version, theirs);
        this.rested(json);
      });
      return false;
    }

    // Another revision came while this one was written: the page brings both sides of the fields that it touches.
    moved() {
      const sides = [...this.form.querySelectorAll("template[data-merge]")].map(({ dataset }) => dataset);
      if (!sides.length) return;
      const here = read(this.form);
      const base = { ...here, ...Object.fromEntries(sides.map(({ merge, base: text }) => [merge, text])) };
      const theirs = { ...here, ...Object.fromEntries(sides.map(({ merge, theirs: text }) => [merge, text])) };
      this.merge(base, theirs, () => this.changed());
    }

    merge(base, theirs, then) {
      const mine = read(this.form);
      const { take, merged, asked } = Teinei.conflict.weigh(this.form, base, mine, theirs);
      const adopt = (fields) => {
        this.conflicted = null;
        this.settled = true;
        Teinei.conflict.close(this.form);
        fill(this.form, fields);
        then();
        Teinei.conflict.tell(this.form, merged);
      };
      this.conflicted = () => this.merge(base, theirs, then); // once the person goes on typing
      if (this.inComposition) return; // its end comes back here
      if (!Object.keys(asked).length) {
        adopt(take);
        return;
      }
      this.show("conflict");
      Teinei.conflict.panel(this.form, asked, (chosen) => adopt({ ...take, ...chosen }));
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
      const saved = (await autosave.save()) || (autosave.settled && (await autosave.save()));
      if (saved && !autosave.form.querySelector("[data-merged-panel]")) autosave.form.requestSubmit(submitter);
      else if (saved) Teinei.toast?.(words.merged, "warning"); // to be read before it is handed in
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
