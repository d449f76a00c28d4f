// Active time on a page of work: pauses without a sign of life are not counted. Tells others: teinei:worked {ms}.
// <… data-worked-url="…" data-worked-part="writing|reviewing"> reports it each minute and when the page is left, and shows
// in [data-worked-today] how many minutes it has been today. form[data-rate] measures without a report of its own.
"use strict";
Teinei.worked = (() => {
  const IDLE = 30000; // a longer pause without a sign of life is not counted as work
  const EVERY = 60000;
  const place = document.querySelector("[data-worked-url]");
  if (!place && !document.querySelector("form[data-rate]")) return { tick() {} };
  const { kept } = Teinei;
  let last = Date.now();
  let unsent = 0;

  function add(ms) {
    if (ms <= 0) return;
    unsent += ms;
    document.dispatchEvent(new CustomEvent("teinei:worked", { detail: { ms } }));
  }
  function tick() {
    const now = Date.now();
    if (!document.hidden && now - last <= IDLE) add(now - last);
    last = now;
  }
  for (const sign of ["keydown", "input", "pointermove", "pointerdown", "wheel", "touchmove", "scroll"]) {
    document.addEventListener(sign, tick, { passive: true, capture: true });
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) add(Math.min(Date.now() - last, IDLE));
    last = Date.now();
  });
  if (!place) return { tick };

  const shown = document.querySelector("[data-worked-today]");
  function show() {
    const today = kept.read("worked-today");
    if (!shown || today?.day !== new Date().toDateString()) return;
    shown.querySelector("[data-worked-minutes]").textContent = String(today.minutes);
    shown.hidden = false;
  }
  async function report() {
    const seconds = Math.min(Math.round(unsent / 1000), 300);
    if (!seconds) return;
    unsent = 0;
    try {
      const body = new URLSearchParams({ part: place.dataset.workedPart, seconds: String(seconds) });
      const sent = { method: "POST", body, keepalive: true, headers: { "X-CSRFToken": Teinei.csrf() } };
      const answer = await fetch(place.dataset.workedUrl, sent);
      if (!answer.ok) return;
      kept.write("worked-today", { day: new Date().toDateString(), minutes: (await answer.json()).minutes });
      show();
    } catch {
      unsent += seconds * 1000; // offline: with the next
    }
  }
  show();
  setInterval(report, Number(place.dataset.workedEvery) || EVERY);
  addEventListener("pagehide", report);
  return { tick };
})();
