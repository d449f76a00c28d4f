// Two sides of one text: what each changed alone is merged and shown, what both changed is asked, passage by passage.
"use strict";
Teinei.conflict = (() => {
  const { words, make } = Teinei;
  const KEPT = 40; // characters of unchanged text shown at either side of a change
  const TEXT = "textarea, input:not([type]), input[type=text], input[type=search], input[type=url]";
  let numbers = 0;

  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  const isText = (form, name) => form.elements[name]?.matches?.(TEXT) ?? false;

  // Which fields to take as they are, which were merged, and which have passages to ask about.
  function weigh(form, base, mine, theirs) {
    const [take, merged, asked] = [{}, {}, {}];
    for (const name of Object.keys(mine)) {
      const [was, here, there] = [base[name], mine[name], theirs[name]];
      if (same(here, there) || same(there, was)) continue;
      if (Array.isArray(here)) {
        const both = (each) => here.includes(each) && there.includes(each);
        take[name] = [...new Set([...here, ...there])].filter((each) => both(each) || !was.includes(each));
        continue;
      }
      if (form.elements[name]?.matches?.("[data-autosave-quiet]")) {
        if (same(here, was)) take[name] = there;
        continue; // what the page counts by itself is no text to ask about
      }
      const passages = isText(form, name) ? Teinei.merge(String(was ?? ""), here, String(there)) : [["conflict", was, here, there]];
      if (same(here, was)) take[name] = there;
      else if (passages.some(([kind]) => kind === "conflict")) asked[name] = passages;
      else take[name] = passages.map((passage) => passage.at(-1)).join("");
      if (isText(form, name)) merged[name] = passages;
    }
    return { take, merged, asked };
  }

  const shortened = (text) => (text.length <= 2 * KEPT + 3 ? text : `${text.slice(0, KEPT)} … ${text.slice(-KEPT)}`);
  const label = (form, name) => form.elements[name]?.labels?.[0]?.textContent.trim() || name;
  const shown = (form, name, value) => [...(form.elements[name]?.options ?? [])].find((option) => option.value === value)?.text ?? value;

  function mark(kind, base, text) {
    const marks = Teinei.diffNodes(base, text);
    return make("span", { class: "merge__passage", "data-by": kind }, ...marks);
  }

  function choices(form, name, [, , mine, theirs]) {
    const group = `conflict-${++numbers}`;
    const options = [["mine", words.mine, mine], ["theirs", words.theirs, theirs]];
    if (isText(form, name)) options.push(["both", words.both, theirs + mine]);
    const box = make("fieldset", { class: "merge__choice", "data-choice": "" }, make("legend", { class: "visually-hidden" }, words.choose));
    for (const [value, title, text] of options) {
      const field = make("input", { type: "radio", name: group, value, form: "none" });
      field.chosen = text;
      const said = shown(form, name, text) || words.nothingThere;
      box.append(make("label", { class: "choice" }, field, make("span", {}, said, make("small", {}, title))));
    }
    return box;
  }

  function told(form, name, passages) {
    const lang = form.elements[name]?.lang || null;
    const body = make("div", { class: "merge__text", lang });
    for (const passage of passages) {
      if (passage[0] === "same") body.append(shortened(passage[1]));
      else if (passage[0] === "conflict") body.append(choices(form, name, passage));
      else body.append(mark(...passage));
    }
    return make("div", { class: "merge__field" }, make("h4", {}, label(form, name)), Teinei.covered(body));
  }

  function place(form, box) {
    form.querySelectorAll("[data-conflict-panel], [data-merged-panel]").forEach((old) => old.remove());
    (form.querySelector("[data-conflict]") ?? form).append(box);
  }

  // asked: {name: passages}; choose({name: text}) once each passage has a choice.
  function panel(form, asked, choose) {
    const box = make("section", { class: "conflict", role: "alert", "data-conflict-panel": "", tabindex: "-1" });
    box.append(make("h3", {}, words.conflict), make("p", {}, words.conflictBody));
    const fields = Object.entries(asked).map(([name, passages]) => [name, passages, told(form, name, passages)]);
    box.append(...fields.map(([, , element]) => element));
    const use = make("button", { type: "button", class: "button button--small button--main", "data-merge-use": "" }, words.useThese);
    const open = () => [...box.querySelectorAll("[data-choice]")].filter((each) => !each.querySelector(":checked"));
    use.addEventListener("click", () => {
      const [first] = open();
      if (first) {
        first.querySelector("input").focus();
        return;
      }
      choose(Object.fromEntries(fields.map(([name, passages, element]) => [name, settled(passages, element)])));
    });
    const all = (value, text) => {
      const button = make("button", { type: "button", class: "button button--small" }, text);
      button.addEventListener("click", () => {
        box.querySelectorAll(`[data-choice] input[value=${value}]`).forEach((field) => (field.checked = true));
        use.click();
      });
      return button;
    };
    box.append(make("div", { class: "row" }, use, all("mine", words.keepMine), all("theirs", words.takeTheirs)));
    place(form, box);
  }

  function settled(passages, element) {
    const chosen = [...element.querySelectorAll("[data-choice] :checked")].map((field) => field.chosen);
    return passages.map((passage) => (passage[0] === "conflict" ? chosen.shift() : passage.at(-1))).join("");
  }

  // What came in from the other side, after it was merged.
  function tell(form, merged) {
    const fields = Object.entries(merged).map(([name, passages]) => [name, passages.filter(([kind]) => kind !== "conflict")]);
    const news = fields.filter(([, passages]) => passages.some(([kind]) => kind === "theirs"));
    if (!news.length) return;
    const box = make("section", { class: "conflict conflict--merged", role: "status", "data-merged-panel": "" });
    const shut = make("button", { type: "button", class: "button button--small" }, words.close);
    shut.addEventListener("click", () => box.remove());
    box.append(make("h3", {}, words.merged), ...news.map(([name, passages]) => told(form, name, passages)), make("div", { class: "row" }, shut));
    place(form, box);
  }

  function close(form) {
    form.querySelector("[data-conflict-panel]")?.remove();
  }

  return { weigh, panel, tell, close };
})();
