// After so many minutes of active work a break is offered, once; "later" is remembered for a quarter of an hour. Ten
// minutes without work are a break. <section data-break data-minutes="50" hidden> with a button data-break-later.
"use strict";
(() => {
  const { kept } = Teinei;
  const PAUSE = 10 * 60000;
  const LATER = 15 * 60000;
  const box = document.querySelector("[data-break]");
  const taken = document.querySelector("[data-break-taken]");
  const fresh = () => ({ active: 0, last: Date.now(), due: 0 });
  if (taken) kept.write("work", fresh());
  const limit = Number(box?.dataset.minutes || 0) * 60000;
  if (!box || !limit) return;

  document.addEventListener("teinei:worked", (event) => {
    let work = kept.read("work") ?? fresh();
    if (Date.now() - work.last > PAUSE) work = fresh();
    work.active += event.detail.ms;
    work.last = Date.now();
    kept.write("work", work);
    if (work.active >= Math.max(limit, work.due)) box.hidden = false;
  });
  box.querySelector("[data-break-later]").addEventListener("click", () => {
    const work = kept.read("work") ?? fresh();
    kept.write("work", { ...work, due: work.active + LATER });
    box.hidden = true;
    document.getElementById("main")?.focus({ preventScroll: true });
  });
})();
