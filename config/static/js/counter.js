// Counts characters as people do: code points, without line breaks; not what a composition still changes.
// <output data-count-for="ID" data-max="N">
"use strict";
Teinei.onContent((root) => {
  root.querySelectorAll("[data-count-for]").forEach((output) => {
    const field = document.getElementById(output.dataset.countFor);
    if (!field || output.dataset.counting) return;
    output.dataset.counting = "1";
    const max = Number(output.dataset.max) || null;
    const gap = document.documentElement.lang === "ja" ? "" : " ";
    const number = new Intl.NumberFormat(document.documentElement.lang);
    const count = () => {
      const n = [...field.value.replace(/[\r\n]/g, "")].length;
      output.textContent = `${number.format(n)}${max ? ` / ${number.format(max)}` : ""}${gap}${Teinei.words.characters}`;
      output.toggleAttribute("data-over", max !== null && n > max);
    };
    field.addEventListener("input", (event) => Teinei.composing(event) || count());
    field.addEventListener("compositionend", count);
    field.addEventListener("teinei:filled", count);
    count();
  });
});
