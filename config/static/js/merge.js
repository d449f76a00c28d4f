// Teinei.merge(base, mine, theirs): one text changed on two sides, as [["same", text] | ["mine"|"theirs"|"agreed", base,
// text] | ["conflict", base, mine, theirs], ...]. The rules of curation/merging.py, step by step.
"use strict";
(() => {
  // For each place in the text, where the word begins and ends that it lies within; itself between two words.
  function endsOf(text) {
    const found = [[0, 0]];
    for (const word of Teinei.scriptRuns(text)) {
      const first = found.length - 1;
      for (let i = 1; i < word.length; i++) found.push([first, first + word.length]);
      found.push([first + word.length, first + word.length]);
    }
    return found;
  }

  function editsOf(base, other, ends) {
    const found = [];
    let at = 0;
    const parts = Teinei.diff(base, other);
    parts.forEach(([kind, text], number) => {
      if (kind === "ins") {
        const gone = parts[number - 1]?.[0] === "del" ? parts[number - 1][1].length : 0;
        found.push({ first: at - gone, last: at, from: ends[at - gone][0], to: ends[at][1], come: text });
        return;
      }
      if (kind === "del" && parts[number + 1]?.[0] !== "ins") {
        found.push({ first: at, last: at + text.length, from: ends[at][0], to: ends[at + text.length][1], come: "" });
      }
      at += text.length;
    });
    return found;
  }

  function touching(edits) {
    const found = [];
    for (const { from, to } of [...edits].sort((a, b) => a.from - b.from || a.to - b.to)) {
      const last = found.at(-1);
      if (last && from <= last[1]) last[1] = Math.max(last[1], to);
      else found.push([from, to]);
    }
    return found;
  }

  function applied(base, edits, start, end) {
    let text = "";
    let at = start;
    for (const { first, last, come } of edits) {
      if (start > first || last > end) continue;
      text += base.slice(at, first) + come;
      at = last;
    }
    return text + base.slice(at, end);
  }

  function passage(base, mine, theirs) {
    if (mine === theirs) return ["agreed", base, mine];
    if (theirs === base) return ["mine", base, mine];
    if (mine === base) return ["theirs", base, theirs];
    return ["conflict", base, mine, theirs];
  }

  Teinei.merge = (base, mine, theirs) => {
    const ends = endsOf(base);
    const ours = editsOf(base, mine, ends);
    const other = editsOf(base, theirs, ends);
    const found = [];
    let at = 0;
    for (const [start, end] of touching([...ours, ...other])) {
      if (start > at) found.push(["same", base.slice(at, start)]);
      found.push(passage(base.slice(start, end), applied(base, ours, start, end), applied(base, other, start, end)));
      at = end;
    }
    if (at < base.length) found.push(["same", base.slice(at)]);
    return found;
  };
})();
