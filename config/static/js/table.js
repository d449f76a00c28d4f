// A whole row is a link (tr data-href); j and k walk the rows; chosen columns are remembered (table data-columns="NAME").
"use strict";
(() => {
  document.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-href]");
    if (!row || event.defaultPrevented || event.target.closest("a, button, input, label, select, summary")) return;
    if (String(getSelection())) return; // text is being marked
    if (event.ctrlKey || event.metaKey) open(row.dataset.href);
    else location.assign(row.dataset.href);
  });

  document.addEventListener("keydown", (event) => {
    if (!["j", "k"].includes(event.key) || event.ctrlKey || event.metaKey || event.altKey || Teinei.composing(event)) return;
    if (Teinei.inField(event.target) || document.documentElement.dataset.keys === "off") return;
    const links = [...document.querySelectorAll("tr[data-href]")].map((row) => row.querySelector("a")).filter(Boolean);
    if (!links.length) return;
    const at = links.findIndex((link) => link.closest("tr").contains(document.activeElement));
    links[Math.max(0, Math.min(links.length - 1, at + (event.key === "j" ? 1 : -1)))].focus();
    event.preventDefault();
  });

  Teinei.onContent((root) => {
    root.querySelectorAll("[data-columns-for]").forEach((choice) => {
      const name = choice.dataset.columnsFor;
      const table = document.querySelector(`table[data-columns="${CSS.escape(name)}"]`);
      if (!table) return;
      const hidden = new Set(Teinei.kept.read(`columns.${name}`) ?? []);
      const apply = () =>
        table.querySelectorAll("[data-column]").forEach((cell) => {
          cell.hidden = hidden.has(cell.dataset.column);
        });
      choice.querySelectorAll("input[type=checkbox]").forEach((box) => {
        box.checked = !hidden.has(box.value);
        box.addEventListener("change", () => {
          if (box.checked) hidden.delete(box.value);
          else hidden.add(box.value);
          Teinei.kept.write(`columns.${name}`, [...hidden]);
          apply();
        });
      });
      apply();
    });
  });
})();
