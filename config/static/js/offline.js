// The banner while the connection is gone. navigator.onLine alone is not trusted: a failed save shows it too.
"use strict";
(() => {
  const banner = document.getElementById("offline-banner");
  const show = (offline) => banner?.toggleAttribute("hidden", !offline);
  addEventListener("offline", () => show(true));
  addEventListener("online", () => show(false));
  document.addEventListener("teinei:offline", () => show(true));
  document.addEventListener("teinei:online", () => show(false));
  show(!navigator.onLine);

  // Text of another page that never reached the server: say where it waits.
  const elsewhere = Teinei.kept.names("draft.").map((name) => Teinei.kept.read(name)?.page).find((page) => page && page !== location.pathname);
  if (elsewhere) Teinei.toast(Teinei.words.keptElsewhere, "warning", { link: elsewhere });
})();
