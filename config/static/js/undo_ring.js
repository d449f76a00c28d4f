// What was done to the fields of one draft, step by step, so that it can be taken back after a reload too. It knows
// nothing of the page: Teinei.UndoRing is told each new value of a field, and says what to put there.
// A step puts `come` in the place of `gone` at `at` (UTF-16 units), or `is` in the place of `was` where a field is no text.
// What came from elsewhere is a step as well: it is never taken back, and stays when something older is (Teinei.merge).
"use strict";
Teinei.UndoRing = (() => {
  const MOST = 200; // steps
  const SIZE = 1 << 20; // bytes, two for each unit of text
  const PAUSE = 1000; // a longer one begins a step
  const MARK = /[\s、。，．,.!?！？]/u; // what ends a word

  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  const isText = (step) => step.at !== undefined;
  const forward = (value, step) => (isText(step) ? value.slice(0, step.at) + step.come + value.slice(step.at + step.gone.length) : step.is);
  const backward = (value, step) => (isText(step) ? value.slice(0, step.at) + step.gone + value.slice(step.at + step.come.length) : step.was);
  const bytes = (step) => 2 * (isText(step) ? step.gone.length + step.come.length : JSON.stringify([step.was, step.is]).length) + 2 * JSON.stringify(step.along ?? "").length;

  // The change as a step; null where there is none.
  function change(field, before, after) {
    if (same(before, after)) return null;
    if (typeof before !== "string" || typeof after !== "string") return { field, was: before, is: after };
    let at = 0;
    while (at < before.length && at < after.length && before[at] === after[at]) at += 1;
    let end = 0;
    while (end < before.length - at && end < after.length - at && before.at(-1 - end) === after.at(-1 - end)) end += 1;
    return { field, at, gone: before.slice(at, before.length - end), come: after.slice(at, after.length - end) };
  }

  // `mine` with what `theirs` changed of `base`, where both changed the same words: mine.
  function joined(base, mine, theirs) {
    if (typeof mine !== "string" || typeof base !== "string" || typeof theirs !== "string") return mine;
    return Teinei.merge(base, mine, theirs).map((passage) => (passage[0] === "conflict" ? passage[2] : passage.at(-1))).join("");
  }

  // The step at the place that others' changes since have moved it to; null where they touched what it holds there.
  function moved(step, others, holds) {
    let { at } = step;
    for (const other of others) {
      if (![step, other].every(isText)) return null;
      if (other.at + other.gone.length <= at) at += other.come.length - other.gone.length;
      else if (other.at < at + holds.length) return null;
    }
    return { ...step, at };
  }

  return class UndoRing {
    // values: {field: text, or whatever is no text}, as they are now.
    constructor(values, { most = MOST, size = SIZE } = {}) {
      this.values = { ...values };
      this.first = { ...values };
      this.done = [];
      this.undone = []; // the next to be done again is the last
      Object.assign(this, { most, size, open: null });
    }

    // Puts what was kept of this draft before the steps of this page.
    older({ values, done, undone }) {
      const known = (step) => step.field in this.first;
      const before = new this.constructor(values, this);
      before.done = done.filter(known);
      before.undone = undone.filter(known);
      for (const [field, value] of Object.entries(this.first)) if (field in values) before.came(field, value);
      if (!this.done.length) this.undone = [...before.undone, ...this.undone];
      this.done = [...before.done, ...this.done];
      this.bound();
    }

    // What to keep of it: plain data.
    kept() {
      const plain = ({ live, ...step }) => step;
      return { values: this.values, done: this.done.map(plain), undone: this.undone.map(plain) };
    }

    // The step that would be taken back or done again next; undefined where there is none. Its `live` says that the
    // browser itself can still do so.
    next(way) {
      return way === "undo" ? this.done.findLast((step) => !step.other) : this.undone.at(-1);
    }

    // This person's own change, now (ms). along: {name: [before, after]} of fields that follow this one.
    made(field, value, { now, live = false, along = null }) {
      const step = change(field, this.values[field], value);
      if (!step) return;
      this.values[field] = value;
      this.undone = [];
      if (!live && isText(step)) this.settle();
      if (along) step.along = along;
      if (!this.joins(step, now, live)) this.done.push({ ...step, live });
      this.open = now;
      this.bound();
    }

    // Whether it goes on with the step before: the same word, or the same run of deleting, without a pause.
    joins(step, now, live) {
      const last = this.done.at(-1);
      if (this.open === null || !last || last.other || last.field !== step.field || last.live !== live) return false;
      if (!isText(step) || now - this.open > PAUSE) return false;
      const typed = last.come && !step.gone && step.come[0] !== "\n" && step.at === last.at + last.come.length;
      const erased = !last.come && !step.come;
      if (typed && (!MARK.test(last.come.at(-1)) || MARK.test(step.come[0]))) last.come += step.come;
      else if (erased && step.at + step.gone.length === last.at) Object.assign(last, { at: step.at, gone: step.gone + last.gone });
      else if (erased && step.at === last.at) last.gone += step.gone;
      else return false;
      for (const [name, [was, is]] of Object.entries(step.along ?? {})) (last.along ??= {})[name] = [last.along[name]?.[0] ?? was, is];
      return true;
    }

    // A change from elsewhere: what is undone at the moment can be done again all the same.
    came(field, value) {
      const now = this.values[field];
      if (same(now, value)) return;
      this.values[field] = value;
      this.open = null;
      this.settle();
      let [from, onto] = [now, value];
      for (const step of this.undone.filter((each) => each.field === field).reverse()) {
        const to = forward(from, step);
        const free = moved(step, [change(field, from, onto)].filter(Boolean), step.gone);
        const both = free ? forward(onto, free) : joined(from, onto, to);
        const again = change(field, onto, both);
        this.undone = this.undone.flatMap((each) => (each === step ? (again ?? []) : each));
        [from, onto] = [to, both];
      }
      const at = this.done.findLastIndex((step) => step.field === field);
      const last = this.done[at]?.other ? this.done.splice(at, 1)[0] : null;
      const other = change(field, last ? backward(now, last) : now, value);
      if (other) this.done.splice(last ? at : this.done.length, 0, { ...other, other: true });
      this.bound();
    }

    // A text was set by a script: the browser's own steps lead nowhere any more.
    settle() {
      for (const step of [...this.done, ...this.undone]) step.live = false;
    }

    // {field, value, at, along} to put there, null where nothing is left that may be taken back.
    undo() {
      this.open = null;
      for (let at; (at = this.done.findLastIndex((step) => !step.other)) >= 0; ) {
        const [step] = this.done.splice(at, 1);
        const { field } = step;
        const later = this.done.slice(at).filter((each) => each.field === field);
        const now = this.values[field];
        const after = later.reduceRight(backward, now);
        const before = backward(after, step);
        const free = moved(step, later, step.come);
        const value = free ? backward(now, free) : joined(after, now, before);
        if (later.length) {
          const other = change(field, before, value);
          this.done = this.done.filter((each) => !later.includes(each));
          if (other) this.done.splice(at, 0, { ...other, other: true });
        }
        const again = later.length ? change(field, value, now) : step;
        if (!again) continue; // all of it was written over elsewhere
        this.undone.push(again);
        return this.put(again, value, again.at + again.gone?.length, 0);
      }
      return null;
    }

    redo() {
      this.open = null;
      const step = this.undone.pop();
      if (!step) return null;
      this.done.push(step);
      return this.put(step, forward(this.values[step.field], step), step.at + step.come?.length, 1);
    }

    put(step, value, at, side) {
      this.values[step.field] = value;
      if (isText(step)) this.settle();
      const along = Object.fromEntries(Object.entries(step.along ?? {}).map(([name, sides]) => [name, sides[side]]));
      return { field: step.field, value, at: isText(step) ? at : null, along };
    }

    // The browser's own undo or redo has left this value: the steps that it went over are gone over here too.
    followed(way, field, value) {
      const now = this.values[field];
      if (same(now, value)) return;
      const [from, to, turn] = way === "undo" ? [this.done, this.undone, backward] : [this.undone, this.done, forward];
      const passed = [];
      let reached = now;
      for (const step of [...from].reverse()) {
        if (step.field !== field) continue;
        if (!step.live || step.other || reached === value) break;
        reached = turn(reached, step);
        passed.push(step);
      }
      from.splice(0, from.length, ...from.filter((step) => !passed.includes(step)));
      if (reached === value) to.push(...passed);
      else {
        // It went to a place within one step here, or over none that is known.
        const [left, right] = way === "undo" ? [reached, now] : [now, reached];
        for (const [stack, step] of [[this.done, change(field, left, value)], [this.undone, change(field, value, right)]]) {
          if (step) stack.push({ ...step, live: true });
        }
      }
      this.values[field] = value;
      this.open = null;
    }

    bound() {
      let [number, size] = [this.done.length + this.undone.length, [...this.done, ...this.undone].reduce((sum, step) => sum + bytes(step), 0)];
      while (number > this.most || (number && size > this.size)) {
        size -= bytes((this.done.length ? this.done : this.undone).shift());
        number -= 1;
      }
    }
  };
})();
