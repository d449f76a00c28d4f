// One response after the other without a page load. <form data-rate="TASK" data-rate-part="keys" data-home="URL">
// Posts the form with the pressed button, client_id and seconds; the answer is HTML whose [data-rate-part] elements take
// the place of those of the same name. A rating without an answer is kept and sent again under the same id.
// Tells others: teinei:rating, teinei:rated {token}, teinei:rate-swapped, teinei:rate-chosen.
"use strict";
(() => {
  const { words, kept } = Teinei;
  const AGAIN = 5000;
  if (!document.querySelector("form[data-rate]")) return;
  const spent = new Map(); // active time by response, also of one that is left for an earlier rating and comes back
  let busy = false;
  let arrows = false;

  const theForm = () => document.querySelector("form[data-rate]");
  const shown = () => theForm()?.querySelector("[name=token]")?.value ?? "";
  const waiting = () => `rating.${theForm()?.dataset.rate || location.pathname}`;
  const part = (name) => document.querySelector(`[data-rate-part="${CSS.escape(name)}"]`);

  document.addEventListener("teinei:worked", (event) => spent.set(shown(), (spent.get(shown()) ?? 0) + event.detail.ms));

  function say(text, state = "") {
    const place = document.querySelector("[data-rate-said]");
    if (!place) return;
    place.textContent = text;
    place.dataset.state = state;
  }

  function swap(html) {
    const parts = [...new DOMParser().parseFromString(html, "text/html").querySelectorAll("[data-rate-part]")];
    Teinei.worked.tick();
    for (const next of parts) {
      const old = part(next.dataset.ratePart);
      if (!old) continue;
      const arrived = document.adoptNode(next);
      old.replaceWith(arrived);
      window.htmx?.process(arrived);
      Teinei.content(arrived);
    }
    if (!parts.length) return false;
    scrollTo({ top: 0 });
    (document.querySelector("[data-rate-part] [data-focus]") ?? document.getElementById("main"))?.focus({ preventScroll: true });
    document.dispatchEvent(new CustomEvent("teinei:rate-swapped"));
    return true;
  }

  function hold(on) {
    busy = on;
    document.querySelectorAll("[data-rate-part]").forEach((each) => each.setAttribute("aria-busy", String(on)));
  }

  function later() {
    say(words.ratingKept, "unsaved");
    document.dispatchEvent(new CustomEvent("teinei:offline"));
    setTimeout(resend, AGAIN);
  }

  async function send(action, entries, home) {
    hold(true);
    document.dispatchEvent(new CustomEvent("teinei:rating"));
    const body = new FormData();
    for (const [name, value] of entries) body.append(name, name === "csrfmiddlewaretoken" ? Teinei.csrf() : value);
    try {
      const answer = await fetch(action, { method: "POST", body, headers: { "X-CSRFToken": Teinei.csrf(), "HX-Request": "true" } });
      if (answer.status >= 500) throw new Error(String(answer.status));
      const token = Object.fromEntries(entries).token;
      const name = waiting();
      document.dispatchEvent(new CustomEvent("teinei:online"));
      if (swap(await answer.text())) {
        kept.drop(name);
        spent.delete(token);
        if (answer.ok) {
          document.dispatchEvent(new CustomEvent("teinei:rated", { detail: { token } }));
          history.replaceState(null, "", home);
          say(`${words.ratingSaved} ${Teinei.clock(Date.now())}`);
        }
        hold(false);
        return;
      }
      // Signed out, or a token of a session that is over: the rating stays kept and goes once the page is back.
      if (answer.status === 404 || answer.status === 405) kept.drop(name);
      if (answer.redirected) location.assign(answer.url);
      else location.reload();
    } catch {
      later();
    }
  }

  function resend() {
    const rating = kept.read(waiting());
    if (rating) send(rating.action, rating.entries, rating.home);
    else hold(false);
  }

  async function go(link) {
    hold(true);
    try {
      const answer = await fetch(link.href, { headers: { "HX-Request": "true" } });
      if (!answer.ok || !swap(await answer.text())) throw new Error(String(answer.status));
      history.replaceState(null, "", link.href);
      document.dispatchEvent(new CustomEvent("teinei:online"));
      hold(false);
    } catch {
      location.assign(link.href);
    }
  }

  // --- What is chosen --------------------------------------------------------------------------------------------

  const axes = (form) => [...form.querySelectorAll("[data-axis]")];
  const choice = (axis) => axis.querySelector("[aria-pressed=true], :checked")?.value;
  const asks = (axis) => axis.dataset.reasonAtMost !== undefined && Number(choice(axis)) <= Number(axis.dataset.reasonAtMost);

  function press(form, button) {
    form.querySelectorAll("button.rate-key").forEach((key) => key.setAttribute("aria-pressed", String(key === button)));
  }

  function missesReason(form) {
    const reason = form.querySelector("[name=comment]");
    if (!reason || reason.value.trim() || !axes(form).some(asks)) return false;
    form.dataset.asks = "";
    reason.placeholder = words.ratingReason;
    reason.focus();
    return true;
  }

  const complete = (form) => axes(form).every((axis) => choice(axis) !== undefined);

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-rate]");
    const button = event.submitter;
    if (!form || !button) return;
    event.preventDefault();
    if (busy) return;
    const rates = button.matches(".rate-key") || button.value === "rate";
    if (button.matches(".rate-key")) press(form, button);
    if (rates && (!complete(form) || missesReason(form))) return;
    Teinei.worked.tick();
    const entries = [...new FormData(form, button)].filter(([name]) => !["client_id", "seconds"].includes(name));
    const seconds = (spent.get(shown()) ?? 0) / 1000;
    entries.push(["client_id", Teinei.uid()], ["seconds", seconds.toFixed(1)]);
    const home = form.dataset.home || location.pathname;
    kept.write(waiting(), { action: form.action, entries, home });
    send(form.action, entries, home);
  });

  // Several axes: the last point that was missing sends. Arrow keys only move among the points, and an answer of before
  // is sent by its button alone.
  document.addEventListener("keydown", (event) => (arrows = event.key.startsWith("Arrow")), true);
  document.addEventListener("pointerdown", () => (arrows = false), true);
  document.addEventListener("change", (event) => {
    const form = event.target.closest?.("form[data-rate]");
    if (!form || !event.target.matches("[data-axis] input")) return;
    document.dispatchEvent(new CustomEvent("teinei:rate-chosen"));
    const button = form.querySelector("button[value=rate]");
    if (!arrows && button && form.dataset.own === undefined && complete(form)) form.requestSubmit(button);
  });

  // In the reason, Ctrl+Enter sends the key that was chosen.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || Teinei.composing(event)) return;
    const form = event.target.closest?.("form[data-rate]");
    const chosen = form?.querySelector("button.rate-key[aria-pressed=true]");
    if (!chosen || event.repeat) return;
    event.preventDefault();
    form.requestSubmit(chosen);
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-rate-go]");
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || busy) return;
    event.preventDefault();
    go(link);
  });

  // The menu of reasons takes the digits while it is open, from the click on: its toggle comes a moment later.
  const giveDigits = (menu, open) => menu.closest("form").querySelectorAll("[data-axis]").forEach((axis) => (axis.inert = open));
  document.addEventListener("click", (event) => {
    const menu = event.target.closest("[data-rate-skip] > summary")?.parentElement;
    if (menu && !event.defaultPrevented) giveDigits(menu, !menu.open);
  });
  document.addEventListener("toggle", (event) => event.target.matches?.("[data-rate-skip]") && giveDigits(event.target, event.target.open), true);

  addEventListener("online", () => busy && resend());
  if (kept.read(waiting())) resend();
})();
