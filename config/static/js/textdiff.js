// Teinei.diff(a, b): what changed between two texts, by word and by character, as [["same"|"ins"|"del", text], ...].
// The rules of curation/diffwords.py and curation/textdiff.py, step by step: tests hold both to one table of cases.
"use strict";
(() => {
  const CELLS = 100_000_000; // bits of the table of one comparison; longer texts are cut in two first
  const ENDS = ["。", "！", "？", "!", "?", "\n"];
  const FAR = 100; // characters that a mark may move to end with a sentence
  const CRUMB = 4; // what stays the same between two changes that are as long is read as part of the change
  const EXTENDS = /^[\p{M}\u200c\u200d\uff9e\uff9f\u{1f3fb}-\u{1f3ff}\u{e0020}-\u{e007f}\u1160-\u11ff]/u;
  const PICTURE = /^[\p{So}\u{1f000}-\u{1faff}]/u;
  const REGIONAL = /^[\u{1f1e6}-\u{1f1ff}]$/u;
  const CONTROL = /^\p{Cc}/u;
  const HIRAGANA = /^[\u3041-\u3096\u309d-\u309f]/u;
  const KATAKANA = /^[\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9d]/u;
  const KANJI = /^[\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{3ffff}]/u;
  const LETTER = /^[\p{L}\p{N}]/u;
  const size = (text) => [...text].length;

  function joins(before, last, char) {
    if (last === "\r" || char < "\u0300") return before === "\r" && char === "\n";
    if (CONTROL.test(last)) return false;
    if (EXTENDS.test(char)) return true;
    if (last === "\u200d") return PICTURE.test(char);
    return REGIONAL.test(before) && REGIONAL.test(char);
  }

  function clusters(text) {
    const found = [];
    let last = "";
    for (const char of text) {
      if (found.length && joins(found.at(-1), last, char)) found[found.length - 1] += char;
      else found.push(char);
      last = char;
    }
    return found;
  }

  function script(cluster) {
    if (HIRAGANA.test(cluster)) return "hiragana";
    if (KATAKANA.test(cluster)) return "katakana";
    if (KANJI.test(cluster)) return "kanji";
    return LETTER.test(cluster) ? "letters" : "";
  }

  function words(text) {
    const found = [];
    let running = "";
    for (const cluster of clusters(text)) {
      const kind = cluster[0] === "\u30fc" && running === "hiragana" ? running : script(cluster);
      if (kind && kind === running) found.at(-1).push(cluster);
      else found.push([cluster]);
      running = kind;
    }
    return found;
  }

  const atoms = (word) => (script(word[0]) === "letters" ? [word.join("")] : word);

  // Hyyrö's bit vectors: a row for each piece of b, in which a zero says that the subsequence grew there.
  function rowsOf(a, b, width) {
    const places = new Map();
    a.forEach((piece, i) => (places.has(piece) ? places.get(piece).push(i) : places.set(piece, [i])));
    const rows = [];
    let row = new Uint32Array(width).fill(0xffffffff);
    const hit = new Uint32Array(width);
    for (const piece of b) {
      hit.fill(0);
      for (const i of places.get(piece) ?? []) hit[i >>> 5] |= 1 << (i & 31);
      const next = new Uint32Array(width);
      let carry = 0;
      for (let k = 0; k < width; k++) {
        const u = (row[k] & hit[k]) >>> 0;
        const sum = row[k] + u + carry;
        carry = sum > 0xffffffff ? 1 : 0;
        next[k] = sum | (row[k] & ~u);
      }
      rows.push(next);
      row = next;
    }
    return rows;
  }

  function longest(a, b) {
    const rows = rowsOf(a, b, Math.ceil(a.length / 32));
    const stays = (j, i) => (rows[j][i >>> 5] >>> (i & 31)) & 1;
    const pairs = [];
    let i = a.length;
    let j = b.length;
    while (i && j) {
      if (stays(j - 1, i - 1)) {
        i--;
        continue;
      }
      j--;
      if (j === 0 || stays(j - 1, i - 1)) pairs.push([--i, j]);
    }
    return pairs.reverse();
  }

  function common(a, b) {
    if (!a.length || !b.length) return [];
    if (a.length * b.length <= CELLS) return longest(a, b);
    const m = Math.floor(a.length / 2);
    const n = Math.floor(b.length / 2);
    return [...common(a.slice(0, m), b.slice(0, n)), ...common(a.slice(m), b.slice(n)).map(([x, y]) => [m + x, n + y])];
  }

  function blocks(a, b) {
    let start = 0;
    while (start < a.length && start < b.length && a[start] === b[start]) start++;
    let end = 0;
    while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
    const found = start ? [[0, 0, start]] : [];
    for (const [x, y] of common(a.slice(start, a.length - end), b.slice(start, b.length - end))) {
      const last = found.at(-1);
      if (last && last[0] + last[2] === start + x && last[1] + last[2] === start + y) last[2]++;
      else found.push([start + x, start + y, 1]);
    }
    return end ? [...found, [a.length - end, b.length - end, end]] : found;
  }

  function passages(a, b) {
    const found = [];
    let i = 0;
    let j = 0;
    for (const [x, y, length] of [...blocks(a, b), [a.length, b.length, 0]]) {
      if (x > i || y > j) found.push([false, i, x, j, y]);
      if (length) found.push([true, x, x + length, y, y + length]);
      i = x + length;
      j = y + length;
    }
    return found;
  }

  function joined(parts) {
    const found = [];
    let gone = "";
    let come = "";
    for (const [kind, text] of [...parts, ["same", ""]]) {
      if (kind === "del") gone += text;
      else if (kind === "ins") come += text;
      else if (text || gone || come) {
        if (gone) found.push(["del", gone]);
        if (come) found.push(["ins", come]);
        gone = come = "";
        if (found.at(-1)?.[0] === "same") found.at(-1)[1] += text;
        else if (text) found.push(["same", text]);
      }
    }
    return found;
  }

  function weight(parts) {
    let most = 0;
    for (const [kind, text] of parts) {
      if (kind === "same") break;
      most = Math.max(most, size(text));
    }
    return most;
  }

  function add(found, kind, text) {
    let first = found.length;
    while (first && found[first - 1][0] !== "same" && kind !== "same") first--;
    found.push(...joined([...found.splice(first), [kind, text]]));
  }

  function readable(parts) {
    const found = [];
    parts.forEach(([kind, text], number) => {
      const inside = kind === "same" && number > 0 && number < parts.length - 1 && size(text) <= CRUMB;
      if (inside && size(text) <= Math.min(weight(found.slice(-2).reverse()), weight(parts.slice(number + 1, number + 3)))) {
        add(found, "del", text);
        add(found, "ins", text);
      } else {
        add(found, kind, text);
      }
    });
    return found;
  }

  function moved(pieces, after) {
    let steps = 0;
    while (!ENDS.includes(pieces[(steps + pieces.length - 1) % pieces.length])) {
      if (steps === FAR || steps === after.length || after[steps] !== pieces[steps % pieces.length]) return "";
      steps++;
    }
    return after.slice(0, steps).join("");
  }

  // What only came or only went is marked to the end of its sentence where it can be.
  function bySentence(parts) {
    const found = [];
    const left = [...parts];
    parts.forEach(([kind, text], number) => {
      const follows = left[number + 1] ?? ["", ""];
      let shown = left[number][1];
      if (kind !== "same" && follows[0] === "same" && (!found.length || found.at(-1)[0] === "same")) {
        const over = moved(clusters(text), clusters(follows[1].slice(0, 10 * FAR)));
        if (over && (over.length < follows[1].length || number + 2 === left.length)) {
          left[number + 1] = ["same", follows[1].slice(over.length)];
          shown = (text + over).slice(over.length);
          found.push(["same", (found.pop()?.[1] ?? "") + over]);
        }
      }
      found.push([kind, shown]);
    });
    return found.filter(([, text]) => text);
  }

  Teinei.diff = (before, after) => {
    const old = words(before);
    const fresh = words(after);
    const whole = (list) => list.map((word) => word.join(""));
    const parts = [];
    for (const [alike, i1, i2, j1, j2] of passages(whole(old), whole(fresh))) {
      if (alike) {
        parts.push(["same", whole(old.slice(i1, i2)).join("")]);
        continue;
      }
      const gone = old.slice(i1, i2).flatMap(atoms);
      const come = fresh.slice(j1, j2).flatMap(atoms);
      for (const [same, x1, x2, y1, y2] of passages(gone, come)) {
        if (same) parts.push(["same", gone.slice(x1, x2).join("")]);
        else parts.push(["del", gone.slice(x1, x2).join("")], ["ins", come.slice(y1, y2).join("")]);
      }
    }
    return bySentence(readable(joined(parts)));
  };
  Teinei.clusters = clusters;
  Teinei.scriptRuns = (text) => words(text).map((word) => word.join(""));

  const TAGS = { ins: "ins", del: "del", same: "span" };
  Teinei.diffNodes = (before, after) => Teinei.diff(before, after).map(([kind, text]) => Teinei.make(TAGS[kind], {}, text));
})();
