// Teinei.diff(a, b): what changed between two texts, by code point, as [["same"|"ins"|"del", text], ...].
"use strict";
(() => {
  const CELLS = 4_000_000; // beyond this the middle is shown as replaced rather than compared

  function middle(a, b) {
    if (!a.length || !b.length || a.length * b.length > CELLS) return [["del", a.join("")], ["ins", b.join("")]];
    const width = b.length + 1;
    const longest = new Uint16Array((a.length + 1) * width);
    for (let i = a.length - 1; i >= 0; i--) {
      for (let j = b.length - 1; j >= 0; j--) {
        longest[i * width + j] =
          a[i] === b[j]
            ? longest[(i + 1) * width + j + 1] + 1
            : Math.max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
      }
    }
    const parts = [];
    let i = 0;
    let j = 0;
    while (i < a.length || j < b.length) {
      if (i < a.length && j < b.length && a[i] === b[j]) {
        parts.push(["same", a[i]]);
        i++;
        j++;
      } else if (i < a.length && (j === b.length || longest[(i + 1) * width + j] >= longest[i * width + j + 1])) {
        parts.push(["del", a[i++]]);
      } else {
        parts.push(["ins", b[j++]]);
      }
    }
    return parts;
  }

  Teinei.diff = (before, after) => {
    const a = [...before];
    const b = [...after];
    let start = 0;
    while (start < a.length && start < b.length && a[start] === b[start]) start++;
    let end = 0;
    while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
    const parts = [
      ["same", a.slice(0, start).join("")],
      ...middle(a.slice(start, a.length - end), b.slice(start, b.length - end)),
      ["same", a.slice(a.length - end).join("")],
    ];
    const joined = [];
    for (const [kind, text] of parts) {
      if (!text) continue;
      if (joined.at(-1)?.[0] === kind) joined.at(-1)[1] += text;
      else joined.push([kind, text]);
    }
    return joined;
  };

  const TAGS = { ins: "ins", del: "del", same: "span" };
  Teinei.diffNodes = (before, after) => Teinei.diff(before, after).map(([kind, text]) => Teinei.make(TAGS[kind], {}, text));
})();
