// Theme, density and cover change at once; the form is sent behind. Without script the form itself does it.
"use strict";
(() => {
  const root = document.documentElement;

  function show(name, value) {
    if (name === "blur") {
      if (value === "1") root.dataset.blur = "on";
      else delete root.dataset.blur;
      document.querySelectorAll("[data-blur]:not([data-blur=always])").forEach((e) => e.toggleAttribute("data-covered", value === "1"));
    } else {
      root.dataset[name] = value;
    }
    if (name === "theme") {
      const use = document.querySelector("[data-theme-icon] use");
      use?.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${{ light: "sun", dark: "moon" }[value] ?? "auto"}`));
    }
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-preferences]");
    const button = event.submitter;
    if (!form || !button?.name) return;
    event.preventDefault();
    const before = form.querySelector(`[name="${button.name}"][aria-pressed="true"]`);
    const press = (chosen) =>
      form.querySelectorAll(`[name="${button.name}"]`).forEach((b) => b.setAttribute("aria-pressed", String(b === chosen)));
    show(button.name, button.value);
    press(button);
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form, button), redirect: "manual" });
      if (!answer.ok && answer.type !== "opaqueredirect") throw new Error(String(answer.status));
    } catch {
      if (before) {
        show(before.name, before.value);
        press(before);
      }
      Teinei.toast(Teinei.words.failed, "error");
    }
  });
})();
