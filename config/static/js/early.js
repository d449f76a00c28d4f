// Runs before the first paint, so that a folded side bar or hidden key caps do not flash.
"use strict";
try {
  const root = document.documentElement;
  if (localStorage.getItem("teinei.side") === "folded") root.dataset.side = "folded";
  if (localStorage.getItem("teinei.keys") === "off") root.dataset.keys = "off";
} catch { /* storage may be forbidden; everything works without it */ }
