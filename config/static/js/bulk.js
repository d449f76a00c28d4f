// Rows of a list that are marked for one change: x marks the row with the focus, Shift marks from the last one on. A
// change that goes on in pieces (form data-go-on) sends itself again.
"use strict";
(() => {
  const boxes = () => [...document.querySelectorAll("input[name=ids][form=bulk]")];
  let last = null;

  function tell() {
    const marked = boxes().filter((box) => box.checked);
    boxes().forEach((box) => box.closest("tr").setAttribute("aria-selected", String(box.checked)));
    const told = document.querySelector("[data-marked]");
    if (told) {
      told.textContent = String(marked.length);
      told.hidden = !marked.length;
    }
    const all = document.querySelector("[data-mark-all]");
    if (all) {
      all.checked = marked.length > 0 && marked.length === boxes().length;
      all.indeterminate = marked.length > 0 && !all.checked;
    }
  }

  function mark(box, through) {
    const row = boxes();
    const from = row.indexOf(last);
    const to = row.indexOf(box);
    if (through && from >= 0) {
      for (let at = Math.min(from, to); at <= Math.max(from, to); at += 1) row[at].checked = box.checked;
    }
    last = box;
    tell();
  }

  document.addEventListener("click", (event) => {
    if (event.target.matches("[data-mark-all]")) {
      boxes().forEach((box) => (box.checked = event.target.checked));
      tell();
    } else if (event.target.matches("input[name=ids][form=bulk]")) mark(event.target, event.shiftKey);
  });

  document.addEventListener("keydown", (event) => {
    if (!["x", "X"].includes(event.key) || event.ctrlKey || event.metaKey || event.altKey || Teinei.composing(event)) return;
    if (Teinei.inField(event.target) || document.documentElement.dataset.keys === "off") return;
    const box = event.target.closest?.("tr")?.querySelector("input[name=ids][form=bulk]");
    if (!box) return;
    box.checked = !box.checked;
    mark(box, event.shiftKey);
    event.preventDefault();
  });

  Teinei.onContent(() => {
    last = null;
    tell();
    document.querySelector("form[data-go-on]")?.requestSubmit();
  });
})();
