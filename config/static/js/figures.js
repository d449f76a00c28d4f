// Figures: when one comes into view, the interactive drawing takes the place of the server's. Colours are CSS variables,
// so the theme changes them without drawing again. Expressions run in vega's interpreter: the page forbids eval.
"use strict";
(() => {
  const shortest = 88; // px of a label on a narrow figure
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  tip.setAttribute("role", "status");
  document.body.append(tip);

  function explain(_handler, event, _item, value) {
    if (value === null || value === undefined || value === "") {
      tip.hidden = true;
      return;
    }
    tip.textContent = String(value);
    tip.hidden = false;
    const left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
    const top = event.clientY + 18 + tip.offsetHeight > innerHeight ? event.clientY - tip.offsetHeight - 12 : event.clientY + 18;
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${top}px`;
  }

  function fitted(spec, width) {
    spec.config.axisY.labelLimit = Math.max(shortest, Math.round(width * 0.34));
    return spec;
  }

  async function draw(place) {
    if (place.dataset.drawn || !place.dataset.figure) return;
    place.dataset.drawn = "under way";
    try {
      const answer = await fetch(place.dataset.figure, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const spec = fitted(await answer.json(), place.clientWidth);
      const drawing = document.createElement("div");
      drawing.className = "plot__drawing";
      drawing.setAttribute("role", "img");
      drawing.setAttribute("aria-label", place.dataset.label);
      const before = [...place.children];
      place.append(drawing);
      await vegaEmbed(drawing, spec, { ast: true, actions: false, defaultStyle: false, renderer: "svg", tooltip: explain, mode: "vega-lite" });
      drawing.querySelector("svg").setAttribute("aria-hidden", "true"); // its place has the name; the table has the numbers
      before.forEach((element) => element.remove());
      place.dataset.drawn = "yes";
    } catch {
      place.querySelector(".plot__drawing")?.remove(); // the server's picture stays
      place.dataset.drawn = "no";
    }
  }

  const near = new IntersectionObserver(
    (entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => {
      near.unobserve(entry.target);
      draw(entry.target);
    }),
    { rootMargin: "400px" },
  );
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !Teinei.composing(event)) tip.hidden = true;
  });
  document.addEventListener("scroll", () => { tip.hidden = true; }, { passive: true, capture: true });
  Teinei.onContent((root) => root.querySelectorAll("[data-figure]").forEach((place) => near.observe(place)));
})();
