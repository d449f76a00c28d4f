// One response after the other without a page load. <form data-rate data-rate-part="keys" data-reason-at-most="2">
// Posts the form with the pressed button, client_id and seconds; the answer is HTML whose [data-rate-part] elements take
// the place of those of the same name. A rating without an answer is kept and sent again under the same id.
"use strict";
(() => {
  const { words, kept } = Teinei;
  const IDLE = 30000; // a longer pause without a sign of life is not counted as work
  const AGAIN = 5000;
  const first = document.querySelector("form[data-rate]");
  if (!first) return;
  let active = 0;
  let last = Date.now();
  let busy = false;

  function tick() {
    const now = Date.now();
    if (!document.hidden && now - last <= IDLE) active += now - last;
    last = now;
  }
  for (const sign of ["keydown", "pointermove", "pointerdown", "wheel", "touchmove", "scroll"]) {
    document.addEventListener(sign, tick, { passive: true, capture: true });
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) active += Math.min(Date.now() - last, IDLE);
    last = Date.now();
  });

  const part = (name) => document.querySelector(`[data-rate-part="${CSS.escape(name)}"]`);

  function say(text, state = "") {
    const place = document.querySelector("[data-rate-said]");
    if (!place) return;
    place.textContent = text;
    place.dataset.state = state;
  }

  function swap(html) {
    const parts = [...new DOMParser().parseFromString(html, "text/html").querySelectorAll("[data-rate-part]")];
    for (const next of parts) {
      const old = part(next.dataset.ratePart);
      if (!old) continue;
      const arrived = document.adoptNode(next);
      old.replaceWith(arrived);
      window.htmx?.process(arrived);
      Teinei.content(arrived);
    }
    active = 0;
    last = Date.now();
    scrollTo({ top: 0 });
    document.getElementById("main")?.focus({ preventScroll: true });
    return parts.length > 0;
  }

  function hold(on) {
    busy = on;
    document.querySelectorAll("[data-rate-part]").forEach((each) => each.setAttribute("aria-busy", String(on)));
  }

  async function send(action, entries) {
    hold(true);
    const body = new FormData();
    for (const [name, value] of entries) body.append(name, name === "csrfmiddlewaretoken" ? Teinei.csrf() : value);
    try {
      const answer = await fetch(action, { method: "POST", body, headers: { "X-CSRFToken": Teinei.csrf(), "HX-Request": "true" } });
      if (answer.status >= 500) throw new Error(String(answer.status));
      kept.drop(`rating.${location.pathname}`);
      if (!swap(await answer.text())) location.assign(answer.redirected ? answer.url : location.href);
      else if (answer.ok) say(`${words.ratingSaved} ${Teinei.clock(Date.now())}`);
      document.dispatchEvent(new CustomEvent("teinei:online"));
      hold(false);
    } catch {
      say(words.ratingKept, "unsaved");
      document.dispatchEvent(new CustomEvent("teinei:offline"));
      setTimeout(resend, AGAIN);
    }
  }

  function resend() {
    const waiting = kept.read(`rating.${location.pathname}`);
    if (waiting) send(waiting.action, waiting.entries);
    else hold(false);
  }

  function asksForReason(form, button) {
    const limit = Number(form.dataset.reasonAtMost || 0);
    const reason = form.querySelector("[name=comment]");
    if (button.name !== "score" || Number(button.value) > limit || !reason) return false;
    if (reason.value.trim() || button.getAttribute("aria-pressed") === "true") return false;
    press(form, button);
    form.dataset.asks = "";
    reason.placeholder = words.ratingReason;
    reason.focus();
    return true;
  }

  function press(form, button) {
    form.querySelectorAll("[name=score]").forEach((key) => key.setAttribute("aria-pressed", String(key === button)));
  }

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-rate]");
    const button = event.submitter;
    if (!form || !button) return;
    event.preventDefault();
    if (busy || asksForReason(form, button)) return;
    tick();
    if (button.name === "score") press(form, button);
    const entries = [...new FormData(form, button)].filter(([name]) => !["client_id", "seconds"].includes(name));
    entries.push(["client_id", Teinei.uid()], ["seconds", (active / 1000).toFixed(1)]);
    kept.write(`rating.${location.pathname}`, { action: form.action, entries });
    send(form.action, entries);
  });

  // In the reason, Ctrl+Enter sends the key that was chosen.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || Teinei.composing(event)) return;
    const form = event.target.closest?.("form[data-rate]");
    const chosen = form?.querySelector("[name=score][aria-pressed=true]");
    if (!chosen || event.repeat) return;
    event.preventDefault();
    form.requestSubmit(chosen);
  });

  addEventListener("online", () => busy && resend());
  if (kept.read(`rating.${location.pathname}`)) resend();
})();
