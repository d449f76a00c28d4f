// The side bar folds; menus close on Escape and on a click elsewhere.
"use strict";
(() => {
  const root = document.documentElement;
  const fold = document.querySelector("[data-fold-side]");

  function tell() {
    fold?.setAttribute("aria-expanded", String(root.dataset.side !== "folded"));
  }
  fold?.addEventListener("click", () => {
    if (root.dataset.side === "folded") delete root.dataset.side;
    else root.dataset.side = "folded";
    try {
      localStorage.setItem("teinei.side", root.dataset.side ?? "open");
    } catch { /* forgotten at the next page, no more */ }
    tell();
  });
  tell();

  const open = () => document.querySelectorAll("details[data-menu][open]");
  document.addEventListener("click", (event) => {
    open().forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || Teinei.composing(event)) return;
    open().forEach((menu) => {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });
})();
