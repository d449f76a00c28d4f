// The checks beside a text: a place that was found is shown in the text, and what is open or being typed there stays
// when the list is asked for again. <div data-checks> with <details data-finding>, <button data-place="PART">.
"use strict";
(() => {
  // Offsets count code points, as the server does; a field and a text node count UTF-16 units.
  const units = (text, points) => [...text].slice(0, points).join("").length;

  function select(part, start, end) {
    const field = document.querySelector(`textarea[name="${part}"]`);
    if (field) {
      field.focus();
      field.setSelectionRange(units(field.value, start), units(field.value, end));
      field.scrollIntoView({ block: "center" });
      return;
    }
    const shown = document.querySelector(`[data-part="${part}"]`);
    if (!shown || shown.closest("[data-covered]")) return;
    const range = document.createRange();
    const from = point(shown, start, false);
    const to = point(shown, end, true);
    if (!from || !to) return;
    range.setStart(...from);
    range.setEnd(...to);
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    from[0].parentElement.scrollIntoView({ block: "center" });
  }

  // The text node and offset of a place; what was deleted is shown and is not part of the text.
  function point(root, points, closing) {
    const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    let left = points;
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
      if (node.parentElement.closest("del")) continue;
      const size = [...node.data].length;
      if (left < size || (closing && left === size)) return [node, units(node.data, left)];
      left -= size;
    }
    return null;
  }

  document.addEventListener("click", (event) => {
    const place = event.target.closest?.("[data-place]");
    if (place) select(place.dataset.place, Number(place.dataset.start), Number(place.dataset.end));
  });

  const isChecks = (element) => element?.matches?.("[data-checks]");
  let open = [];
  let typed = {};

  document.addEventListener("htmx:beforeSwap", (event) => {
    const box = event.detail.target;
    if (!isChecks(box)) return;
    const asked = event.detail.requestConfig?.verb === "get";
    if (asked && box.contains(document.activeElement) && document.activeElement.matches("input[name=reason]")) {
      event.detail.shouldSwap = false; // a reason is being typed: the list comes anew with the next save
      return;
    }
    open = [...box.querySelectorAll("details[open]")].map((each) => each.dataset.finding);
    typed = asked ? Object.fromEntries([...box.querySelectorAll("input[name=reason]")].map((each) => [each.id, each.value])) : {};
  });

  document.addEventListener("htmx:afterSwap", () => {
    const box = document.querySelector("[data-checks]");
    if (!box || (!open.length && !Object.keys(typed).length)) return;
    for (const each of box.querySelectorAll("details[data-finding]")) each.open = open.includes(each.dataset.finding);
    for (const [id, value] of Object.entries(typed)) {
      const field = document.getElementById(id);
      if (field && value) field.value = value;
    }
    open = [];
    typed = {};
  });

  // A link to a section of the guideline opens what it is folded in.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#guideline-"]');
    const section = link && document.getElementById(link.hash.slice(1));
    const fold = section?.closest("details");
    if (fold) fold.open = true;
  });
})();
