// Covered text is shown on a click, or by the key v for the first one, and covered again the same way.
"use strict";
(() => {
  function turn(cover) {
    const covered = cover.toggleAttribute("data-covered");
    cover.querySelector(".blur__text")?.toggleAttribute("inert", covered);
    cover.querySelector(".blur__text")?.setAttribute("aria-hidden", String(covered));
    if (!covered) {
      cover.setAttribute("tabindex", "-1");
      cover.focus({ preventScroll: true });
    }
  }
  Teinei.onContent((root) =>
    root.querySelectorAll("[data-blur][data-covered] > .blur__text").forEach((text) => {
      text.setAttribute("aria-hidden", "true");
      text.inert = true;
    }),
  );
  // A text that a script brings onto the page, covered where the page covers texts (components/cover.html).
  Teinei.covered = (text) => {
    const pattern = document.querySelector("template[data-cover]");
    if (!pattern) return text;
    const box = pattern.content.firstElementChild.cloneNode(true);
    const place = box.querySelector(".blur__text");
    place.replaceChildren(text);
    place.setAttribute("aria-hidden", "true");
    place.inert = true;
    return box;
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-reveal]");
    if (button) turn(button.closest("[data-blur]"));
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "v" || event.ctrlKey || event.metaKey || event.altKey || Teinei.composing(event)) return;
    if (Teinei.inField(event.target) || document.documentElement.dataset.keys === "off") return;
    const cover = document.querySelector("[data-blur][data-covered]") ?? document.querySelector("[data-blur]");
    if (cover) turn(cover);
  });
})();
