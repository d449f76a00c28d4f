// A sign of life for what is in the person's hands: while they read or type, every two minutes. Whoever went away loses it
// when its time is over; whoever lost it is told, and keeps what they typed. <details data-lease-url data-lease-token>.
"use strict";
(() => {
  const EVERY = 120000;
  const box = document.querySelector("[data-lease-url]");
  if (!box) return;
  const lost = document.querySelector("[data-lease-lost]");
  let worked = false;
  let timer = setInterval(beat, Number(box.dataset.leaseEvery) || EVERY);
  for (const sign of ["keydown", "pointerdown", "pointermove", "wheel", "touchmove", "input"]) {
    document.addEventListener(sign, () => (worked = true), { passive: true, capture: true });
  }

  function say(sentence) {
    clearInterval(timer);
    lost.textContent = sentence;
    lost.hidden = false;
    box.hidden = true;
  }

  // A save of what is typed brings it sooner.
  document.addEventListener("teinei:saved", (event) => event.detail.lost && say(event.detail.lost));

  async function beat() {
    if (!worked) return;
    worked = false;
    try {
      const body = new URLSearchParams({ token: box.dataset.leaseToken });
      const answer = await fetch(box.dataset.leaseUrl, { method: "POST", body, headers: { "X-CSRFToken": Teinei.csrf() } });
      if (answer.status !== 409) return;
      say((await answer.json()).error);
    } catch { /* offline: the banner says so, and the next beat comes */ }
  }
})();
