// Notices. Teinei.toast(text, level, {undo: url}); the server may also send HX-Trigger: {"toast": {text, level, undo}}.
"use strict";
(() => {
  const place = document.getElementById("toasts");
  const SHORT = 6000;
  const WITH_UNDO = 12000;

  function watch(toast) {
    toast.querySelector("[data-dismiss]")?.addEventListener("click", () => toast.remove());
    if (["error", "warning"].includes(toast.dataset.toast)) return; // stays until closed
    let timer;
    const wait = () => {
      timer = setTimeout(() => toast.remove(), toast.querySelector("form") ? WITH_UNDO : SHORT);
    };
    const hold = () => clearTimeout(timer);
    toast.addEventListener("pointerenter", hold);
    toast.addEventListener("focusin", hold);
    toast.addEventListener("pointerleave", wait);
    toast.addEventListener("focusout", wait);
    wait();
  }

  const ICONS = { error: "error", warning: "warning", info: "info", success: "check" };
  Teinei.toast = (text, level = "success", { undo = null, link = null } = {}) => {
    const toast = document.getElementById("toast-template")?.content.firstElementChild?.cloneNode(true);
    if (!toast || !place) return;
    toast.dataset.toast = level;
    if (level !== "success") toast.classList.add({ error: "toast--bad", warning: "toast--warn", info: "toast--info" }[level]);
    const use = toast.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${ICONS[level] ?? "check"}`));
    toast.querySelector("p").textContent = text;
    if (undo) {
      const form = Teinei.make("form", { action: undo, method: "post" });
      form.append(
        Teinei.make("input", { type: "hidden", name: "csrfmiddlewaretoken", value: Teinei.csrf() }),
        Teinei.make("button", { class: "button button--small" }, Teinei.words.undo),
      );
      toast.querySelector("[data-dismiss]").before(form);
    }
    if (link) toast.querySelector("p").append(" ", Teinei.make("a", { href: link }, Teinei.words.open));
    place.append(toast);
    toast.querySelector("[data-dismiss]").hidden = false;
    watch(toast);
  };

  place?.querySelectorAll("[data-toast]").forEach(watch);
  document.addEventListener("toast", (event) => Teinei.toast(event.detail.text, event.detail.level, event.detail));
  for (const name of ["htmx:responseError", "htmx:sendError"]) {
    document.addEventListener(name, () => Teinei.toast(Teinei.words.failed, "error"));
  }
})();
