// Two texts for one field: what was saved elsewhere and what is here, each against what both started from.
"use strict";
Teinei.conflict = (() => {
  const { words, make } = Teinei;

  function side(title, base, text, lang) {
    return make("div", { lang }, make("h4", {}, title), ...Teinei.diffNodes(base, text));
  }

  // names: the fields that differ; texts: {name: {base, mine, theirs}}; choose("mine"|"theirs")
  function panel(form, texts, choose) {
    close(form);
    const box = make("section", { class: "conflict", role: "alert", "data-conflict-panel": "", tabindex: "-1" });
    box.append(make("h3", {}, words.conflict), make("p", {}, words.conflictBody));
    for (const { base, mine, theirs, lang } of Object.values(texts)) {
      box.append(
        make("div", { class: "conflict__texts" }, side(words.theirs, base, theirs, lang), side(words.mine, base, mine, lang)),
      );
    }
    const keep = make("button", { type: "button", class: "button button--small" }, words.keepMine);
    const take = make("button", { type: "button", class: "button button--small" }, words.takeTheirs);
    keep.addEventListener("click", () => choose("mine"));
    take.addEventListener("click", () => choose("theirs"));
    box.append(make("div", { class: "row" }, keep, take));
    (form.querySelector("[data-conflict]") ?? form).append(box);
    return box;
  }

  function close(form) {
    form.querySelector("[data-conflict-panel]")?.remove();
  }

  return { panel, close };
})();
