// What a model suggested enters a field by a press alone, behind what stands there, and can be taken out again as long as
// nothing else has changed. <section data-aid-row> with <textarea data-aid-text>, <button data-aid-insert="PART"> and
// <button data-aid-undo hidden>.
"use strict";
(() => {
  const added = new WeakMap(); // button for taking it out -> {field, before, after}

  function insert(button) {
    const row = button.closest("[data-aid-row]");
    const field = document.querySelector(`#work textarea[name="${button.dataset.aidInsert}"]`);
    if (!field) return;
    const before = field.value;
    const between = !before || before.endsWith("\n") ? "" : "\n\n";
    Teinei.insertFromMachine(field, before + between + row.querySelector("[data-aid-text]").value);
    const undo = row.querySelector("[data-aid-undo]");
    added.set(undo, { field, before, after: field.value });
    undo.hidden = false;
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  }

  function takeOut(undo) {
    const { field, before, after } = added.get(undo) ?? {};
    undo.hidden = true;
    if (!field || field.value !== after) return;
    field.value = before;
    field.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "historyUndo" }));
    field.focus();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-aid-insert], [data-aid-undo]");
    if (!button) return;
    if (button.hasAttribute("data-aid-insert")) insert(button);
    else takeOut(button);
  });

  // Typed on: what was typed since is not taken out along with it.
  document.addEventListener("input", (event) => {
    for (const undo of document.querySelectorAll("[data-aid-undo]:not([hidden])")) {
      const last = added.get(undo);
      if (last && last.field === event.target && last.field.value !== last.after) undo.hidden = true;
    }
  });
})();
