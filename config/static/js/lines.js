// A field of lines as a list of one-line fields. <textarea data-lines data-remove="..." data-add="...">: the textarea
// stays the field that is saved; without script it is used as it is. Enter adds a line, Backspace in an empty one
// removes it, the arrows go from line to line.
"use strict";
(() => {
  const { make, composing } = Teinei;

  class Lines {
    constructor(area) {
      this.area = area;
      this.label = document.querySelector(`label[for="${area.id}"]`)?.textContent ?? "";
      this.list = make("ul", { class: "lines" });
      this.add = make("button", { type: "button", class: "button button--small button--quiet" }, area.dataset.add);
      this.add.addEventListener("click", () => this.line("", null).focus());
      area.hidden = true;
      area.after(this.list, this.add);
      this.show();
      area.addEventListener("teinei:filled", () => this.area.value !== this.text() && this.show());
      this.list.addEventListener("keydown", (event) => this.key(event));
      this.list.addEventListener("paste", (event) => this.paste(event));
    }

    fields() {
      return [...this.list.querySelectorAll("input")];
    }

    text() {
      return this.fields().map((field) => field.value.trim()).filter(Boolean).join("\n");
    }

    show() {
      this.list.replaceChildren();
      for (const line of this.area.value.split("\n")) if (line.trim()) this.line(line, null);
    }

    line(value, after) {
      const field = make("input", { maxlength: "500", lang: "ja", autocomplete: "off" });
      field.value = value;
      const remove = make("button", { type: "button", class: "button button--small button--quiet", title: this.area.dataset.remove, "aria-label": this.area.dataset.remove }, "×");
      const row = make("li", {}, field, remove);
      field.addEventListener("input", () => (this.area.value = this.text())); // before autosave, on the form, reads it
      remove.addEventListener("click", () => this.remove(field));
      if (after) after.closest("li").after(row);
      else this.list.append(row);
      this.number();
      return field;
    }

    number() {
      this.fields().forEach((field, at) => field.setAttribute("aria-label", `${this.label} ${at + 1}`));
    }

    remove(field) {
      const fields = this.fields();
      const at = fields.indexOf(field);
      field.closest("li").remove();
      this.number();
      (fields[at - 1] ?? fields[at + 1] ?? this.add).focus();
      this.changed();
    }

    changed() {
      this.area.value = this.text();
      this.area.dispatchEvent(new Event("input", { bubbles: true }));
    }

    key(event) {
      const field = event.target.closest("input");
      if (!field || composing(event) || event.ctrlKey || event.metaKey || event.altKey) return;
      const fields = this.fields();
      const at = fields.indexOf(field);
      if (event.key === "Enter") {
        event.preventDefault();
        if (field.value.trim()) this.line("", field).focus();
      } else if (event.key === "Backspace" && !field.value && fields.length) {
        event.preventDefault();
        this.remove(field);
      } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
        const next = fields[at + (event.key === "ArrowUp" ? -1 : 1)];
        if (!next) return;
        event.preventDefault();
        next.focus();
      }
    }

    // A pasted list is a line each.
    paste(event) {
      const field = event.target.closest("input");
      const pasted = (event.clipboardData?.getData("text/plain") ?? "").split(/\r?\n/).map((line) => line.trim()).filter(Boolean);
      if (!field || pasted.length < 2) return;
      event.preventDefault();
      field.setRangeText(pasted[0], field.selectionStart, field.selectionEnd, "end");
      let last = field;
      for (const line of pasted.slice(1)) last = this.line(line.slice(0, 500), last);
      last.focus();
      this.changed();
    }
  }

  const made = new WeakSet();
  Teinei.onContent((root) =>
    root.querySelectorAll("textarea[data-lines]").forEach((area) => {
      if (made.has(area)) return;
      made.add(area);
      new Lines(area);
    }),
  );
})();
