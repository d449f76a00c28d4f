// What comes near a question: after the page, and while it is typed. <div data-twins-url="URL" data-twins-of="FORM"> is
// filled anew by the server's answer to the form's field "question", a moment after the last letter; without a form the
// server knows the question. Nothing is asked while an input method composes: what is on the page then is no text yet.
// data-twins-away: what is said where there never was an answer.
"use strict";
(() => {
  const PAUSE = 250;
  const LATER = 2000; // the server said that it cannot tell yet

  function watch(place) {
    if (place.dataset.watching) return;
    place.dataset.watching = "1";
    const form = document.getElementById(place.dataset.twinsOf ?? "");
    const field = form?.elements.namedItem("question");
    let asked;
    let composing = false;
    let timer = 0;
    let flight = null;

    async function ask() {
      flight?.abort();
      const now = field?.value ?? "";
      if (now === asked) return;
      const own = (flight = new AbortController());
      place.setAttribute("aria-busy", "true");
      try {
        const answer = await fetch(place.dataset.twinsUrl, {
          method: "POST",
          headers: { "X-CSRFToken": Teinei.csrf() },
          body: new URLSearchParams(field ? { question: now } : {}),
          signal: own.signal,
          redirect: "manual",
        });
        if (!answer.ok) throw new Error(answer.status);
        const html = await answer.text();
        if (own.signal.aborted) return;
        if (answer.status === 202) timer = setTimeout(ask, LATER);
        else asked = now;
        place.innerHTML = html;
        Teinei.content(place);
      } catch {
        // Cut off or overtaken: the next letter asks again, and autosave says when the server is away.
        if (asked === undefined && !own.signal.aborted) place.textContent = place.dataset.twinsAway;
      } finally {
        if (flight === own) place.removeAttribute("aria-busy");
      }
    }

    function changed() {
      clearTimeout(timer);
      if (!composing) timer = setTimeout(ask, PAUSE);
    }

    ask();
    if (!field) return;
    field.addEventListener("compositionstart", () => {
      composing = true;
      clearTimeout(timer);
      flight?.abort();
    });
    field.addEventListener("compositionend", () => {
      composing = false;
      changed();
    });
    field.addEventListener("input", changed);
    field.addEventListener("teinei:filled", changed);
  }

  Teinei.onContent((root) => root.querySelectorAll("[data-twins-url]").forEach(watch));
})();
