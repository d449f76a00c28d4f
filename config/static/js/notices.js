// The bell: how many notices are new, asked for once the page is there, so that no page waits for it; and a notice that is
// opened counts as seen. Where the server does not answer, the bell stays without a number: nothing was lost.
"use strict";
(() => {
  const bell = document.querySelector("[data-bell]");
  const EVERY = 300000;

  async function ask() {
    if (document.hidden) return;
    try {
      const answer = await fetch(bell.dataset.bell, { redirect: "manual" });
      if (!answer.ok) return;
      const { count, shown } = await answer.json();
      const place = bell.querySelector("[data-bell-count]");
      place.hidden = !count;
      place.firstChild.textContent = shown;
      bell.classList.toggle("bell--new", count > 0);
    } catch { /* offline: the banner says so */ }
  }

  if (bell) {
    ask();
    setInterval(ask, EVERY);
    addEventListener("pageshow", (event) => event.persisted && ask());
  }

  const list = document.querySelector("[data-notices]");
  list?.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-notice]");
    if (!row?.dataset.notice || event.target.closest("button")) return;
    const body = new URLSearchParams({ id: row.dataset.notice, quiet: "1" });
    fetch(list.dataset.notices, { method: "POST", body, headers: { "X-CSRFToken": Teinei.csrf() }, keepalive: true }).catch(() => {});
    row.dataset.notice = "";
    row.classList.remove("notice--new");
  }, true);
})();
