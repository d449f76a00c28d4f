// The button data-diff-toggle (key d) shows and hides what changed in every element with data-diff.
"use strict";
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-diff-toggle]");
  if (!button) return;
  const areas = document.querySelectorAll("[data-diff]");
  const off = [...areas].some((area) => area.dataset.diff !== "off");
  areas.forEach((area) => {
    area.dataset.diff = off ? "off" : "on";
  });
  button.setAttribute("aria-pressed", String(!off));
});
