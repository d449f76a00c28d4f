// How each character came in: typed, pasted, or from a machine. <textarea name="origins" hidden data-origins> in a form
// with fields named question and answer; it holds {part: [[kind, characters], ...]} and is saved like any other field.
"use strict";
(() => {
  const CODE = { typed: "t", pasted: "p", machine: "m", unknown: "u" };
  const KIND = Object.fromEntries(Object.entries(CODE).map(([kind, code]) => [code, kind]));
  const PASTED = ["insertFromPaste", "insertFromDrop", "insertFromPasteAsQuotation", "insertFromYank"];
  const REMEMBERED = 300; // texts of a part whose kinds an undo finds again

  // Runs count code points, a field's value UTF-16 units: one letter of CODE stands for each unit.
  function unitsOf(runs, value) {
    const points = [...value];
    let at = 0;
    let units = "";
    for (const [kind, number] of runs ?? []) {
      for (const point of points.slice(at, at + number)) units += CODE[kind].repeat(point.length);
      at += number;
    }
    return at === points.length ? units : null;
  }

  function runsOf(units, value) {
    const runs = [];
    let at = 0;
    for (const point of value) {
      const kind = KIND[units[at]];
      if (runs.at(-1)?.[0] === kind) runs.at(-1)[1] += 1;
      else runs.push([kind, 1]);
      at += point.length;
    }
    return runs;
  }

  class Part {
    constructor(field) {
      this.field = field;
      this.known = new Map();
      this.set("u".repeat(field.value.length));
    }

    set(units) {
      this.value = this.field.value;
      this.units = units;
      this.known.delete(this.value);
      this.known.set(this.value, units);
      if (this.known.size > REMEMBERED) this.known.delete(this.known.keys().next().value);
    }

    // What changed since the last look is of this kind, or of the kinds given for exactly that text.
    changed(code, own) {
      const now = this.field.value;
      const before = this.value;
      if (now === before) return;
      let start = 0;
      while (start < before.length && start < now.length && before[start] === now[start]) start += 1;
      let end = 0;
      while (end < before.length - start && end < now.length - start && before.at(-1 - end) === now.at(-1 - end)) end += 1;
      const come = now.slice(start, now.length - end);
      const gone = { text: before.slice(start, before.length - end), units: this.units.slice(start, before.length - end) };
      const units = own && own.text.length === come.length ? own.units : code.repeat(come.length);
      this.set(this.units.slice(0, start) + units + this.units.slice(before.length - end));
      return gone;
    }

    // Undo, redo and restored drafts bring back a text that was there: with its kinds where they are remembered.
    returned() {
      const units = this.known.get(this.field.value);
      if (units === undefined) this.changed("u");
      else this.set(units);
    }
  }

  class Origins {
    constructor(store) {
      this.store = store;
      this.form = store.form;
      this.parts = {};
      for (const name of ["question", "answer"]) {
        const field = this.form.querySelector(`textarea[name="${name}"]`);
        if (field) this.parts[name] = new Part(field);
      }
      this.load();
      // Before autosave reads the fields: it listens on the form as the event comes up.
      this.form.addEventListener("input", (event) => this.input(event), true);
      this.form.addEventListener("teinei:filled", (event) => this.filled(event), true);
      for (const kind of ["copy", "cut", "dragstart"]) this.form.addEventListener(kind, (event) => this.taken(event));
    }

    held() {
      try {
        return JSON.parse(this.store.value || "{}");
      } catch {
        return {};
      }
    }

    load() {
      const held = this.held();
      for (const [name, part] of Object.entries(this.parts)) {
        const units = unitsOf(held[name], part.field.value);
        if (units !== null) part.set(units);
        else part.returned();
      }
    }

    keep() {
      const held = this.held();
      for (const [name, part] of Object.entries(this.parts)) held[name] = runsOf(part.units, part.value);
      this.store.value = JSON.stringify(held);
    }

    partOf(event) {
      return Object.values(this.parts).find((part) => part.field === event.target);
    }

    // A copy of one's own words stays what it was when it is put in again, here or in the other part.
    taken(event) {
      const part = this.partOf(event);
      if (!part) return;
      const { selectionStart: start, selectionEnd: end, value } = part.field;
      if (start === end) return;
      this.clip = { text: value.slice(start, end), units: part.units.slice(start, end) };
    }

    input(event) {
      const part = this.partOf(event);
      if (!part) return;
      const type = event.inputType ?? "";
      if (type.startsWith("history")) part.returned();
      else if (PASTED.includes(type)) part.changed("p", this.ownWords(part));
      else part.changed(type ? "t" : "u");
      this.keep();
    }

    ownWords(part) {
      const { clip } = this;
      return clip && part.field.value.includes(clip.text) ? clip : null;
    }

    filled(event) {
      if (event.target === this.store) this.load();
      else this.partOf(event)?.returned();
      this.keep();
    }
  }

  // For a text that a machine wrote: puts it in and says so.
  Teinei.insertFromMachine = (field, text) => {
    const origins = held.get(field.form);
    field.value = text;
    const part = origins && Object.values(origins.parts).find((each) => each.field === field);
    part?.changed("m");
    origins?.keep();
    field.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertReplacementText" }));
  };

  const held = new WeakMap();
  Teinei.onContent((root) =>
    root.querySelectorAll("textarea[data-origins]").forEach((store) => {
      if (!held.has(store.form)) held.set(store.form, new Origins(store));
    }),
  );
})();
