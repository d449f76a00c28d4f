// What is typed into a form that the server keeps no draft of stays on this device until the server has taken it.
// <form data-kept="NAME">; with data-kept-id, what was sent and perhaps taken goes out again under the same client_id.
// in a form with an autosave, only the fields with data-autosave-skip. Leaves out [data-kept-skip].
// The server says which submit it took in the cookie `kept` (curation/views/kept.py).
"use strict";
(() => {
  const { kept, words } = Teinei;
  const OLD = 30 * 24 * 3600 * 1000;
  const FIELDS = "textarea, select, input[type=radio], input[type=checkbox], input[type=text], input:not([type])";
  const key = (form) => `copy.${form.dataset.kept}`;

  function fieldsOf(form) {
    const all = [...form.elements].filter((field) => field.name && field.matches(FIELDS) && !field.readOnly && !field.matches("[data-kept-skip]"));
    return form.dataset.autosaveUrl ? all.filter((field) => field.matches("[data-autosave-skip]")) : all;
  }

  function read(form) {
    const found = {};
    for (const field of fieldsOf(form)) {
      if (!["radio", "checkbox"].includes(field.type)) found[field.name] = field.value;
      else if (field.checked !== field.defaultChecked && field.checked) (found[field.name] ??= []).push(field.value);
    }
    return Object.fromEntries(Object.entries(found).filter(([, value]) => value.length));
  }

  function keep(form) {
    const fields = read(form);
    if (Object.keys(fields).length) kept.write(key(form), { fields, at: Date.now() });
    else kept.drop(key(form));
  }

  // Only into fields that hold nothing: what the server sent back is newer.
  function restore(form) {
    const copy = kept.read(key(form));
    if (!copy) return;
    const name = form.matches("[data-kept-id]") && form.elements.namedItem("client_id");
    if (name && copy.name) name.value = copy.name;
    let any = false;
    for (const field of fieldsOf(form)) {
      const value = copy.fields[field.name];
      if (value === undefined) continue;
      if (Array.isArray(value)) {
        if (!value.includes(field.value) || field.checked) continue;
        field.checked = true;
      } else {
        if (field.value) continue;
        field.value = value;
      }
      any = true;
      field.dispatchEvent(new CustomEvent("teinei:filled", { bubbles: true }));
    }
    if (any) Teinei.toast?.(words.restored, "info");
  }

  function forget() {
    const taken = /(?:^|; )kept=([^;]+)/.exec(document.cookie)?.[1];
    for (const name of kept.names("copy.")) {
      const copy = kept.read(name);
      if (!copy || (taken && copy.sent === taken) || Date.now() - copy.at > OLD) kept.drop(name);
    }
    if (taken) document.cookie = "kept=; path=/; max-age=0; samesite=lax";
  }

  const known = new WeakSet();
  function start(form) {
    if (known.has(form)) return;
    known.add(form);
    let inComposition = false;
    const over = () => {
      inComposition = false;
      keep(form);
    };
    form.addEventListener("compositionstart", () => (inComposition = true));
    form.addEventListener("compositionend", over);
    form.addEventListener("focusout", () => inComposition && over());
    for (const kind of ["input", "change", "teinei:filled"]) form.addEventListener(kind, () => inComposition || keep(form));
    form.addEventListener("submit", (event) => {
      const copy = kept.read(key(form));
      if (!copy || event.defaultPrevented) return;
      const sent = Teinei.uid();
      const field = form.querySelector("input[name=kept]") ?? form.appendChild(Teinei.make("input", { type: "hidden", name: "kept" }));
      field.value = sent;
      kept.write(key(form), { ...copy, sent, name: form.elements.namedItem("client_id")?.value });
    });
    kept.ready.then(() => restore(form));
  }

  kept.ready.then(forget);
  addEventListener("pageshow", (event) => event.persisted && forget());
  Teinei.onContent((root) => root.querySelectorAll("form[data-kept]").forEach(start));
})();
