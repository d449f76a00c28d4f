// Ctrl K: go to a page, an item by its number, an action of this page; otherwise search.
"use strict";
(() => {
  const dialog = document.getElementById("palette");
  const field = dialog?.querySelector("input");
  const list = dialog?.querySelector("ul");
  if (!dialog) return;
  const { words, make, composing } = Teinei;
  const fold = (text) => text.normalize("NFKC").toLowerCase().replace(/[\u30a1-\u30f6]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 96));
  const searchUrl = document.querySelector("[data-palette-url]")?.dataset.paletteUrl;
  let places = [];
  let shown = [];
  let at = 0;

  function text(element) {
    const copy = element.cloneNode(true);
    copy.querySelectorAll(".key, .side__count, .side__alert, .cast__role").forEach((part) => part.remove());
    return copy.textContent.trim().replace(/\s+/g, " ");
  }

  function gather() {
    const links = [...document.querySelectorAll(".side a.side__link, .menu__dataset a, .menu a.menu__item")];
    const actions = [...document.querySelectorAll(".actions [data-key], .page [data-key]")].filter((e) => !e.disabled);
    const all = [...actions, ...links].map((element) => ({ label: text(element), key: element.dataset.key, go: () => element.click() }));
    const seen = new Set();
    return all.filter(({ label }) => label && !seen.has(label) && seen.add(label));
  }

  function draw() {
    const asked = field.value.trim();
    const folded = fold(asked);
    shown = places.filter(({ label }) => fold(label).includes(folded)).slice(0, 12);
    const number = /^#?0*(\d{1,9})$/.exec(asked.normalize("NFKC"));
    if (searchUrl && number) shown.unshift({ label: `# ${number[1]}`, go: () => location.assign(`${searchUrl}${number[1]}/`) });
    if (searchUrl && asked) shown.push({ label: `${words.searchFor} “${asked}”`, go: () => location.assign(`${searchUrl}?q=${encodeURIComponent(asked)}`) });
    at = Math.min(at, Math.max(0, shown.length - 1));
    list.replaceChildren(
      ...shown.map((place, index) => {
        const row = make("li", { role: "option", id: `palette-${index}`, "aria-selected": String(index === at) }, make("span", {}, place.label));
        if (place.key) row.append(make("kbd", { class: "key" }, place.key.replace("Control+", "Ctrl ")));
        row.addEventListener("click", () => choose(index));
        return row;
      }),
    );
    if (!shown.length) list.append(make("li", { role: "presentation" }, make("small", {}, words.nothing)));
    field.setAttribute("aria-activedescendant", shown.length ? `palette-${at}` : "");
    list.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }

  function choose(index) {
    const place = shown[index];
    dialog.close();
    place?.go();
  }

  function open() {
    places = gather();
    field.value = "";
    at = 0;
    draw();
    dialog.showModal();
    field.focus();
  }

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || composing(event)) return;
    event.preventDefault();
    if (!document.querySelector("dialog[open]")) open();
  });
  field.addEventListener("input", () => {
    at = 0;
    draw();
  });
  field.addEventListener("keydown", (event) => {
    if (composing(event)) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && shown.length) {
      event.preventDefault();
      at = (at + step + shown.length) % shown.length;
      draw();
    } else if (event.key === "Enter") {
      event.preventDefault();
      choose(at);
    }
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
})();
