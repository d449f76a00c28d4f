// The comment of a response that is not rated yet goes to the server within two seconds, or the page says that it did
// not. Until then the browser keeps a copy, and sends it again after a cut or a reload. <form data-rate data-draft-url>
"use strict";
(() => {
  const { words, kept, composing } = Teinei;
  const PAUSE = 800;
  const LONGEST = 1500;
  const PATIENCE = 15000;
  const RETRY = 4000;
  let timer;
  let since = null;
  let flight = false;
  let last = "";

  const form = () => document.querySelector("form[data-rate][data-draft-url]");
  const name = (token) => `draft.rate.${token}`;

  function read(from) {
    const scores = {};
    for (const axis of from.querySelectorAll("[data-axis]")) {
      const chosen = axis.querySelector(":checked");
      if (chosen) scores[axis.dataset.axis] = chosen.value;
    }
    return { token: from.querySelector("[name=token]")?.value ?? "", comment: from.querySelector("[name=comment]")?.value ?? "", scores };
  }

  function show(state, text = words[state]) {
    for (const place of document.querySelectorAll("[data-rate-said], [data-saved-everywhere]")) {
      place.dataset.state = state;
      if (place.textContent !== text) place.textContent = text;
    }
  }

  function changed() {
    const here = form();
    if (!here) return;
    const draft = read(here);
    if (JSON.stringify(draft) === last) return;
    kept.write(name(draft.token), { ...draft, url: here.dataset.draftUrl, page: here.dataset.home });
    show("editing");
    since ??= Date.now();
    clearTimeout(timer);
    timer = setTimeout(save, Math.max(0, Math.min(PAUSE, since + LONGEST - Date.now())));
  }

  async function post(url, draft, leaving = false) {
    const cut = new AbortController();
    const clock = setTimeout(() => cut.abort(), PATIENCE);
    try {
      return await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": Teinei.csrf() },
        body: JSON.stringify(draft),
        keepalive: leaving,
        signal: cut.signal,
        redirect: "manual",
      });
    } finally {
      clearTimeout(clock);
    }
  }

  async function save() {
    const here = form();
    if (!here || flight) return;
    const draft = read(here);
    const text = JSON.stringify(draft);
    if (text === last) return;
    flight = true;
    since = null;
    show("saving");
    try {
      const answer = await post(here.dataset.draftUrl, draft);
      if (answer.status >= 500) throw new Error(String(answer.status));
      document.dispatchEvent(new CustomEvent("teinei:online"));
      answered(answer, await answer.json().catch(() => null), draft, text);
    } catch {
      if (shows(draft.token)) show(navigator.onLine ? "unsaved" : "offline");
      document.dispatchEvent(new CustomEvent("teinei:offline"));
      clearTimeout(timer);
      timer = setTimeout(save, RETRY);
    } finally {
      flight = false;
    }
    if (form() && since !== null) changed();
  }

  const shows = (token) => form()?.querySelector("[name=token]")?.value === token;

  function answered(answer, json, draft, text) {
    if (answer.ok && json) {
      if (!shows(draft.token)) return kept.drop(name(draft.token));
      last = text;
      if (JSON.stringify(read(form())) !== text) return (since ??= Date.now());
      kept.drop(name(draft.token));
      return show("saved", `${words.saved} ${Teinei.clock(json.saved_at)}`);
    }
    if (answer.status === 409) kept.drop(name(draft.token)); // decided meanwhile
    if (shows(draft.token)) show("unsaved", answer.type === "opaqueredirect" ? words.signedOut : json?.error || words.refused);
  }

  // What this device still holds: into the field where its response is on the page, else to the server alone.
  function restore() {
    const here = form();
    if (!here) return;
    last = JSON.stringify(read(here));
    since = null;
    clearTimeout(timer);
    for (const each of kept.names("draft.rate.")) {
      const copy = kept.read(each);
      if (!copy) continue;
      if (!shows(copy.token)) {
        if (copy.url === here.dataset.draftUrl) replay(each, copy);
        continue;
      }
      here.querySelector("[name=comment]").value = copy.comment;
      for (const axis of here.querySelectorAll("[data-axis]")) {
        const field = [...axis.querySelectorAll("input")].find((input) => input.value === copy.scores[axis.dataset.axis]);
        if (field) field.checked = true;
      }
      Teinei.toast?.(words.restored, "info");
      changed();
    }
  }

  async function replay(each, { url, token, comment, scores }) {
    try {
      const answer = await post(url, { token, comment, scores });
      if (answer.ok || [400, 409].includes(answer.status)) kept.drop(each);
    } catch { /* still cut off: at the next response again */ }
  }

  let inComposition = false;
  document.addEventListener("compositionstart", () => (inComposition = true));
  document.addEventListener("compositionend", (event) => {
    inComposition = false;
    if (event.target.matches?.("form[data-rate] [name=comment]")) changed();
  });
  document.addEventListener("input", (event) => {
    if (inComposition || composing(event)) return;
    if (event.target.matches?.("form[data-rate] [name=comment]")) changed();
  });
  document.addEventListener("teinei:rating", () => clearTimeout(timer)); // the comment goes with the rating
  document.addEventListener("teinei:rate-chosen", changed);
  document.addEventListener("teinei:rate-swapped", restore);
  document.addEventListener("teinei:rated", (event) => kept.drop(name(event.detail.token)));
  document.addEventListener("click", (event) => event.target.closest?.("a[data-rate-go]") && save(), true);
  addEventListener("online", save);
  addEventListener("pagehide", () => {
    const here = form();
    if (here && JSON.stringify(read(here)) !== last) post(here.dataset.draftUrl, read(here), true).catch(() => {});
  });
  restore();
})();
